"""What a concept looks like in answers."""

from typing import Any

from app.concepts import live
from app.web.json_provider import timestamp


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
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.updated_at),
    }
