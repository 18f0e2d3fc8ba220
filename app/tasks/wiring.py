"""The built-in task service put together, where no other one is named by `EXTERNAL_API_URL`."""

from typing import Any

from flask import Flask

from app.extensions import engine_part
from app.tasks.addresses import is_anything, is_public
from app.tasks.images import Fetcher
from app.tasks.pictures import on_threads, read
from app.tasks.providers import make_provider
from app.tasks.routes import blueprint
from app.tasks.runner import Runner, RunnerSettings, runner_part


def init_app(app: Flask) -> None:
    """Serves `/tasks`, and has each worker do tasks once it serves or is handed one."""
    config = app.config
    if config["EXTERNAL_API_URL"]:
        return
    fetcher = Fetcher(allows=is_public if config["IS_PRODUCTION"] else is_anything)
    provider = make_provider(config)

    def describe(ad_archive_id: str, image_url: str) -> dict[str, Any]:
        picture = on_threads(read, fetcher.fetch(image_url))
        return provider.describe(picture, ad_archive_id)

    runner = Runner(
        app,
        describe,
        fetcher.allows,
        RunnerSettings(config["TASK_WORKERS"], config["TASK_LEASE_SECONDS"], config["TASK_KEEP_SECONDS"]),
    )
    engine_part.of(app).companions.append(runner_part.bind(app, runner))
    app.register_blueprint(blueprint)
