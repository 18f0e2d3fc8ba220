"""The HTTP edge put together. Its middleware wraps what the areas have put around Flask's own application."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.realtime.net.takeover import ExposeResponse
from app.web import edge, limits
from app.web.headers import CommonHeaders
from app.web.json_provider import OrjsonProvider


def init_app(app: Flask) -> None:
    """Before the areas: JSON, CORS, rate limits."""
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    edge.init_app(app, app.config["CORS_ORIGINS"])
    limits.init_app(app)


def wrap(app: Flask) -> None:
    """After the areas: headers of every answer, the server's response object, trusted proxies.

    Any client can send `X-Forwarded-…`: only what the last `TRUSTED_PROXIES` of them wrote is used.
    """
    count = app.config["TRUSTED_PROXIES"]
    wsgi = ExposeResponse(CommonHeaders(app.wsgi_app, trusts_proxies=count > 0))
    app.wsgi_app = wsgi  # type: ignore[method-assign]
    if count:
        app.wsgi_app = ProxyFix(wsgi, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
