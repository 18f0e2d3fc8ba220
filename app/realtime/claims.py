"""For whom a stream was opened, as far as ending it again needs to know."""

from typing import NamedTuple


class Claims(NamedTuple):
    """`subject` is a user; `token` the id of the token; `expires_at` Unix seconds, 0 for never.

    `version` is the one that the subject's tokens had when this one was issued.
    """

    subject: str
    token: str
    expires_at: int
    version: int = 0
