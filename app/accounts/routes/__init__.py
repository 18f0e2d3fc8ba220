"""The HTTP side of accounts: bearer tokens, the cookie, and stream tickets."""

from app.accounts.routes import bearer, cookie, tickets
from app.apidocs.describe import tag

BLUEPRINTS = (bearer.blueprint, cookie.blueprint, tickets.blueprint)

tag("Accounts", "People: registering, logging in and out, with a bearer token or with a cookie.", *BLUEPRINTS)
