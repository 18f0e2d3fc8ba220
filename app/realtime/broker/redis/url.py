"""Reading REDIS_URL.

- `redis://…`, `rediss://…` (TLS), `unix://…`: one server, in redis-py's form.
- `redis+sentinel://[user:password@]host:26379,host:26379/service[/db]`: the master that sentinels name. The
  credentials are Redis's; sentinels that ask for some get `?sentinel_username=…&sentinel_password=…`.
- `redis+cluster://[user:password@]host:7000,host:7001`: a cluster; these nodes are asked for the others.

Both take the options of `redis://` behind a `?`, and begin with `rediss+` for TLS.
"""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

SENTINEL_PORT, CLUSTER_PORT = 26379, 6379


class Address(NamedTuple):
    host: str
    port: int


@dataclass(frozen=True)
class RedisUrl:
    """`server` and `sentinel`: what redis-py needs to know of a connection, but for host and port."""

    kind: str
    server: str
    addresses: tuple[Address, ...] = ()
    service: str = ""
    sentinel: str = ""


def read_url(url: str) -> RedisUrl:
    """Raises ValueError for what can't be one; settings were checked before, see `config`."""
    scheme, _, kind = urlsplit(url).scheme.partition("+")
    if not kind:
        return RedisUrl("server", url)
    parts = urlsplit(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    default = SENTINEL_PORT if kind == "sentinel" else CLUSTER_PORT
    addresses = tuple(_address(scheme, host, default) for host in hosts.split(","))
    service, _, db = parts.path.strip("/").partition("/")
    options = dict(parse_qsl(parts.query))
    of_sentinel = [options.pop(f"sentinel_{name}", "") for name in ("username", "password")]
    query = f"?{urlencode(options)}" if options else ""
    return RedisUrl(
        kind,
        f"{scheme}://{credentials}{at}host/{db if kind == 'sentinel' else ''}{query}",
        addresses,
        service,
        f"{scheme}://{':'.join(quote(part, safe='') for part in of_sentinel)}@host/{query}",
    )


def _address(scheme: str, host: str, default: int) -> Address:
    parts = urlsplit(f"{scheme}://{host}")
    if not parts.hostname:
        raise ValueError("a host is missing")
    return Address(parts.hostname, parts.port or default)
