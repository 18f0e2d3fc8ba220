"""The built-in task service, which describes images: what an external one would offer in its place.

In production it takes a service token.
"""

from app.apidocs.json_schema import Object, any_object, exactly, one_of, text, uuid
from app.apidocs.operation import Operation, Operations, json, ok
from app.apidocs.security import ANYBODY, SERVICE
from app.tasks import schemas

TITLE = "Tasks"

ID = "6f5e4d3c-2b1a-4098-8765-43210fedcba9"
RESULT = Object("TaskResult", {"concept_json": any_object({"title": "A red square"})})
REFUSED = ("Missing credentials", "Invalid token")

OPERATIONS: Operations = {
    "tasks.submit": Operation(
        summary="Have an image described",
        needs=(SERVICE, ANYBODY),
        body=json(
            schemas.TaskSubmission,
            example={"ad_archive_id": "ad-2026-11", "image_url": "https://images.example.org/ad.png"},
        ),
        answers={
            202: ok(Object("SubmittedTask", {"task_id": uuid(ID), "status": exactly("pending")}), "Queued")
        },
        errors={400: "image_url: Missing data for required field.", 401: REFUSED},
    ),
    "tasks.show": Operation(
        summary="How far a task is",
        needs=(SERVICE, ANYBODY),
        answers={
            200: ok(
                Object(
                    "Task",
                    {
                        "task_id": uuid(ID),
                        "status": one_of("completed", "pending", "processing", "failed"),
                        "result": RESULT,
                        "error": text("The image can't be read"),
                    },
                    optional=frozenset({"result", "error"}),
                )
            )
        },
        errors={401: REFUSED, 404: "Task not found"},
    ),
}
