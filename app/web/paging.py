"""`?page=` and `?per_page=`: a part of a list."""

from typing import NamedTuple, TypeVar

from flask import request
from sqlalchemy import Select

from app.errors import Invalid
from app.web.fields import complaint

DEFAULT_SIZE, LARGEST_SIZE, LAST_PAGE = 50, 500, 1_000_000_000

Query = TypeVar("Query", bound=Select[*tuple[object, ...]])


class Page(NamedTuple):
    """The page `number` (from 1) of `size` entries."""

    number: int
    size: int

    def of(self, query: Query) -> Query:
        """The query for this page of the rows of `query`, whose order must be total."""
        return query.limit(self.size).offset((self.number - 1) * self.size)


def read_page() -> Page | None:
    """The page that the request asks for; None without `page`: everything. Raises Invalid."""
    if "page" not in request.args:
        return None
    return Page(_number("page", 1, LAST_PAGE), _number("per_page", DEFAULT_SIZE, LARGEST_SIZE))


def read_size() -> int:
    """`?per_page=` alone, for lists that are never shown as a whole. Raises Invalid."""
    return _number("per_page", DEFAULT_SIZE, LARGEST_SIZE)


def out_of_range(name: str, most: int) -> str:
    """The sentence that refuses a number of the query."""
    return complaint(name, f"Must be a whole number from 1 to {most}.")


BAD_PAGE, BAD_SIZE = out_of_range("page", LAST_PAGE), out_of_range("per_page", LARGEST_SIZE)


def part(query: Query, page: Page | None) -> Query:
    return query if page is None else page.of(query)


def _number(name: str, default: int, most: int) -> int:
    given = request.args.get(name, str(default))
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= 10 else 0
    if not 1 <= number <= most:
        raise Invalid(out_of_range(name, most))
    return number
