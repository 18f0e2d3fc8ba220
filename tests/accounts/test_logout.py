"""POST /logout"""

from time import time

from app.auth import tokens
from tests.cast import News, Person, assert_refused


def test_revokes_this_token_and_ends_its_streams(alice: Person, news: News) -> None:
    with alice.app.app_context():
        other = tokens.issue(tokens.ACCOUNT, alice.uuid, 60)
        token_id = tokens.read(alice.token).token_id
    assert set(alice.post("/logout").get_json()) == {"message"}
    assert_refused(alice.get("/constellations"), 401)
    assert news.cuts == [("logged_out", {"token": token_id})]
    assert Person(alice.app, alice.uuid, "Alice", other).get("/constellations").status_code == 200


def test_twice(alice: Person) -> None:
    assert alice.post("/logout").status_code == 200
    assert_refused(alice.post("/logout"), 401)


def test_deletes_revocations_of_expired_tokens(alice: Person, bob: Person) -> None:
    from app.auth import revocation
    from app.auth.models import RevokedToken
    from app.extensions import db

    with alice.app.app_context():
        revocation.revoke("long dead", int(time()) - 10)
    bob.post("/logout")
    with alice.app.app_context():
        assert db.session.get(RevokedToken, "long dead") is None


def test_needs_credentials(nobody: Person) -> None:
    assert_refused(nobody.post("/logout"), 401)
    for header in ("Basic eDp5", "Bearer", "Bearer ", "bearer x y", "Token x", "", "Bearer \xff"):
        assert_refused(nobody.post("/logout", headers={"Authorization": header}), 401)
