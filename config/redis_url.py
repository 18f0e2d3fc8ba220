"""Checks the form of REDIS_URL; `app/realtime/broker/redis/url.py` parses it."""

from urllib.parse import urlsplit

SCHEMES = {"redis", "rediss", "unix"}
SETS = {f"{scheme}+{kind}" for scheme in ("redis", "rediss") for kind in ("sentinel", "cluster")}
FORMS = {
    "sentinel": "redis+sentinel://host:26379,host:26379/service/0",
    "cluster": "redis+cluster://host:7000,host:7001",
}


def redis_problem(url: str) -> str | None:
    """One sentence about the problem, which never shows a password; None without a problem."""
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES | SETS or "://" not in url:
        return (
            "REDIS_URL must start with redis://, rediss:// or unix://,"
            " or with redis+sentinel:// or redis+cluster:// (rediss+… for TLS)"
        )
    _, _, kind = scheme.partition("+")
    if not kind or (_has_hosts(url) and _has_path(url, kind)):
        return None
    return f"REDIS_URL must be like {FORMS[kind]}"


def _has_hosts(url: str) -> bool:
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    return all(_is_host(host) for host in hosts)


def _is_host(text: str) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port
        return False


def _has_path(url: str, kind: str) -> bool:
    service, _, db = urlsplit(url).path.strip("/").partition("/")
    if kind == "cluster":
        return service in ("", "0") and not db  # a cluster has one database
    return bool(service) and (not db or db.isdecimal())
