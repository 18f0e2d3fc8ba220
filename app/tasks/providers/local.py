"""A provider that measures the image itself, by rules. It uses no model, and its `note` says so."""

from typing import Any

from app.tasks import concept, measures
from app.tasks.pictures import Picture, on_threads


class LocalProvider:
    def describe(self, picture: Picture, ad_archive_id: str) -> dict[str, Any]:
        found = on_threads(lambda: concept.write(measures.of_picture(picture), ad_archive_id))
        return {**found, "generator": {"provider": "local", "model": None, "note": concept.NOTE}}
