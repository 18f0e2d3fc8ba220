"""POST /check_token/{constellation_uuid}"""

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


@pytest.mark.parametrize("rights", ["READ", "COMMENT", "WRITE", "ADMIN"])
def test_tells_the_rights(bob: Person, constellation: Constellation, rights: str) -> None:
    constellation.let(bob, rights)
    response = bob.post(f"/check_token/{constellation.uuid}")
    assert (response.status_code, response.get_json()) == (200, {"rights": rights.lower()})


def test_no_access_is_unauthorized(charlie: Person, nobody: Person, constellation: Constellation) -> None:
    for person in (charlie, nobody):
        assert_refused(person.post(f"/check_token/{constellation.uuid}"), 401)
    for uuid in (NOBODY, *MALFORMED):
        assert_refused(charlie.post(f"/check_token/{uuid}"), 401)
