"""The listeners of a worker: they open when it can serve, and at the end no connection is reset. Imported in
workers only."""

from contextlib import suppress
from typing import Any

import gevent
from gevent.server import StreamServer
from gunicorn import sock, util
from gunicorn.workers import ggevent


class LastAcceptsServer(StreamServer):
    """Before it closes, it accepts the connections that the kernel has completed, which would be reset."""

    def close(self) -> None:
        with suppress(OSError, AttributeError):  # AttributeError: it was closed before
            self.socket.setblocking(False)
            for _ in range(self.backlog):  # more may arrive all the time
                if not (accepted := self.do_read()):
                    break
                self.do_handle(*accepted)
                gevent.sleep(0)  # its greenlet begins, and asks the listener for its name
        super().close()


def open_listeners(worker: Any) -> None:
    """Called when the worker can serve. A worker that inherits no listener opens its own (`reuse_port`).
    gunicorn would open it before the application is loaded: connections would wait for that while another
    worker could serve them."""
    LastAcceptsServer.backlog = worker.cfg.backlog
    ggevent.StreamServer = LastAcceptsServer
    if worker.sockets:
        return
    worker.cfg.set("reuse_port", True)
    worker.sockets = sock.create_sockets(worker.cfg, worker.log)
    for listener in worker.sockets:
        util.close_on_exec(listener)
    worker.patch()  # makes them gevent's
