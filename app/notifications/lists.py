"""Lists of this API: `{"list": […], "page": 1, "per_page": 50, "total": 1234}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func

from app.apidocs.json_schema import Object, array, whole
from app.extensions import db
from app.web.paging import Page, part

Listing = dict[str, Any]


def listing_of(name: str, item: Object) -> Object:
    """The schema of a list, for the documents of the API."""
    parts: dict[str, Any] = {"list": array(item), "page": whole(1), "per_page": whole(50), "total": whole(1)}
    return Object(name, parts)


@dataclass(frozen=True, slots=True)
class Found:
    rows: Sequence[Row[*tuple[Any, ...]]]
    page: Page | None
    total: int

    def shown(self, shapes: list[dict[str, Any]]) -> Listing:
        """Without a page, everything is on the first page."""
        page = self.page or Page(1, self.total)
        return {"list": shapes, "page": page.number, "per_page": page.size, "total": self.total}


def listing(query: Select[*tuple[Any, ...]], page: Page | None) -> Found:
    """The rows of one page, and the total number of rows."""
    rows = db.session.execute(part(query, page)).all()
    if page is None:
        return Found(rows, None, len(rows))
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return Found(rows, page, db.session.scalars(counted).one())
