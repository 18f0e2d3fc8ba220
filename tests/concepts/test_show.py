"""GET /api/ad-concepts/{id}."""

from typing import Any

import pytest

from app.concepts.models import Concept
from tests.cast import MALFORMED, NOBODY, Person, assert_refused
from tests.concepts.conftest import IMAGE, PATH, show, submit, wait_finished
from tests.support.task_service import CONCEPT

TIMES = {"created_at", "updated_at"}


def test_a_pending_one(alice: Person, plant: Any) -> None:
    concept = plant(alice)
    found = show(alice, concept.id)
    assert all(found.pop(name).endswith("Z") for name in TIMES)
    assert found == {
        "id": concept.id,
        "task_id": None,
        "status": "pending",
        "ad_archive_id": concept.ad,
        "image_url": IMAGE,
        "attempts": 1,
    }


def test_a_failed_one_says_why(alice: Person, plant: Any) -> None:
    found = show(alice, plant(alice, status="failed", error="no luck", attempts=3).id)
    assert (found["status"], found["error"], found["attempts"]) == ("failed", "no luck", 3)
    assert "concept_json" not in found


def test_a_completed_one_is_shown_as_the_service_made_it(alice: Person) -> None:
    url = "data:image/png;base64," + "AAAA" * 10_000
    begun = submit(alice, "ad-1", url)
    found = wait_finished(alice, begun["id"])
    assert found["concept_json"] == {**CONCEPT, "ad": "ad-1"}
    assert found["image_url"] == url
    assert found["updated_at"] > found["created_at"]
    assert "error" not in found


def test_concepts_are_nested_as_deeply_as_the_service_likes(alice: Person, plant: Any) -> None:
    deep = '{"a":' * 250 + "1" + "}" * 250
    concept = plant(alice, status="completed", concept_json=deep)
    assert f'"concept_json":{deep}' in alice.get(f"{PATH}/{concept.id}").text
    assert f'"concept_json":{deep}' in alice.get(PATH).text


@pytest.mark.parametrize("id", [*MALFORMED, NOBODY])
def test_what_does_not_exist_is_absent_also_when_malformed(alice: Person, id: str) -> None:
    for method, path in (("GET", ""), ("POST", "/retry"), ("GET", "/stream")):
        assert_refused(alice.call(method, f"{PATH}/{id}{path}"), 404)


def test_ids_have_no_case(alice: Person, plant: Any) -> None:
    concept = plant(alice)
    assert show(alice, concept.id.upper())["id"] == concept.id


def test_a_deleted_account_takes_its_concepts_along(alice: Person, plant: Any) -> None:
    plant(alice, job={})
    assert alice.delete("/users").status_code == 200
    with alice.app.app_context():
        assert Concept.query.count() == 0
