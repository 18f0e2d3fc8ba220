"""flask seed FILE, flask seed --demo"""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.auth.models import User
from app.constellations.models import Constellation, Membership
from app.constellations.rights import Rights
from app.extensions import db
from tests.cast import Person, make_constellation, stored
from tests.conftest import MakeApp

Command = Callable[..., str]
WriteFile = Callable[..., Path]

USERS = "users:\n  - {name: ann, email: Ann@example.org, password: secret}\n"
BOTH = (
    "users:\n"
    "  - {name: ann, email: ann@example.org, password: secret, operator: true}\n"
    "  - {name: ben, email: ben@example.org, password: secret}\n"
    "constellations:\n"
    "  - {name: Orion, owner: ann, members: {ben: COMMENT}}\n"
)


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(content: str | bytes, name: str = "seed.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def members(app: Flask) -> dict[tuple[str, str], str]:
    """The rights of each member of each constellation."""
    query = select(Constellation.name, User.name, Membership.rights).join_from(
        Membership, Constellation, Membership.constellation_uuid == Constellation.uuid
    )
    with app.app_context():
        rows = db.session.execute(query.join(User, User.uuid == Membership.user_uuid)).all()
    return {(constellation, user): Rights(rights).name for constellation, user, rights in rows}


def test_yaml(app: Flask, succeed: Command, write: WriteFile) -> None:
    assert succeed("seed", write(BOTH)).endswith("3 made, 0 were there already.\n")
    assert members(app) == {("Orion", "ann"): "ADMIN", ("Orion", "ben"): "COMMENT"}
    lines = [line.split()[1:] for line in succeed("user", "list").splitlines()]
    assert lines == [["ann", "ann@example.org", "operator"], ["ben", "ben@example.org"]]


def test_who_is_seeded_can_log_in(app: Flask, succeed: Command, write: WriteFile) -> None:
    succeed("seed", write(USERS))
    answer = app.test_client().post("/login", json={"name": "ann", "password": "secret"})
    assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv(encoding: str, succeed: Command, write: WriteFile) -> None:
    text = (
        "name,email,password,operator\r\n"
        "ann,ann@example.org,secret,1\r\n"
        '"ben, the second",ben@example.org,secret,\r\n'
        "zo\u00eb,zoe@example.org,secret,0\r\n"
    )
    assert "3 made" in succeed("seed", write(text.encode(encoding), "users.csv"))
    listed = succeed("user", "list").splitlines()
    assert [line[38:] for line in listed] == [
        "ann  ann@example.org  operator",
        "ben, the second  ben@example.org",
        "zo\u00eb  zoe@example.org",
    ]


def test_the_demo(app: Flask, succeed: Command) -> None:
    assert "5 made" in succeed("seed", "--demo")
    assert members(app) == {("Demo", "alice"): "ADMIN", ("Demo", "bob"): "WRITE"}
    assert [row for row in stored(app)["files"] if "welcome.md" in row and "# Welcome" in row]
    assert "Where Alice and Bob try things out" in stored(app)["constellations"][0]
    for name in ("alice", "bob", "charlie"):
        login = {"name": name, "password": f"{name}-demo"}
        assert app.test_client().post("/login", json=login).status_code == 200


def test_bots(succeed: Command, fail: Command, write: WriteFile) -> None:
    path = write("bots: [helper, ci_bot]\n")
    assert "2 made" in succeed("seed", path)
    assert "0 made, 2 were there already." in succeed("seed", path)
    assert succeed("bot", "list") == "ci_bot\nhelper\n"
    assert fail("seed", write("bots: [a-b]\n")).startswith("bot a-b: name: ")


def test_seeding_again_changes_nothing(app: Flask, succeed: Command, write: WriteFile) -> None:
    path = write(BOTH)
    succeed("seed", path)
    before = stored(app)
    assert "0 made, 3 were there already." in succeed("seed", path)
    assert stored(app) == before


def test_what_was_changed_since_stays_so(app: Flask, succeed: Command, write: WriteFile) -> None:
    path = write(BOTH)
    succeed("seed", path)
    succeed("user", "password", "ann", "--password", "another")
    succeed("user", "admin", "ann", "--revoke")
    raised = BOTH.replace("COMMENT", "ADMIN")
    before = stored(app)
    succeed("seed", write(raised))
    assert stored(app) == before


def test_an_owner_listed_as_a_member_stays_admin(app: Flask, succeed: Command, write: WriteFile) -> None:
    succeed("seed", write(BOTH.replace("ben: COMMENT", "ann: READ")))
    assert members(app) == {("Orion", "ann"): "ADMIN"}


def test_an_interrupted_seeding_goes_on(
    app: Flask, succeed: Command, fail: Command, write: WriteFile
) -> None:
    assert "zoe" in fail("seed", write(BOTH.replace("ben: COMMENT", "zoe: READ")))
    assert "0 made" in succeed("seed", write(BOTH))
    assert members(app) == {("Orion", "ann"): "ADMIN", ("Orion", "ben"): "COMMENT"}


def test_another_owner_may_use_the_same_name(
    app: Flask, alice: Person, succeed: Command, write: WriteFile
) -> None:
    """Also when the second owner is a member of the first owner's constellation."""
    succeed("seed", write(USERS))
    shared = make_constellation(alice, "Orion")
    with app.app_context():
        ann = db.session.scalars(select(User).where(User.name == "ann")).one()
    shared.let(Person(app, ann.uuid, "ann", ""), "WRITE")
    succeed("seed", write(USERS + "constellations: [{name: Orion, owner: ann}]\n"))
    with app.app_context():
        assert len(db.session.scalars(select(Constellation)).all()) == 2


BROKEN = [
    pytest.param("", "seed.yaml", "must be a mapping", id="empty"),
    pytest.param("- name: ann\n", "seed.yaml", "must be a mapping", id="list"),
    pytest.param("users:\n  - {name: ann\n", "seed.yaml", "line 3: expected", id="unfinished"),
    pytest.param("users:\n\t- x\n", "seed.yaml", "line 2: found character", id="tab"),
    pytest.param("users: !!python/object:os.system {}\n", "seed.yaml", "line 1: could not", id="tag"),
    pytest.param("users: [{name: 2020-13-45}]\n", "seed.yaml", "month must be", id="bad date"),
    pytest.param("users: " + "[" * 5000, "seed.yaml", "read: nested too deeply", id="deep"),
    pytest.param("users: \0", "seed.yaml", "special characters", id="NUL"),
    pytest.param(b"users: \xff", "seed.yaml", "can't decode", id="not UTF-8"),
    pytest.param("user: []\n", "seed.yaml", "user: Unknown field.", id="unknown key"),
    pytest.param("users: 5\n", "seed.yaml", "users: Not a valid list.", id="no list"),
    pytest.param("users: [5]\n", "seed.yaml", "users.0._schema: Invalid input type.", id="no mapping"),
    pytest.param(USERS.replace("secret", "5"), "seed.yaml", "users.0.password: Not a valid", id="number"),
    pytest.param(USERS.replace("Ann@", "Ann"), "seed.yaml", "users.0.email: Not a valid", id="e-mail"),
    pytest.param(USERS.replace("name:", "nam:"), "seed.yaml", "users.0.name: Missing data", id="no name"),
    pytest.param(BOTH.replace("owner: ann,", ""), "seed.yaml", "constellations.0.owner: Missing", id="owner"),
    pytest.param(
        BOTH.replace("COMMENT", "OWN"), "seed.yaml", "constellations.0.members.ben.value", id="rights"
    ),
    pytest.param(
        BOTH.replace("owner: ann", "owner: zoe"),
        "seed.yaml",
        "Orion: there is no user named zoe",
        id="stranger",
    ),
    pytest.param("name,email,password\nann,,x\n", "seed.csv", "users.0.email: Missing", id="CSV gap"),
    pytest.param("name;email;password\na;b;c\n", "seed.csv", "users.0.name: Missing", id="CSV separator"),
    pytest.param(
        "name,email,password\nann,a@b.org\n", "seed.csv", "users.0.password: Missing", id="CSV short"
    ),
    pytest.param(b"name,email,password\n\xff,,\n", "seed.csv", "can't decode", id="CSV not UTF-8"),
    pytest.param("name\n" + "x" * 140_000, "seed.csv", "field larger", id="CSV long field"),
]


@pytest.mark.parametrize(("content", "name", "words"), BROKEN)
def test_broken_files(content: str | bytes, name: str, words: str, fail: Command, write: WriteFile) -> None:
    assert words in fail("seed", write(content, name))


def test_no_message_repeats_a_password(fail: Command, write: WriteFile) -> None:
    for broken in (USERS.replace("}", ""), USERS.replace("Ann@", ""), USERS.replace("name: ann", "name: ''")):
        assert "secret" not in fail("seed", write(broken))


def test_somebody_else_with_that_name(alice: Person, fail: Command, write: WriteFile) -> None:
    content = USERS.replace("name: ann", f"name: {alice.name}")
    assert fail("seed", write(content)) == "user Alice: Name or e-mail address already taken"


def test_short_passwords_where_they_are_refused(make_app: MakeApp, write: WriteFile) -> None:
    result = make_app(PASSWORD_MIN_LENGTH="8").test_cli_runner().invoke(args=["seed", str(write(USERS))])
    assert result.stderr == "Error: user ann: password: Shorter than minimum length 8.\n"


def test_needs_a_file_or_the_demo(run: Callable[..., object], tmp_path: Path) -> None:
    for arguments in [(), (tmp_path / "absent.yaml",), (tmp_path,)]:
        result = run("seed", *arguments)
        assert result.exit_code == 2 and "Traceback" not in result.output  # type: ignore[attr-defined]


def test_no_demo_in_production(make_app: MakeApp) -> None:
    secret = "x" * 32
    secrets = {"SECRET_KEY": secret, "JWT_SECRET_KEY": secret}
    app = make_app(APP_CONFIG="production", TASK_SERVICE="embedded", **secrets)
    result = app.test_cli_runner().invoke(args=["seed", "--demo"])
    assert result.exit_code == 2 and "not in production" in result.stderr
    assert stored(app)["users"] == []
