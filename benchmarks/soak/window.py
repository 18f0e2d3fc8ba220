"""The hub's application with a window into its worker: what only the process itself can count.

It is a view of the soak and no metric of the hub, because finding the greenlets means walking over every
object of the process.
"""

from gevent import monkey

monkey.patch_all()

import gc
import os
from collections import Counter

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from greenlet import greenlet

from app import create_app
from app.ops.connections import open_sockets

app = create_app()


@app.get("/soak/window")
def window() -> ResponseReturnValue:
    """All at one moment; with `?types=1` also how many objects of each type are alive."""
    if request.args.get("types"):
        gc.collect()
    objects = gc.get_objects()
    engine = app.extensions["engine"]
    seen: dict[str, object] = {
        "pid": os.getpid(),
        "greenlets": sum(issubclass(type(it), greenlet) and not it.dead for it in objects),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "streams": engine.hub.stream_count,
        "sockets": open_sockets(engine),
        "delivered": engine.dispatcher.delivered,
    }
    if request.args.get("types"):
        kinds = Counter(type(it) for it in objects)
        seen["types"] = {f"{kind.__module__}.{kind.__qualname__}": count for kind, count in kinds.items()}
    return jsonify(seen)
