"""Compares the clocks of other machines with this machine's."""

from app.cli.doctor.findings import Finding, fine, odd, wrong
from app.cli.terminal import duration

ODD_SECONDS, WRONG_SECONDS = 1.0, 30.0
ADVICE = "Let both machines follow one time server (chrony, systemd-timesyncd): tokens and leases have times."


def compared(name: str, theirs: float, before: float, after: float, grain: float = 0.0) -> Finding:
    """All in Unix seconds. The other machine's clock, exact to `grain`, was read between `before` and `after`
    of this machine's."""
    if before - grain <= theirs <= after + grain:
        return fine(name, f"as here, within {duration(max(after - before, grain))}")
    drift = theirs - after if theirs > after else before - theirs
    seen = f"{duration(drift)} {'ahead of' if theirs > after else 'behind'} this machine"
    if drift > WRONG_SECONDS:
        return wrong(name, seen, ADVICE)
    return odd(name, seen, ADVICE) if drift > ODD_SECONDS else fine(name, seen)
