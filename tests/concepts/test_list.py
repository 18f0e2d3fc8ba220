"""GET /api/ad-concepts."""

from typing import Any

import pytest

from tests.cast import Person, assert_refused
from tests.concepts.conftest import PATH, show


def ads(person: Person, query: str = "") -> list[str]:
    response = person.get(PATH + query)
    assert response.status_code == 200, response.text
    return [concept["ad_archive_id"] for concept in response.get_json()["concepts"]]


def test_ones_own_oldest_first(alice: Person, bob: Person, plant: Any) -> None:
    for owner, ad in ((alice, "b"), (bob, "x"), (alice, "a"), (alice, "c")):
        plant(owner, ad_archive_id=ad)
    assert ads(alice) == ["b", "a", "c"]
    assert ads(bob) == ["x"]


def test_each_looks_as_it_does_alone(alice: Person, plant: Any) -> None:
    concept = plant(alice, status="completed", concept_json='{"title":"x"}', task_id="t1")
    assert alice.get(PATH).get_json() == {"concepts": [show(alice, concept.id)]}


def test_images_that_are_data_are_left_out(alice: Person, plant: Any) -> None:
    plant(alice, image_url="data:image/png;base64,AAAA")
    assert alice.get(PATH).get_json()["concepts"][0]["image_url"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?ids=a", ["a"]),
        ("?ids=a,c", ["a", "c"]),
        ("?ids=c,a,nobody", ["a", "c"]),
        ("?adIds=b", ["b"]),
        ("?ids=a&adIds=b", ["a", "b"]),
        ("?ids=a&ids=b", ["a", "b"]),
        ("?ids=%20a%20,,", ["a"]),
        ("?ids=", []),
        ("?ids=x", []),
        ("?ids=a%00", []),
        ("?page=1&per_page=2", ["a", "b"]),
        ("?page=2&per_page=2", ["c"]),
        ("?ids=b,c&page=2&per_page=1", ["c"]),
    ],
)
def test_some_of_them(alice: Person, bob: Person, plant: Any, query: str, found: list[str]) -> None:
    for ad in "abc":
        plant(alice, ad_archive_id=ad)
    plant(bob, ad_archive_id="x")
    assert ads(alice, query) == found


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=1&per_page=501"])
def test_bad_pages(alice: Person, query: str) -> None:
    assert_refused(alice.get(PATH + query), 400)
