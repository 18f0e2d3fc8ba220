"""An order between workers: which streams and sockets end, and why."""

import json
from dataclasses import asdict, dataclass

from app.realtime.claims import Claims


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Ends with `reason` the streams and sockets that match every field that is given (with a topic, no
    sockets); without a reason, none: caches are invalidated all the same.

    `version`: only those of tokens issued before the user's tokens had it, so that an order that comes late
    spares a user who logged in again meanwhile.
    """

    reason: str
    topic: str = ""
    user: str = ""
    token: str = ""
    version: int = 0

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Disconnect | None":
        """None for an order that this release does not understand: then everything is checked."""
        try:
            return cls(**json.loads(payload))
        except (ValueError, TypeError):
            return None

    def matches(self, claims: Claims) -> bool:
        return (
            self.user in ("", claims.subject)
            and self.token in ("", claims.token)
            and (not self.version or claims.version < self.version)
        )
