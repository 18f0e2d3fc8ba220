"""The hub's application with a window into its worker, for tests that count what is left there."""

import gc

from gevent import monkey

monkey.patch_all()

import greenlet
from flask import jsonify
from flask.typing import ResponseReturnValue

from app import create_app

app = create_app()


@app.get("/inspect/greenlets")
def greenlets() -> ResponseReturnValue:
    gc.collect()
    alive = [g for g in gc.get_objects() if isinstance(g, greenlet.greenlet) and not g.dead]
    return jsonify(greenlets=len(alive))
