"""POST /constellations"""

from datetime import datetime
from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_DESCRIPTIONS, BAD_NAMES, GOOD_NAMES
from tests.cast import News, NothingChanges, Person, assert_refused, made


def test_makes_the_caller_admin_of_a_tree_with_a_root(alice: Person) -> None:
    answer = made(alice.post("/constellations", json={"name": "Orion", "description": "The hunter"}))
    root = answer.pop("root_folder_uuid")
    uuid, created_at = answer.pop("constellation_uuid"), answer.pop("created_at")
    assert answer == {"name": "Orion", "description": "The hunter", "rights": "ADMIN"}
    assert datetime.fromisoformat(created_at).tzinfo is not None
    shown = alice.get(f"/structure/{uuid}").get_json()
    assert shown == {"uuid": root, "name": "Orion", "type": "folder", "children": []}


def test_answers_what_its_get_shows(alice: Person, news: News) -> None:
    answer = made(alice.post("/constellations", json={"name": "Orion", "unknown": 1}))
    assert answer == alice.get(f"/constellations/{answer['constellation_uuid']}").get_json()
    assert news.order == []


@pytest.mark.both_databases
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_takes_any_printable_name(alice: Person, name: str) -> None:
    assert made(alice.post("/constellations", json={"name": name}))["name"] == name


@pytest.mark.both_databases
def test_takes_the_longest_description(alice: Person) -> None:
    body = {"name": "Orion", "description": "\U0001f30d\n" * 1000}
    assert made(alice.post("/constellations", json=body))["description"] == body["description"]


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(alice.post("/constellations", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_texts(alice: Person, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        for name in BAD_NAMES:
            assert_refused(alice.post("/constellations", json={"name": name}), 400)
        for description in BAD_DESCRIPTIONS:
            body = {"name": "Orion", "description": description}
            assert_refused(alice.post("/constellations", json=body), 400)


def test_checks_credentials_before_the_body(nobody: Person) -> None:
    assert_refused(nobody.post("/constellations", data=b"x" * 2_000_000), 401)
