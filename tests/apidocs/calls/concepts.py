"""Concepts: {done}, {failed} and {pending} are the caller's, {others} is the owner's."""

from flask import Flask

from app.concepts.models import Concept
from app.db.session import transaction
from tests.apidocs.calls import Call
from tests.cast import NOBODY, unique

SERVICE = {"EXTERNAL_API_URL": "{task_service}"}
AWAY = {"EXTERNAL_API_URL": "http://127.0.0.1:9", "TASK_TIMEOUT_SECONDS": "5"}
IMAGE = "https://images.example.org/ad.png"
NEW = {"ad_archive_id": "{new}", "image_url": IMAGE}


def prepare(app: Flask, names: dict[str, str]) -> dict[str, str]:
    states = {
        "done": {"status": "completed", "concept_json": '{"title": "A red square"}', "task_id": "1"},
        "failed": {"status": "failed", "error": "The task failed"},
        "pending": {},
        "others": {"user_uuid": names["owner"]},
    }
    made = {}
    with app.app_context(), transaction() as session:
        for name, values in states.items():
            defaults = {"user_uuid": names["user"], "ad_archive_id": unique("ad"), "image_url": IMAGE}
            concept = Concept(**(defaults | values))
            session.add(concept)
            session.flush()
            made |= {name: concept.uuid, f"{name}_ad": concept.ad_archive_id}
    return made


CALLS = [
    Call("POST /api/ad-concepts", 201, NEW, settings=SERVICE),
    Call("POST /api/ad-concepts", 200, {**NEW, "ad_archive_id": "{done_ad}"}, "cookie", settings=SERVICE),
    Call("POST /api/ad-concepts", 400, {}),
    Call("POST /api/ad-concepts", 403, NEW, "cookie", {"Origin": "https://evil.example"}),
    Call("POST /api/ad-concepts", 502, NEW, settings=AWAY),
    Call("GET /api/ad-concepts", 200, who="cookie"),
    Call("GET /api/ad-concepts?ids={done_ad}&page=1", 200),
    Call("GET /api/ad-concepts?page=0", 400),
    Call("GET /api/ad-concepts/{done}", 200),
    Call("GET /api/ad-concepts/{failed}", 200),
    Call("GET /api/ad-concepts/{others}", 403),
    Call("POST /api/ad-concepts/{failed}/retry", 202, settings=SERVICE),
    Call("POST /api/ad-concepts/{done}/retry", 409),
    Call(f"POST /api/ad-concepts/{NOBODY}/retry", 404),
    Call("GET /api/ad-concepts/{pending}/stream", 200, who="cookie"),
    Call("GET /api/ad-concepts/{done}/stream", 204, headers={"Last-Event-ID": "1"}),
    Call("GET /api/ad-concepts/x/stream", 404),
]
