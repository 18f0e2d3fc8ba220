"""Who may call what: one table for every call of accounts, constellations and their live updates.

`bad` stands for each of: no token, garbage, a token of another use, an expired and a revoked one. The
stranger has an account; READ to ADMIN are members beside the owner. {comment} is the owner's, {own} the
caller's; `?self` names the caller in the body, without it the body names the owner.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask

from app.auth import revocation, tokens
from app.constellations.models import Comment, Constellation, File, Folder, Membership
from app.constellations.rights import Rights
from app.db.session import transaction
from tests.cast import PASSWORD, Person, make_person, unique

TABLE = """
call                                             bad  stranger  READ  COMMENT  WRITE  ADMIN
POST   /register                                 201  201       201   201      201    201
POST   /login                                    200  200       200   200      200    200
POST   /logout                                   401  200       200   200      200    200
POST   /check_token/{constellation}              401  401       200   200      200    200
GET    /users/{user}                             401  200       200   200      200    200
PATCH  /users                                    401  200       200   200      200    200
DELETE /users                                    401  200       200   200      200    200
POST   /api/auth/register                        201  201       201   201      201    201
POST   /api/auth/login                           200  200       200   200      200    200
POST   /api/auth/logout                          401  200       200   200      200    200
GET    /api/auth/me                              200  200       200   200      200    200
POST   /api/stream-ticket                        401  201       201   201      201    201
GET    /constellations                           401  200       200   200      200    200
POST   /constellations                           401  201       201   201      201    201
GET    /constellations/{constellation}           401  403       200   200      200    200
PATCH  /constellations/{constellation}           401  403       403   403      200    200
DELETE /constellations/{constellation}           401  403       403   403      403    200
POST   /constellations/{constellation}/connect   401  403       403   403      403    200
POST   /constellations/{constellation}/disconnect        401  403  403  403  403  200
POST   /constellations/{constellation}/disconnect?self   401  403  200  200  200  200
GET    /constellations/{constellation}/users     401  403       200   200      200    200
GET    /structure/{constellation}                401  403       200   200      200    200
POST   /folders                                  401  403       403   403      201    201
GET    /folders/{folder}                         401  403       200   200      200    200
PATCH  /folders/{folder}                         401  403       403   403      200    200
DELETE /folders/{folder}                         401  403       403   403      200    200
GET    /folders/{folder}/files                   401  403       200   200      200    200
POST   /files                                    401  403       403   403      201    201
GET    /files/{file}                             401  403       200   200      200    200
PATCH  /files/{file}                             401  403       403   403      200    200
DELETE /files/{file}                             401  403       403   403      200    200
GET    /files/{file}/comments                    401  403       200   200      200    200
POST   /files/{file}/comments                    401  403       403   201      201    201
POST   /files/{file}/comments/{comment}          401  403       403   201      201    201
PUT    /files/{file}/comments/{comment}          401  403       403   403      403    403
PUT    /files/{file}/comments/{own}              401  403       403   200      200    200
DELETE /files/{file}/comments/{comment}          401  403       403   403      403    200
DELETE /files/{file}/comments/{own}              401  403       403   200      200    200
GET    /sse/updates/{constellation}              401  403       200   200      200    200
POST   /sse/notify/{constellation}               401  403       200   200      200    200
"""

ACCOUNT = {"name": "{new}", "email": "{new}@example.org", "password": PASSWORD}
NAMED = {"user_uuid": "{owner}", "rights": "ADMIN"}
COMMENT = {"content": "Well said"}
BODIES: dict[str, dict[str, str]] = {
    "POST /register": ACCOUNT,
    "POST /login": {"name": "{owner_name}", "password": PASSWORD},
    "PATCH /users": {"name": "{new}"},
    "POST /api/auth/register": ACCOUNT,
    "POST /api/auth/login": {"email": "{owner_name}@example.org", "password": PASSWORD},
    "POST /constellations": {"name": "Lyra"},
    "PATCH /constellations/{constellation}": {"name": "Lyra"},
    "POST /constellations/{constellation}/connect": NAMED,
    "POST /constellations/{constellation}/disconnect": NAMED,
    "POST /constellations/{constellation}/disconnect?self": {"user_uuid": "{user}"},
    "POST /folders": {"name": "Notes", "parent_folder_uuid": "{folder}"},
    "PATCH /folders/{folder}": {"name": "Notes"},
    "POST /files": {"name": "note.md", "content": "", "folder_uuid": "{folder}"},
    "PATCH /files/{file}": {"content": "Hello"},
    "POST /files/{file}/comments": COMMENT,
    "POST /files/{file}/comments/{comment}": COMMENT,
    "PUT /files/{file}/comments/{comment}": COMMENT,
    "PUT /files/{file}/comments/{own}": COMMENT,
}
BLUEPRINTS = ("accounts", "cookies", "stream_tickets", "constellations", "updates")

CALLERS = ("stranger", *(rights.name for rights in Rights))
BAD_TOKENS: dict[str, Callable[[Person], str]] = {
    "no token": lambda person: "",
    "garbage": lambda person: "garbage",
    "another use": lambda person: tokens.issue(tokens.SERVICE, person.uuid, 60),
    "expired": lambda person: tokens.issue(tokens.ACCOUNT, person.uuid, -60),
    "revoked": lambda person: revoked(person.token),
}


class Row(NamedTuple):
    call: str
    statuses: dict[str, int]

    @property
    def method(self) -> str:
        return self.call.split()[0]

    @property
    def path(self) -> str:
        """Without the note that tells two rows of the same call apart."""
        return self.call.split()[1].partition("?")[0]


def read_table() -> list[Row]:
    heads, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [
        Row(f"{method} {path}", dict(zip(heads[1:], map(int, statuses), strict=True)))
        for method, path, *statuses in lines
    ]


def revoked(token: str) -> str:
    claims = tokens.read(token)
    revocation.revoke(claims.token_id, claims.expires_at)
    return token


def make_world(app: Flask, caller: Person, rights: str) -> dict[str, str]:
    """A constellation with one of everything, by name; the caller is a member where `rights` are given."""
    owner = make_person(app, unique("owner"))
    with app.app_context(), transaction() as session:

        def add(row: Any) -> str:
            session.add(row)
            session.flush()
            return str(row.uuid)

        here = {"constellation_uuid": add(Constellation(name="Orion"))}
        root = add(Folder(**here, name="Orion"))
        folder = add(Folder(**here, name="Notes", parent_uuid=root))
        file = add(File(**here, folder_uuid=folder, name="note.md", content=""))
        comment = add(Comment(file_uuid=file, author_uuid=owner.uuid, content="Well said"))
        own = add(Comment(file_uuid=file, author_uuid=caller.uuid, content="Well said"))
        session.add(Membership(**here, user_uuid=owner.uuid, rights=Rights.ADMIN))
        if rights:
            session.add(Membership(**here, user_uuid=caller.uuid, rights=Rights[rights]))
    names = {"constellation": here["constellation_uuid"], "folder": folder, "file": file, "comment": comment}
    names |= {"own": own, "user": caller.uuid, "owner": owner.uuid, "owner_name": owner.name}
    return {**names, "new": unique("new")}


def callers(app: Flask) -> Iterator[tuple[str, str, Person, dict[str, str]]]:
    """Column, kind, caller, and a world of the caller's own."""
    for kind, spoil in BAD_TOKENS.items():
        person = make_person(app, unique("caller"))
        with app.app_context():
            person.token = spoil(person)
        yield "bad", kind, person, make_world(app, person, "ADMIN")
    for kind in CALLERS:
        person = make_person(app, unique("caller"))
        yield kind, kind, person, make_world(app, person, "" if kind == "stranger" else kind)


@pytest.mark.parametrize("row", read_table(), ids=lambda row: row.call)
def test_table(app: Flask, row: Row) -> None:
    wrong = {}
    for column, kind, caller, names in callers(app):
        body = {key: value.format(**names) for key, value in BODIES.get(row.call, {}).items()}
        with caller.call(row.method, row.path.format(**names), json=body or None) as response:
            if response.status_code != row.statuses[column]:
                wrong[kind] = (response.status_code, row.statuses[column])
    assert not wrong, "kind of caller: (status, status in the table)"


def test_table_misses_no_route(app: Flask) -> None:
    listed = {(row.method, re.sub(r"\{\w+\}", "<>", row.path)) for row in read_table()}
    routes = {
        (method, re.sub(r"<[^>]+>", "<>", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint.partition(".")[0] in BLUEPRINTS
    }
    assert listed == {(method, path) for method, path in routes if method not in {"HEAD", "OPTIONS"}}
