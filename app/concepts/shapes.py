"""What a concept looks like in answers."""

from datetime import UTC, datetime
from typing import Any

from app.concepts import live


def time(moment: datetime) -> str:
    """RFC 3339 in UTC; SQLite gives back times without a zone, which are UTC already."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def submission(found: Any) -> dict[str, Any]:
    """`{id, task_id, status, ad_archive_id, sse_url}`; no `task_id` while the service has not got it yet."""
    return {
        "id": found.uuid,
        "task_id": found.task_id,
        "status": found.status,
        "ad_archive_id": found.ad_archive_id,
        "sse_url": f"/api/ad-concepts/{found.uuid}/stream",
    }


def concept(found: Any) -> dict[str, Any]:
    """What a stream shows, and `{ad_archive_id, image_url, attempts, created_at, updated_at}`."""
    return {
        **live.shape(found),
        "ad_archive_id": found.ad_archive_id,
        "image_url": found.image_url,
        "attempts": found.attempts,
        "created_at": time(found.created_at),
        "updated_at": time(found.updated_at),
    }
