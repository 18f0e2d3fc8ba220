"""`flask --app wsgi concept …`: submits an image to the running hub and follows its concept."""

import hashlib
from pathlib import Path
from time import monotonic
from typing import Any

import click
import orjson
from flask import current_app
from sqlalchemy import select

from app.auth.models import User
from app.cli import credentials, report, topics
from app.cli.follower import Follower
from app.cli.groups import HubGroup
from app.cli.pictures import data_url
from app.cli.remote import HubClient
from app.cli.terminal import harmless, plain
from app.cli.topics import TopicTarget
from app.concepts.answers import FINAL
from app.concepts.live import NAME
from app.extensions import db

PATH = "/api/ad-concepts"
HEAD_BYTES = 1024  # for the rest of the body beside the image

concept = HubGroup("concept", help="Concepts of images, made by the task service: create.")


@concept.command("create")
@click.argument("image")
@click.option("--watch", is_flag=True, help="Stay until it is finished, and show the concept.")
@click.option("--url", help="Where the hub runs; default http://BIND.")
@click.option("--user", "name", help="Whose concept it is to be; default: the oldest account.")
@click.option("--ad", help="The ad's id; default: one that stands for the image.")
@click.option("--json", "as_json", is_flag=True, help="Print what the hub says, as JSON.")
def create(image: str, url: str | None, name: str | None, ad: str | None, **flags: bool) -> None:
    """Submit IMAGE, a file or an http(s) URL, to the hub that runs.

    The same image again is the same concept, begun again if it failed.
    """
    hub, token = HubClient(url), _token(name)
    image_url = _image_url(image)
    ad = ad or hashlib.sha256(image_url.encode()).hexdigest()[:16]
    begun = hub.call("POST", PATH, token, json={"ad_archive_id": ad, "image_url": image_url})
    watch, as_json = flags["watch"], flags["as_json"]
    if not as_json:
        click.echo(f"{begun['id']} of ad {ad}", err=True)
    found = _watch(hub, begun, token, as_json) if watch else begun
    if as_json:
        lines = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode().split("\n")
        click.echo("\n".join(map(harmless, lines)))
    elif "concept_json" in found:
        report.show(found["concept_json"])
    if found["status"] == "failed":
        raise click.ClickException(plain(found.get("error", "The task failed")))


def _watch(hub: HubClient, begun: dict[str, Any], token: str, is_quiet: bool) -> dict[str, Any]:
    began, found = monotonic(), begun
    target = TopicTarget(topics.CONCEPT, begun["ad_archive_id"], begun["id"], begun["sse_url"], lambda: token)
    for event in Follower(hub, target, _keep_quiet).events():
        if event.name != NAME:
            continue
        found = orjson.loads(event.data)
        if not is_quiet:
            click.echo(f"{monotonic() - began:6.1f} s  {plain(found['status'])}", err=True)
        if found["status"] in FINAL:
            break
    return found


def _image_url(image: str) -> str:
    if image.startswith(("http://", "https://")):
        return image
    path = Path(image)
    if not path.is_file():
        raise click.UsageError(f"There is no file {image}.")
    return data_url(path, current_app.config["MAX_BODY_BYTES"] - HEAD_BYTES)


def _token(name: str | None) -> str:
    oldest = select(User).order_by(User.created_at, User.uuid).limit(1)
    user = credentials.find(name) if name else db.session.scalar(oldest)
    if user is None:
        raise click.ClickException("There is no account: `flask --app wsgi user create` makes one.")
    return credentials.account(user)


def _keep_quiet(sentence: str) -> None:
    """The states of the concept are printed; sentences about the connection are not."""
