"""POST /api/auth/logout"""

import pytest

from tests.cast import News, Person, assert_refused


def with_cookie(person: Person) -> dict[str, str]:
    return {"Cookie": f"auth_token={person.token}"}


def test_clears_the_cookie_and_revokes_the_token(alice: Person, nobody: Person, news: News) -> None:
    response = nobody.post("/api/auth/logout", headers=with_cookie(alice))
    assert (response.status_code, response.get_json()) == (200, {"success": True})
    assert response.headers["Set-Cookie"].startswith("auth_token=; Expires=Thu, 01 Jan 1970")
    assert_refused(nobody.post("/api/auth/logout", headers=with_cookie(alice)), 401)
    assert_refused(alice.get("/constellations"), 401)
    assert news.order == ["logged_out"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_not_from_foreign_pages(alice: Person, nobody: Person, origin: str) -> None:
    headers = {**with_cookie(alice), "Origin": origin}
    assert_refused(nobody.post("/api/auth/logout", headers=headers), 403)
    assert alice.get("/constellations").status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost", "http://127.0.0.1:5173"])
def test_from_allowed_pages(alice: Person, nobody: Person, origin: str) -> None:
    headers = {**with_cookie(alice), "Origin": origin}
    assert nobody.post("/api/auth/logout", headers=headers).status_code == 200


def test_needs_credentials(nobody: Person) -> None:
    assert_refused(nobody.post("/api/auth/logout"), 401)
    assert_refused(nobody.post("/api/auth/logout", headers={"Cookie": "auth_token=garbage"}), 401)
