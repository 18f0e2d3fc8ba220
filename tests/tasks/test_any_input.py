"""Whatever is sent, served or answered: a clear failure at worst."""

import json
from contextlib import suppress
from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.tasks.failures import TaskFailure
from app.tasks.images import check_url, parse_url, read_data_url
from app.tasks.pictures import read
from app.tasks.providers.openai import read_concept, read_message
from tests.tasks.conftest import plain

hosts = st.one_of(
    st.text(max_size=20), st.sampled_from(["a.example", "[::1]", "1.2.3.4", "ü.example", "a@b", ":1"])
)
urls = st.one_of(
    st.text(max_size=100),
    st.builds(
        "{}://{}{}".format, st.sampled_from(["http", "https", "HTTP", "ftp"]), hosts, st.text(max_size=40)
    ),
    st.builds(
        "data:{}{}".format, st.sampled_from(["", ";base64", "image/png;base64,"]), st.text(max_size=40)
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
)
keys = st.sampled_from(["choices", "message", "content", "refusal", "title", "details", "elements"])
nearly = st.dictionaries(
    keys, st.one_of(values, st.lists(st.dictionaries(keys, values), max_size=2)), max_size=4
)


@settings(max_examples=500, deadline=None)
@given(urls)
@example("http://[::1%25lo]/")
@example("https://a.example:0/")
@example("http://a.example/\ud800")
def test_urls(url: str) -> None:
    with suppress(TaskFailure):
        check_url(url)
        if url[:5].lower() == "data:":
            read_data_url(url)
        else:
            target = parse_url(url)
            assert target.host.isascii() and target.path.isascii() and target.path.startswith("/")
            assert 0 < target.port < 65536


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_data_urls_give_back_what_was_put_in(data: bytes) -> None:
    assert read_data_url("data:," + quote(data, safe="")) == data


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_images_with_a_scratch(at: int, scratch: bytes) -> None:
    whole = bytearray(plain(size=(64, 64)))
    at %= len(whole)
    whole[at : at + len(scratch)] = scratch
    with suppress(TaskFailure):
        assert read(bytes(whole)).pixels.mode == "RGB"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=100), nearly.map(lambda value: json.dumps(value).encode())))
def test_answers_of_models(data: bytes) -> None:
    with suppress(TaskFailure):
        assert read_message(data).strip()


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=100), nearly.map(json.dumps)))
def test_texts_of_models(text: str) -> None:
    concept, problem = read_concept(text)
    assert (concept == {}) == (problem is not None)
