"""GET /api/auth/me"""

from tests.cast import Person


def test_shows_who_is_signed_in(alice: Person, nobody: Person) -> None:
    response = nobody.get("/api/auth/me", headers={"Cookie": f"auth_token={alice.token}"})
    user = {"id": alice.uuid, "email": "alice@example.org", "name": "Alice"}
    assert (response.status_code, response.get_json()) == (200, {"user": user})


def test_no_credentials_are_no_error(alice: Person, nobody: Person) -> None:
    alice.post("/logout")
    for cookie in ("", "auth_token=", "auth_token=garbage", f"auth_token={alice.token}"):
        response = nobody.get("/api/auth/me", headers={"Cookie": cookie})
        assert (response.status_code, response.get_json()) == (200, {"user": None})


def test_the_cookie_opens_nothing_of_the_bearer_family(alice: Person, nobody: Person) -> None:
    response = nobody.get("/constellations", headers={"Cookie": f"auth_token={alice.token}"})
    assert response.status_code == 401
