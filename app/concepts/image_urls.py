"""Which image URLs are accepted: http(s) and data:, well formed and bounded. Pure.

The task service checks more: the addresses that a name resolves to, and the content of the image.
"""

import base64
import binascii
import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

MOST_CHARACTERS = 2_048
UNKNOWN_SCHEME = "Must begin with http://, https:// or data:image/."
MOST_DATA_BYTES = 10 * 1024 * 1024
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_DATA_HEAD = re.compile(r"data:image/[a-z0-9.+-]{1,50}(;[a-z0-9-]+=[a-z0-9._-]+)*;base64", re.IGNORECASE)
_HOST = re.compile(r"[^\s/?#\[\]<>^`{|}\"%]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_PRIVATE_NAMES = re.compile(r"(^|\.)(localhost|local|internal|localdomain|home\.arpa)\.?$", re.IGNORECASE)


def problem(url: str, is_private_allowed: bool) -> str | None:
    """The sentence that refuses the URL; None for one that the task service may get."""
    if url[:5].lower() == "data:":
        return _data_problem(url)
    if len(url) > MOST_CHARACTERS:
        return f"Longer than maximum length {MOST_CHARACTERS}."
    if _NOT_IN_A_URL.search(url):
        return "Must not contain blanks or control characters."
    try:
        return _address_problem(urlsplit(url), is_private_allowed)
    except ValueError:
        return "Not a valid URL."


def _address_problem(parts: SplitResult, is_private_allowed: bool) -> str | None:
    """Raises ValueError for a malformed port."""
    if parts.scheme not in {"http", "https"}:
        return UNKNOWN_SCHEME
    if "@" in parts.netloc:
        return "Must not contain a user name or password."
    if not _is_host(parts) or parts.port == 0:
        return "Not a valid URL."
    if not is_private_allowed and _is_private(parts.hostname or ""):
        return "Must not be a private address."
    return None


def _data_problem(url: str) -> str | None:
    """RFC 2397, in base64 only, which is how images are written."""
    head, comma, text = url.partition(",")
    if not comma or _DATA_HEAD.fullmatch(head) is None:
        return "Must be data:image/…;base64,…"
    if len(text) > MOST_DATA_BYTES * 4 / 3 + 4:
        return f"The image must not be larger than {MOST_DATA_BYTES // 1024 // 1024} MiB."
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "Not valid base64."
    return None if data else "The image is empty."


def _is_host(parts: SplitResult) -> bool:
    host = parts.netloc.rpartition(":")[0] if re.search(r":\d*$", parts.netloc) else parts.netloc
    if _HOST.fullmatch(host) is None or len(host) > 253:
        return False
    return all(label and len(label) <= 63 for label in host.removesuffix(".").split(".")) or host[0] == "["


def _is_private(host: str) -> bool:
    """Whether an address or a name is private, in any notation of numbers. Names are not resolved."""
    if _PRIVATE_NAMES.search(host):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        # 127.1, 0x7f000001 and 2130706433 are addresses to a resolver: public hosts have names.
        return re.fullmatch(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*\.?", host) is not None
