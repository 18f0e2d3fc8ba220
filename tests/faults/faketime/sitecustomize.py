"""Python imports this at its start. libfaketime 0.9.10 refuses (EINVAL) to sleep until a moment of the
monotonic clock, which is what time.sleep does since Python 3.11; gunicorn's main process uses it."""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
