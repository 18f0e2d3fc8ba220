"""Settings from the environment: which are refused, with which messages, and what the others mean."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from limits import parse

from config import Base, ConfigurationError, load
from config.base import LOOPBACK_ORIGIN, ROOT, is_loopback, own_url

SECRET = "a secret that is long enough for it"
PRODUCTION = {
    "APP_CONFIG": "production",
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": SECRET,
    "DATABASE_URL": "postgresql://hub@db/hub",
    "EXTERNAL_API_URL": "https://tasks.example",
}


def loaded(tmp_path: Path, **variables: str) -> Base:
    return load({"APP_CONFIG": "testing", "INSTANCE_PATH": str(tmp_path), **variables})


def problems(tmp_path: Path, **variables: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, **variables)
    assert str(caught.value) == "; ".join(caught.value.problems)
    return caught.value.problems


NUMBERS = [
    ("WEB_CONCURRENCY", 1),
    ("MAX_BODY_BYTES", 1),
    ("BODY_SECONDS", 1),
    ("TRUSTED_PROXIES", 0),
    ("DATABASE_SECONDS", 1),
    ("SQLITE_BUSY_SECONDS", 1),
    ("ACCESS_TOKEN_SECONDS", 1),
    ("COOKIE_TOKEN_SECONDS", 1),
    ("PASSWORD_MIN_LENGTH", 1),
    ("SUBSCRIBER_TOKEN_SECONDS", 1),
    ("MESSAGE_RETENTION_DAYS", 0),
    ("HEARTBEAT_SECONDS", 1),
    ("HISTORY_SIZE", 1),
    ("HISTORY_SECONDS", 1),
    ("HISTORY_BYTES", 1),
    ("SUBSCRIBER_BUFFER_BYTES", 1),
    ("MAX_STREAMS", 1),
    ("OUTBOX_EVENTS", 1),
    ("PRESENCE_LEASE_SECONDS", 3),
    ("REPLY_TIMEOUT_SECONDS", 1),
    ("DATABASE_POOL_SIZE", 1),
    ("DATABASE_POOL_OVERFLOW", 0),
    ("DATABASE_POOL_SECONDS", 1),
]


@pytest.mark.parametrize(("name", "least"), NUMBERS)
@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "often", "0x10", "1 000"])
def test_bad_numbers(name: str, least: int, value: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": "postgresql://hub@db/hub", name: value}
    sentence = f"{name} is '{value}'; it must be a whole number of at least {least}"
    assert problems(tmp_path, **variables) == [sentence]


@pytest.mark.parametrize("name", [name for name, least in NUMBERS if least])
def test_zero_is_too_few(name: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": "postgresql://hub@db/hub", name: "0"}
    assert problems(tmp_path, **variables)[0].startswith(f"{name} is '0'")


@pytest.mark.parametrize("name", ["ALLOW_REGISTRATION", "COOKIE_SECURE", "RATELIMIT_ENABLED"])
def test_flags(name: str, tmp_path: Path) -> None:
    for value in ("1", "true", "Yes", " ON "):
        assert getattr(loaded(tmp_path, **{name: value}), name) is True
    for value in ("0", "false", "No", "off"):
        assert getattr(loaded(tmp_path, **{name: value}), name) is False
    assert problems(tmp_path, **{name: "maybe"}) == [f"{name} is 'maybe'; it must be 1 or 0"]


def test_choices(tmp_path: Path) -> None:
    assert loaded(tmp_path, NOTIFY_MIN_RIGHTS="write").NOTIFY_MIN_RIGHTS == "WRITE"
    assert problems(tmp_path, NOTIFY_MIN_RIGHTS="owner") == [
        "NOTIFY_MIN_RIGHTS is 'owner'; it must be one of: READ, COMMENT, WRITE, ADMIN"
    ]


@pytest.mark.parametrize("names", ["a-b", "a b", "größe", "good,@bad", "a\nb"])
def test_public_accounts_that_no_mention_can_name(names: str, tmp_path: Path) -> None:
    assert "PUBLIC_ACCOUNTS" in problems(tmp_path, PUBLIC_ACCOUNTS=names)[0]


def test_public_accounts(tmp_path: Path) -> None:
    assert loaded(tmp_path, PUBLIC_ACCOUNTS=" a_1 ,, B ").PUBLIC_ACCOUNTS == ["a_1", "B"]
    assert loaded(tmp_path).PUBLIC_ACCOUNTS == []


@pytest.mark.parametrize("name", ["LOGIN", "LOGIN_ADDRESS", "CREDENTIALS", "PUBLISH", "STREAMS"])
def test_rates(name: str, tmp_path: Path) -> None:
    """The `limits` library reads every accepted value too."""
    variable = f"RATELIMIT_{name}"
    for value in ("10/minute", "1 per second", "5/2 hours", "7per1DAY"):
        assert getattr(loaded(tmp_path, **{variable: value}), variable) == value
        assert parse(value).amount == int(value[: 1 + (value[1] == "0")])
    for value in ("often", "0/minute", "10", "10/week", "-1/second", "10/minute;1/second", "10/"):
        assert problems(tmp_path, **{variable: value}) == [
            f"{variable} is '{value}'; it must be like 10/minute"
        ]


@pytest.mark.parametrize("name", ["prodution", "PRODUCTION", "base"])
def test_an_unknown_configuration(name: str, tmp_path: Path) -> None:
    assert problems(tmp_path, APP_CONFIG=name) == [
        f"APP_CONFIG is '{name}'; it must be one of: development, testing, production"
    ]


@pytest.mark.parametrize("variables", [{}, {"APP_CONFIG": ""}])
def test_development_is_the_default(variables: dict[str, str], tmp_path: Path) -> None:
    assert load({"INSTANCE_PATH": str(tmp_path), **variables}).NAME == "development"


def test_workers_without_redis(tmp_path: Path) -> None:
    assert problems(tmp_path, WEB_CONCURRENCY="2") == [
        "2 workers need Redis between them: set REDIS_URL (for example redis://127.0.0.1:6379/0),"
        " or WEB_CONCURRENCY=1 for the in-process broker"
    ]
    assert loaded(tmp_path, WEB_CONCURRENCY="2", REDIS_URL="redis://cache/0").WEB_CONCURRENCY == 2


@pytest.mark.parametrize("url", ["localhost:6379", "http://cache", "redis"])
def test_no_redis_url(url: str, tmp_path: Path) -> None:
    sentence = "REDIS_URL must start with redis://, rediss:// or unix://"
    (problem,) = problems(tmp_path, REDIS_URL=url)
    assert problem.startswith(sentence)


@pytest.mark.parametrize(
    "url",
    [
        *("redis+sentinel://h:1/hub", "rediss+sentinel://u:p@h,[::1]:26379/hub/3?sentinel_password=x"),
        *("redis+cluster://h", "redis+cluster://:p@h:7000,h:7001/0", "unix:///run/redis.sock?db=1"),
    ],
)
def test_redis_urls_of_every_kind(url: str, tmp_path: Path) -> None:
    assert url == loaded(tmp_path, REDIS_URL=url).REDIS_URL


@pytest.mark.parametrize(
    "url",
    [
        *("redis+sentinel://h:1", "redis+sentinel:///hub", "redis+sentinel://h:1,/hub"),
        *("redis+sentinel://h:x/hub", "redis+sentinel://h/hub/first", "redis+sentinel://u:p@h:99999/hub"),
        *("redis+cluster://", "redis+cluster://h:x", "redis+cluster://h/1"),
    ],
)
def test_sets_of_redis_servers_need_hosts_and_a_service(url: str, tmp_path: Path) -> None:
    kind = url.partition(":")[0]
    (problem,) = problems(tmp_path, REDIS_URL=url)
    assert problem.startswith(f"REDIS_URL must be like {kind}://host")


@pytest.mark.parametrize("url", ["hub.db", "mysql://db/hub", "sqlite://", "postgresql+psycopg://db/hub"])
def test_no_database_url(url: str, tmp_path: Path) -> None:
    sentence = "DATABASE_URL must start with postgresql:// or sqlite:///"
    assert problems(tmp_path, DATABASE_URL=url) == [sentence]


@pytest.mark.parametrize("url", ["postgres://u:p@db/hub", "postgresql://u:p@db/hub"])
def test_postgresql_means_psycopg2(url: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, DATABASE_URL=url)
    assert settings.SQLALCHEMY_DATABASE_URI == "postgresql+psycopg2://u:p@db/hub"
    assert settings.SQLALCHEMY_ENGINE_OPTIONS["pool_size"] == 10


@pytest.mark.parametrize("url", ["postgresql://db/hub", "sqlite:////srv/hub.db"])
def test_both_databases_have_a_pool_of_the_size_that_is_set(url: str, tmp_path: Path) -> None:
    sizes = {"DATABASE_POOL_SIZE": "3", "DATABASE_POOL_OVERFLOW": "4", "DATABASE_POOL_SECONDS": "2"}
    options = loaded(tmp_path, DATABASE_URL=url, **sizes).SQLALCHEMY_ENGINE_OPTIONS
    assert [options[name] for name in ("pool_size", "max_overflow", "pool_timeout")] == [3, 4, 2]


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        *(
            (bind, True)
            for bind in ("127.0.0.1:8000", "127.1.2.3:80", "localhost:1", "[::1]:8000", "unix:/hub")
        ),
        *((bind, False) for bind in ("0.0.0.0:8000", ":8000", "[::]:8000", "192.0.2.1:80", "hub.example:80")),
    ],
)
def test_loopback(bind: str, expected: bool) -> None:
    assert is_loopback(bind) is expected


@pytest.mark.parametrize("url", ["postgresql+psycopg2://db/hub", "sqlite:////srv/hub.db"])
def test_other_urls_stay(url: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, DATABASE_URL=url)
    assert url == settings.SQLALCHEMY_DATABASE_URI


def test_the_database_is_a_file_of_the_instance(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.DATABASE_URL.removeprefix("sqlite:///") == str(tmp_path / "hub.db")
    assert loaded(tmp_path, SQLITE_BUSY_SECONDS="9").SQLITE_BUSY_SECONDS == 9


@pytest.mark.parametrize("origins", ["*", "https://a.example, *", "*,https://a.example"])
def test_any_origin(origins: str, tmp_path: Path) -> None:
    assert problems(tmp_path, CORS_ORIGINS=origins) == [
        "CORS_ORIGINS must name its origins: '*' can't be used with credentials"
    ]


def test_origins(tmp_path: Path) -> None:
    listed = {"CORS_ORIGINS": " https://a.example ,, https://b.example"}
    names = ["https://a.example", "https://b.example"]
    production, testing = load({**PRODUCTION, **listed}), loaded(tmp_path, **listed)
    assert names == production.CORS_ORIGINS
    assert set(testing.CORS_ORIGINS) == {*names, LOOPBACK_ORIGIN}


def test_loopback_origins() -> None:
    for origin in (
        "http://localhost",
        "https://localhost:5173",
        "http://127.0.0.1:8000",
        "http://[::1]:3000",
    ):
        assert re.match(LOOPBACK_ORIGIN, origin)
    for origin in (
        "http://localhost.example.org",
        "http://evil.example/localhost",
        "null",
        "http://127.0.0.1.org",
    ):
        assert not re.match(LOOPBACK_ORIGIN, origin)


# Production


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY", "DATABASE_URL", "EXTERNAL_API_URL"])
def test_production_without(name: str) -> None:
    sentences = problems(Path(), **{**PRODUCTION, name: " "})
    assert len(sentences) == 1 and sentences[0].startswith(f"{name} must be set in production")


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY"])
def test_short_secrets(name: str) -> None:
    sentences = problems(Path(), **{**PRODUCTION, name: SECRET[:31]})
    assert len(sentences) == 1 and sentences[0].startswith(f"{name} is shorter than 32 characters; make one")
    assert load({**PRODUCTION, name: SECRET[:32]}).NAME == "production"


def test_short_client_secret() -> None:
    client = {"CLIENT_ID": "shop", "CLIENT_SECRET": SECRET[:15]}
    sentences = problems(Path(), **{**PRODUCTION, **client})
    assert len(sentences) == 1 and sentences[0].startswith("CLIENT_SECRET is shorter than 16 characters")


def test_short_metrics_token() -> None:
    sentences = problems(Path(), **PRODUCTION, METRICS_TOKEN=SECRET[:15])
    assert len(sentences) == 1 and sentences[0].startswith("METRICS_TOKEN is shorter than 16 characters")


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET"])
def test_half_a_client(name: str, tmp_path: Path) -> None:
    assert problems(tmp_path, **{name: "x"}) == ["CLIENT_ID and CLIENT_SECRET must be set together"]


def test_the_hint_makes_a_good_secret() -> None:
    """The output of the command that the message gives."""
    hint = problems(Path(), **{**PRODUCTION, "SECRET_KEY": ""})[0].partition("-c '")[2].rstrip("'")
    printed: list[str] = []
    exec(hint, {"print": printed.append})
    assert len(printed[0]) >= 32


def test_every_problem_is_told_at_once() -> None:
    told = problems(Path(), APP_CONFIG="production", WEB_CONCURRENCY="2", CORS_ORIGINS="*", MAX_STREAMS="x")
    words = ["CORS_ORIGINS", "MAX_STREAMS", "EXTERNAL_API_URL"]
    words += ["SECRET_KEY", "JWT_SECRET_KEY", "DATABASE_URL", "2 workers"]
    assert [word for word, sentence in zip(words, told, strict=True) if sentence.startswith(word)] == words


def test_production_is_strict_by_default(tmp_path: Path) -> None:
    production, development = load(PRODUCTION), load({"INSTANCE_PATH": str(tmp_path)})
    assert (production.PASSWORD_MIN_LENGTH, development.PASSWORD_MIN_LENGTH) == (8, 1)
    assert (production.COOKIE_SECURE, development.COOKIE_SECURE) == (True, False)
    assert (production.GATEWAY_AUTH, development.GATEWAY_AUTH) == ("token", "open")
    assert (production.RATELIMIT_ENABLED, development.RATELIMIT_ENABLED) == (True, False)
    assert (production.CORS_ORIGINS, production.DEBUG) == ([], False)
    assert (production.GATEWAY_AUTH, development.GATEWAY_AUTH) == ("token", "open")
    assert load({**PRODUCTION, "GATEWAY_AUTH": "open"}).GATEWAY_AUTH == "open"


# Secrets that development makes


def test_kept_secrets_are_stable_and_private(tmp_path: Path) -> None:
    instance = tmp_path / "new"
    first, second = (load({"INSTANCE_PATH": str(instance)}) for _ in range(2))
    assert first.SECRET_KEY == second.SECRET_KEY != first.JWT_SECRET_KEY == second.JWT_SECRET_KEY
    assert len(first.SECRET_KEY) >= 32
    files = sorted(instance.iterdir())
    assert [file.name for file in files] == ["jwt_secret_key", "secret_key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_given_secrets_are_not_kept(tmp_path: Path) -> None:
    settings = load({"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": "x", "JWT_SECRET_KEY": "y"})
    assert (settings.SECRET_KEY, settings.JWT_SECRET_KEY) == ("x", "y")
    assert list(tmp_path.iterdir()) == []


def test_processes_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    code = f"from config.development import kept_secret; print(kept_secret({str(tmp_path)!r}, 'key'))"
    command = [sys.executable, "-c", code]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(4)]
    secrets = {process.communicate(timeout=30)[0].strip() for process in asking}
    assert len(secrets) == 1 and len(secrets.pop()) >= 32
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


SECRETS = ["SECRET_KEY", "JWT_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CLIENT_SECRET", "METRICS_TOKEN"]
SECRETS += ["AI_API_KEY"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_from_a_file(name: str, tmp_path: Path) -> None:
    value = {"DATABASE_URL": "sqlite:////x.db", "REDIS_URL": "redis://r/0"}.get(name, SECRET)
    (tmp_path / "secret").write_text(f"{value}\n")
    variables = {"INSTANCE_PATH": str(tmp_path), "CLIENT_ID": "shop", "CLIENT_SECRET": SECRET}
    variables = {key: text for key, text in variables.items() if key != name}
    if name != "CLIENT_SECRET":
        variables = {key: text for key, text in variables.items() if not key.startswith("CLIENT")}
    settings = load({**variables, f"{name}_FILE": str(tmp_path / "secret")})
    assert getattr(settings, name) == value


def test_a_secret_file_that_is_absent(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    sentences = problems(tmp_path, SECRET_KEY_FILE=str(path))
    assert sentences == [f"SECRET_KEY_FILE is '{path}', which can't be read: No such file or directory"]


def test_a_secret_given_twice(tmp_path: Path) -> None:
    sentences = problems(tmp_path, SECRET_KEY=SECRET, SECRET_KEY_FILE="x")
    assert sentences == ["SECRET_KEY and SECRET_KEY_FILE are both set; keep one of them"]


# Tasks

OPENAI = {"AI_PROVIDER": "openai", "AI_BASE_URL": "http://ai:11434/v1", "AI_API_KEY": "x", "AI_MODEL": "sees"}


def test_the_built_in_task_service_is_chosen_in_production() -> None:
    settings = load({**PRODUCTION, "EXTERNAL_API_URL": "", "TASK_SERVICE": "embedded"})
    assert (settings.EXTERNAL_API_URL, settings.TASK_SERVICE) == ("", "embedded")


@pytest.mark.parametrize("name", ["AI_BASE_URL", "AI_API_KEY", "AI_MODEL"])
def test_openai_without(name: str, tmp_path: Path) -> None:
    assert problems(tmp_path, **{**OPENAI, name: ""}) == [f"{name} must be set for AI_PROVIDER=openai"]
    assert loaded(tmp_path, **{**OPENAI, name: "", "EXTERNAL_API_URL": "http://tasks.example"})
    assert loaded(tmp_path, **OPENAI).AI_MODEL == "sees"


@pytest.mark.parametrize("name", ["EXTERNAL_API_URL", "AI_BASE_URL"])
@pytest.mark.parametrize(
    "address", ["tasks.example", "ftp://tasks.example", "http://", "http://a:b:c", "http://[::1"]
)
def test_addresses_of_services(name: str, address: str, tmp_path: Path) -> None:
    assert problems(tmp_path, **{name: address}) == [
        f"{name} must be a URL that starts with http:// or https://"
    ]


def test_another_task_service(tmp_path: Path) -> None:
    assert problems(tmp_path, TASK_SERVICE="on") == ["TASK_SERVICE is 'on'; it must be embedded, or empty"]


def test_leases_of_tasks_are_short(tmp_path: Path) -> None:
    (sentence,) = problems(tmp_path, TASK_LEASE_SECONDS="31")
    assert sentence.startswith("TASK_LEASE_SECONDS must be 30 at most")


def test_a_hub_on_a_unix_socket_can_not_call_itself(tmp_path: Path) -> None:
    (sentence,) = problems(tmp_path, BIND="unix:/run/hub.sock")
    assert sentence.startswith("BIND is a Unix socket")
    assert loaded(tmp_path, BIND="unix:/run/hub.sock", EXTERNAL_API_URL="http://tasks.example")


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        (":9000", "http://127.0.0.1:9000"),
        ("[::]:9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("hub.example:1", "http://hub.example:1"),
        ("127.0.0.1", "http://127.0.0.1:8000"),
    ],
)
def test_where_the_hub_calls_itself(bind: str, url: str) -> None:
    assert own_url(bind) == url
