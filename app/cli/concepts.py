"""`flask --app wsgi concept …`: an image handed to the hub that runs, and what becomes of it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import click
import orjson
import requests
from flask import current_app
from sqlalchemy import select

from app.accounts import service as accounts
from app.auth import tokens
from app.auth.models import User
from app.cli import report
from app.cli.groups import Group
from app.cli.pictures import data_url
from app.extensions import db
from config.base import own_url

ANSWER_SECONDS = 30
SILENCE_SECONDS = 60  # longer than two heartbeats
TOKEN_SECONDS = 3600
PAUSE_SECONDS = 1
HEAD_BYTES = 1024  # what a body holds beside the image

concept = Group("concept", help="Concepts of images, made by the task service: create.")


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
    hub = Hub(url or own_url(current_app.config["BIND"]), _token(name))
    image_url = _image_url(image)
    ad = ad or hashlib.sha256(image_url.encode()).hexdigest()[:16]
    begun = hub.create(ad, image_url)
    watch, as_json = flags["watch"], flags["as_json"]
    if not as_json:
        click.echo(f"{begun['id']} of ad {ad}", err=True)
    found = _watch(hub, begun, as_json) if watch else begun
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    elif "concept_json" in found:
        report.show(found["concept_json"])
    if found["status"] == "failed":
        raise click.ClickException(found.get("error", "The task failed"))


class Hub:
    """Calls to a hub, as a program of somebody's makes them."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    def create(self, ad: str, image_url: str) -> dict[str, Any]:
        body = {"ad_archive_id": ad, "image_url": image_url}
        answer = self._request("POST", "/api/ad-concepts", json=body)
        said: dict[str, Any] = _object(answer)
        if not answer.ok:
            raise click.ClickException(str(said.get("error", f"The hub answered {answer.status_code}")))
        return said

    def watch(self, sse_url: str) -> Iterator[dict[str, Any]]:
        """Each state of the concept, to the last; comes back when the connection is lost."""
        last_id = ""
        while True:
            headers = {"Accept": "text/event-stream", "Last-Event-ID": last_id}
            with self._request("GET", sse_url, headers=headers, stream=True) as answer:
                if answer.status_code != 200:
                    raise click.ClickException(f"The hub answered {answer.status_code}")
                for id, data in _events(answer):
                    last_id = id
                    state = orjson.loads(data)
                    yield state
                    if state["status"] in {"completed", "failed"}:
                        return
            sleep(PAUSE_SECONDS)

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            timeout = SILENCE_SECONDS if options.get("stream") else ANSWER_SECONDS
            return self._session.request(method, self._url + path, timeout=timeout, **options)
        except requests.RequestException as error:
            raise click.ClickException(
                f"No hub answers at {self._url}: start it with `make run`, or name it with --url"
            ) from error


def _events(answer: requests.Response) -> Iterator[tuple[str, str]]:
    """Id and data of the updates (WHATWG HTML, 9.2.6), until the stream ends or breaks off."""
    fields: dict[str, str] = {}
    try:
        for line in answer.iter_lines():
            name, _, value = line.decode().partition(": ")
            if line:
                fields[name] = value
            elif fields.get("event") == "concept-update":
                yield fields.get("id", ""), fields.get("data", "")
            if not line:
                fields = {}
    except requests.RequestException:
        return


def _watch(hub: Hub, begun: dict[str, Any], is_quiet: bool) -> dict[str, Any]:
    began, found = monotonic(), begun
    for found in hub.watch(begun["sse_url"]):
        if not is_quiet:
            click.echo(f"{monotonic() - began:6.1f} s  {found['status']}", err=True)
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
    user = accounts.find_user(name) if name else db.session.scalar(oldest)
    if user is None:
        wanted = f"no account named {name}" if name else "no account"
        raise click.ClickException(f"There is {wanted}: `flask --app wsgi user create` makes one.")
    return tokens.issue(tokens.ACCOUNT, user.uuid, TOKEN_SECONDS, user.token_version)


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        said = None
    return said if isinstance(said, dict) else {}
