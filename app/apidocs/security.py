"""The ways to authenticate, and their schemes in both documents."""

from typing import Any

from app.auth import credentials

NO_CREDENTIALS = ""  # among the needs of a call: credentials are optional
ACCOUNT, COOKIE, SERVICE, SUBSCRIBER = "account", "cookie", "service", "subscriber"
TOKEN, TICKET, BOT, SCRAPER = "token", "ticket", "bot", "scraper"

DESCRIPTIONS = {
    ACCOUNT: "A person's token, from `POST /login` or `POST /register`",
    COOKIE: "The same in an HttpOnly cookie, from `POST /api/auth/login`. Calls that change something"
    " must not come from a foreign `Origin`",
    SERVICE: "A back end's token, from `POST /api/auth/token`",
    SUBSCRIBER: "One recipient's token, from `GET /api/user/{user_id}/token`",
    TOKEN: "A token in the query, for streams and sockets opened by what can't set headers",
    TICKET: "From `POST /api/stream-ticket`: in the place of a token, good once and for 30 seconds",
    BOT: "A bot's credential, made on the command line",
    SCRAPER: "The hub's METRICS_TOKEN",
}


def scheme(name: str, api_key: str = "apiKey") -> dict[str, Any]:
    """The scheme in a document; `api_key` is its type for a key in a cookie or query."""
    described = {"description": DESCRIPTIONS[name]}
    if name == COOKIE:
        return {"type": api_key, "in": "cookie", "name": credentials.COOKIE, **described}
    if name in {TOKEN, TICKET}:
        return {"type": api_key, "in": "query", "name": name, **described}
    form = {} if name in {SCRAPER, BOT} else {"bearerFormat": "JWT"}
    return {"type": "http", "scheme": "bearer", **form, **described}
