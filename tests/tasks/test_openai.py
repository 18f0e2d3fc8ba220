"""The provider with a model: a real server that speaks the protocol, in all its moods."""

import base64
import json
import logging
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import gevent
import pytest
from gevent.socket import socket as Socket
from PIL import Image

from app.tasks.failures import TaskFailure, TryAgain
from app.tasks.pictures import Picture, read
from app.tasks.providers.openai import SCHEMA, OpenAIProvider
from tests.cast import MakeApp, make_person
from tests.tasks.conftest import Answer, RawServer, encoded, http, redirect
from tests.tasks.test_submit import finished, submission

KEY = "sk-very-secret"
PATH = "/v1/chat/completions"
CONCEPT: dict[str, Any] = {
    "title": "A bottle of juice",
    "summary": "Fresh juice, told in orange.",
    "details": {
        "elements": [{"type": "product", "position": "right", "description": "A bottle"}],
        "composition": "Text left, product right",
    },
    "visual_flow": "From the headline to the bottle",
    "visual_tone": "Warm and fresh",
    "color_palette": [{"hex": "#FF8A1F", "name": "orange", "role": "accent"}],
    "spacing_strategy": "Generous",
    "best_practices": ["One message"],
}


def completion(text: Any, finish: str = "stop", **message: Any) -> bytes:
    """What a server answers when all goes well."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text} | message,
    }
    return answer({"id": "c-1", "object": "chat.completion", "choices": [choice]})


def answer(body: Any, *headers: str, status: str = "200 OK") -> bytes:
    return http(json.dumps(body).encode(), *headers, status=status, kind="application/json")


def refusal(status: str, message: str = "No", *headers: str, code: str = "") -> bytes:
    return answer({"error": {"message": message, "code": code}}, *headers, status=status)


GOOD = completion(json.dumps(CONCEPT))


def in_turn(server: RawServer, *answers: bytes) -> None:
    """One answer after the other; nothing after the last."""
    waiting = list(answers)
    server.answers[PATH] = lambda connection: connection.sendall(waiting.pop(0) if waiting else b"")


@pytest.fixture
def provider(server: RawServer) -> OpenAIProvider:
    server.answers[PATH] = GOOD
    return OpenAIProvider(f"{server.url}/v1/", KEY, "sees-1", 5)


@pytest.fixture
def picture() -> Picture:
    return read(encoded(Image.new("RGBA", (3000, 1000), (255, 0, 0, 255))))


def asked(server: RawServer) -> list[dict[str, Any]]:
    return [json.loads(body) for body in server.bodies]


# All goes well


def test_the_request(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    found = provider.describe(picture, "ad-7")
    assert found == CONCEPT | {"generator": found["generator"]}
    assert (found["generator"]["provider"], found["generator"]["model"]) == ("openai", "sees-1")
    (request,) = asked(server)
    assert f"Authorization: Bearer {KEY}" in server.heads[0]
    assert request["model"] == "sees-1"
    assert request["response_format"]["json_schema"] == {"name": "concept", "strict": True, "schema": SCHEMA}
    text, image = request["messages"][1]["content"]
    assert '"ad-7"' in text["text"] and "3000 × 1000" in text["text"]
    head, _, data = image["image_url"]["url"].partition(",")
    sent = Image.open(BytesIO(base64.b64decode(data)))
    assert (head, sent.format, sent.size) == ("data:image/jpeg;base64", "JPEG", (1024, 341))


@pytest.mark.parametrize(
    "text",
    [
        "```json\n" + json.dumps(CONCEPT, indent=2) + "\n```",
        "Here it is:\n" + json.dumps(CONCEPT) + "\nI hope this helps!",
        [{"type": "text", "text": json.dumps(CONCEPT)}],
        json.dumps(CONCEPT | {"confidence": 0.9}),
    ],
)
def test_ways_of_answering(server: RawServer, provider: OpenAIProvider, picture: Picture, text: Any) -> None:
    server.answers[PATH] = completion(text)
    assert provider.describe(picture, "1")["title"] == CONCEPT["title"]
    assert "confidence" not in provider.describe(picture, "1")


def test_in_the_application(make_app: MakeApp, server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    in_turn(server, refusal("503 Busy", "Overloaded"), completion("Sorry"), GOOD)
    settings = {"AI_PROVIDER": "openai", "AI_API_KEY": KEY, "AI_MODEL": "sees-1"}
    alice = make_person(make_app(AI_BASE_URL=f"{server.url}/v1", **settings), "Alice")
    task = alice.post("/tasks", json=submission()).get_json()
    assert finished(alice, task["task_id"])["result"]["concept_json"]["title"] == CONCEPT["title"]
    assert len(server.heads) == 3
    assert KEY not in caplog.text


# Servers that can do less


def test_without_schemas(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    in_turn(server, refusal("400 Bad Request", "unknown response_format json_schema"), GOOD, GOOD)
    provider.describe(picture, "1")
    provider.describe(picture, "2")
    formats = [request.get("response_format", {}).get("type") for request in asked(server)]
    assert formats == ["json_schema", "json_object", "json_object"]  # it remembers


def test_without_any_format(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    in_turn(server, refusal("422 No"), refusal("400 No"), GOOD)
    assert provider.describe(picture, "1")["title"] == CONCEPT["title"]
    assert "response_format" not in asked(server)[-1]
    assert json.dumps(SCHEMA) in asked(server)[-1]["messages"][0]["content"]


def test_refused_in_every_way(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    server.answers[PATH] = refusal("400 Bad Request", "image_url is not supported")
    with pytest.raises(TaskFailure, match=r"refused the request \(400\)"):
        provider.describe(picture, "1")
    assert len(server.heads) == 3
    server.answers[PATH] = GOOD
    provider.describe(picture, "1")
    assert asked(server)[-1]["response_format"]["type"] == "json_schema"  # nothing was learned from that


# Wrong answers


def without(*path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(CONCEPT))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


WRONG: dict[str, Any] = {
    "is not JSON": "I can't see the image.",
    "is not JSON (": json.dumps(CONCEPT)[:-20],
    "not a JSON object": "[]",
    "title: Missing": without("title"),
    "title: Not a valid string": CONCEPT | {"title": 7},
    "title: Length must": CONCEPT | {"title": ""},
    "summary: Length must": CONCEPT | {"summary": "x" * 10_000},
    "details: Invalid": CONCEPT | {"details": "none"},
    "details.elements: Missing": without("details", "elements"),
    "details.elements.0.type: Missing": CONCEPT | {"details": {"elements": [{}], "composition": "x"}},
    "color_palette.0.hex: Must be like": CONCEPT
    | {"color_palette": [{"hex": "red", "name": "a", "role": "b"}]},
    "color_palette: Length must": CONCEPT | {"color_palette": []},
    "best_practices: Not a valid list": CONCEPT | {"best_practices": "One message"},
    "best_practices.0: Not a valid string": CONCEPT | {"best_practices": [7]},
}


@pytest.mark.parametrize("problem", WRONG)
def test_repaired_once(server: RawServer, provider: OpenAIProvider, picture: Picture, problem: str) -> None:
    wrong = WRONG[problem] if isinstance(WRONG[problem], str) else json.dumps(WRONG[problem])
    in_turn(server, completion(wrong, finish="length"), GOOD)
    assert provider.describe(picture, "1")["title"] == CONCEPT["title"]
    *_, said, correction = asked(server)[1]["messages"]
    assert said == {"role": "assistant", "content": wrong}
    assert correction["role"] == "user" and problem in correction["content"]


@pytest.mark.parametrize("problem", WRONG)
def test_not_repaired_twice(
    server: RawServer, provider: OpenAIProvider, picture: Picture, problem: str
) -> None:
    wrong = WRONG[problem] if isinstance(WRONG[problem], str) else json.dumps(WRONG[problem])
    in_turn(server, completion(wrong), completion(wrong), GOOD)
    with pytest.raises(TaskFailure, match="The model's answer is no concept") as failure:
        provider.describe(picture, "1")
    assert problem in str(failure.value) and not isinstance(failure.value, TryAgain)
    assert len(server.heads) == 2


LIES: dict[str, Answer] = {
    "no chat completion": http(b"<html>Welcome</html>", kind="text/html"),
    "no chat completion ": answer({"choices": []}),
    "no chat completion  ": answer([]),
    "no chat completion   ": answer({"choices": [{"message": "hello"}]}),
    "no chat completion    ": answer({"error": {"message": "no"}}),
    "no chat completion     ": answer(None),
    "answer is empty": completion(None),
    "answer is empty ": completion(" "),
    "answer is empty  ": completion({"title": "x"}),
    "refused to describe": completion(None, refusal="I can't help with that."),
    "filter kept back": completion("", finish="content_filter"),
}


@pytest.mark.parametrize("sentence", LIES)
def test_lies(server: RawServer, provider: OpenAIProvider, picture: Picture, sentence: str) -> None:
    server.answers[PATH] = LIES[sentence]
    with pytest.raises(TaskFailure, match=sentence.strip()) as failure:
        provider.describe(picture, "1")
    assert not isinstance(failure.value, TryAgain)


# Refusals and failures


@pytest.mark.parametrize("status", [401, 403])
def test_credentials(
    server: RawServer,
    provider: OpenAIProvider,
    picture: Picture,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers[PATH] = refusal(f"{status} No", f"Incorrect API key provided: {KEY}")
    with pytest.raises(TaskFailure, match="does not accept the hub's credentials") as failure:
        provider.describe(picture, "1")
    assert not isinstance(failure.value, TryAgain)
    assert "Incorrect API key" in caplog.text and KEY not in caplog.text


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_may_pass(server: RawServer, provider: OpenAIProvider, picture: Picture, status: int) -> None:
    server.answers[PATH] = refusal(f"{status} No", "Later", "Retry-After: 11")
    with pytest.raises(TryAgain, match=str(status)) as failure:
        provider.describe(picture, "1")
    assert failure.value.after == 11
    assert len(server.heads) == 1


def test_used_up(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    server.answers[PATH] = refusal("429 Too Many", "You exceeded your quota", code="insufficient_quota")
    with pytest.raises(TaskFailure, match="used up") as failure:
        provider.describe(picture, "1")
    assert not isinstance(failure.value, TryAgain)


@pytest.mark.parametrize("status", [404, 405, 413, 418])
def test_will_not_pass(server: RawServer, provider: OpenAIProvider, picture: Picture, status: int) -> None:
    server.answers[PATH] = refusal(f"{status} No")
    with pytest.raises(TaskFailure, match=str(status)) as failure:
        provider.describe(picture, "1")
    assert not isinstance(failure.value, TryAgain)
    assert len(server.heads) == 1


def test_the_key_goes_nowhere_else(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    server.answers |= {PATH: redirect("/elsewhere", "307 Temporary"), "/elsewhere": GOOD}
    with pytest.raises(TaskFailure, match="307"):
        provider.describe(picture, "1")
    assert len(server.heads) == 1


def test_no_other_credentials_are_looked_for(
    server: RawServer,
    provider: OpenAIProvider,
    picture: Picture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    provider.describe(picture, "1")
    assert f"Authorization: Bearer {KEY}" in server.heads[0]


def drip(connection: Socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        gevent.sleep(0.02)


@pytest.mark.parametrize("slowly", [drip, lambda connection: gevent.sleep(30)])
def test_slow(server: RawServer, picture: Picture, slowly: Callable[[Socket], object]) -> None:
    server.answers[PATH] = slowly
    began = monotonic()
    with pytest.raises(TryAgain, match="did not answer in time"):
        OpenAIProvider(f"{server.url}/v1", KEY, "sees-1", 0.4).describe(picture, "1")
    assert monotonic() - began < 5


def test_endless(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    def endless(connection: Socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    server.answers[PATH] = endless
    with pytest.raises(TaskFailure, match="too large"):
        provider.describe(picture, "1")


@pytest.mark.parametrize("broken", [b"", GOOD[:-30], b"HTTP/1.1 200 OK\r\nContent-Le", b"garbage\r\n\r\n"])
def test_broken_off(server: RawServer, provider: OpenAIProvider, picture: Picture, broken: bytes) -> None:
    server.answers[PATH] = broken
    with pytest.raises(TryAgain, match="can't be reached or broke off"):
        provider.describe(picture, "1")


def test_connection_refused(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    server.stop()
    with pytest.raises(TryAgain, match="can't be reached"):
        provider.describe(picture, "1")


def test_after_a_closed_connection(server: RawServer, provider: OpenAIProvider, picture: Picture) -> None:
    assert [provider.describe(picture, "1")["title"] for _ in range(3)] == [CONCEPT["title"]] * 3
