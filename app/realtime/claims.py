"""The bearer of the token that opened a stream or a socket, as far as ending it needs to know."""

from typing import NamedTuple


class Claims(NamedTuple):
    """`subject` is a user; `token` the id of the token; `expires_at` Unix seconds, 0 for never.

    `version` is the version of the subject's tokens when this token was issued.
    """

    subject: str
    token: str
    expires_at: int
    version: int = 0
