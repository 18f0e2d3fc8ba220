"""The console is no part of the API: a page, its files, and the token that its scripts begin with."""

from app.apidocs.operation import Operations

TITLE = "Console"

OPERATIONS: Operations = {"console.page": None, "console.asset": None, "console.exchange": None}
