"""Calls the running hub over HTTP, as any client does; each failure is one sentence."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urljoin, urlsplit

import click
import orjson
import requests
from flask import current_app
from urllib3.exceptions import HTTPError

from app.auth import tokens
from app.auth.credentials import MissingCredentials
from app.cli.terminal import plain
from app.extensions import db
from config.base import own_url

ANSWER_SECONDS = 30
SILENCE_SECONDS = 60  # at least; more than three default heartbeats
READ_BYTES = 64 * 1024
BAD_TOKEN = (MissingCredentials.message, tokens.INVALID)  # /sse answers 400 with these


class HubUnreachable(click.ClickException):
    """No hub answers there."""


class HubRefused(click.ClickException):
    """The hub answered with an error, or not as a hub does."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    @property
    def passes(self) -> bool:
        """Whether trying again may help: the hub, or the proxy before it, is busy or unreachable."""
        return self.status == 429 or self.status >= 500


class HubAnswer(dict[str, Any]):
    """A JSON object of a hub's response: a missing key raises HubRefused, not KeyError."""

    def __missing__(self, key: str) -> Any:
        raise HubRefused(200, f"The answer has no `{key}`: is a hub there, and of this release?")


class HubClient:
    """`token` is the user's (`--token`), for calls without a token of their own."""

    def __init__(self, url: str | None = None, token: str = "", ca: str | None = None) -> None:
        self.url = (url or default_url()).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise click.UsageError(f"--url {self.url} must begin with http:// or https://")
        if (
            "@" in self.url.split("/")[2]
        ):  # requests would send it instead of the token, and messages would show it
            raise click.UsageError("--url must not hold a name and a password: --token says who asks")
        self.token = token
        self.ca = ca
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca or True

    def call(self, method: str, path: str, token: str = "", kind: type = HubAnswer, **options: Any) -> Any:
        """The JSON of a successful response, of this type; None for an empty body. Raises HubUnreachable and
        HubRefused."""
        answer = self.request(method, path, token, timeout=ANSWER_SECONDS, **options)
        if not answer.ok or answer.is_redirect:
            raise self.refusal(answer)
        if not answer.content:
            return None
        try:
            said = json.loads(answer.content, object_hook=HubAnswer)
        except ValueError as error:
            raise self.refusal(answer) from error
        if not isinstance(said, kind):
            raise self.refusal(answer)
        return said

    @contextmanager
    def stream(
        self, path: str, token: str = "", method: str = "GET", last_id: str = "", **options: Any
    ) -> Iterator[requests.Response]:
        """The response before its body is read; raises HubUnreachable."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        silence = max(SILENCE_SECONDS, 3 * int(current_app.config["HEARTBEAT_SECONDS"]))
        timeout = (ANSWER_SECONDS, silence)
        answer = self.request(method, path, token, headers=headers, stream=True, timeout=timeout, **options)
        try:
            yield answer
        finally:
            answer.close()

    def request(self, method: str, path: str, token: str = "", **options: Any) -> requests.Response:
        db.session.remove()  # no transaction stays open during the call
        headers = options.pop("headers", {})
        token = token or self.token
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        try:
            return self._session.request(
                method, self.url + path, headers=headers, allow_redirects=False, **options
            )
        except requests.exceptions.SSLError as error:
            raise HubUnreachable(
                f"The certificate of {self.url} can't be verified ({_cause(error)}):"
                " --ca FILE names the authority that signed it, or the certificate itself"
            ) from error
        except requests.Timeout as error:
            raise HubUnreachable(f"The hub at {self.url} did not answer in time") from error
        except (requests.RequestException, ValueError) as error:  # ValueError: the URL is invalid
            raise HubUnreachable(
                f"No hub answers at {self.url}: start it with `make run`, or name it with --url"
            ) from error

    def refusal(self, answer: requests.Response) -> HubRefused:
        """What a response without success means, and what to do."""
        status, said = answer.status_code, object_of(answer).get("error")
        if answer.is_redirect:
            return HubRefused(status, f"{self.url} leads on to {_origin(answer)}: give that as --url")
        if not isinstance(said, str):
            return HubRefused(status, f"{self.url} answered {status}, and not as a hub does: is one there?")
        sentence = plain(said).rstrip(".")
        if status == 401 or said in BAD_TOKEN:
            sentence = f"The hub at {self.url} says: {sentence}. {self._advice()}"
        return HubRefused(status, sentence)

    def _advice(self) -> str:
        if self.token:
            return (
                "The token is not (or no longer) good for this: `flask --app wsgi token NAME` prints one"
                " where the hub runs, and POST /login gives one"
            )
        return (
            "It does not know the tokens of this configuration, so it is another hub's: give --token, or"
            " run this with that hub's settings (JWT_SECRET_KEY, DATABASE_URL)"
        )


def read(answer: requests.Response) -> Iterator[bytes]:
    """The chunks as they arrive, until the stream ends or the connection is lost."""
    try:
        while chunk := answer.raw.read1(READ_BYTES, decode_content=True):
            yield chunk
    except (HTTPError, OSError):
        return


def default_url() -> str:
    """Where the hub of this configuration serves on this machine."""
    bind: str = current_app.config["BIND"]
    if bind.startswith("unix:"):
        raise click.UsageError("BIND is a Unix socket: name the hub's address with --url")
    return own_url(bind)


def hub_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--url`, `--token` and `--ca`; the command gets a HubClient as its first argument."""

    @click.option("--url", envvar="HUB", help="Where the hub runs, or HUB; default http://BIND.")
    @click.option(
        "--token",
        envvar="HUB_TOKEN",
        default="",
        help="What to show it, or HUB_TOKEN; default: a short-lived one, made with the hub's secrets.",
    )
    @click.option(
        "--ca",
        type=click.Path(exists=True, dir_okay=False),
        help="PEM file of the authority that signed the hub's certificate, where systems don't know it.",
    )
    @wraps(command)
    def with_hub(url: str | None, token: str, ca: str | None, **arguments: Any) -> Any:
        return command(HubClient(url, token, ca), **arguments)

    return with_hub


def object_of(answer: requests.Response) -> dict[str, Any]:
    """The JSON object of the body; empty where the body is something else."""
    try:
        return object_in(answer.content)
    except requests.RequestException:
        return {}


def object_in(text: str | bytes) -> dict[str, Any]:
    """The text as a JSON object; empty where it is something else."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _origin(answer: requests.Response) -> str:
    """Scheme and host of a redirect's target."""
    place = urlsplit(urljoin(answer.url, answer.headers["Location"]))
    return plain(f"{place.scheme}://{place.netloc}")


def _cause(error: BaseException) -> str:
    """The reason that OpenSSL gave, without the texts that wrap it."""
    patterns = (r"certificate verify failed: ([^(]+)", r"\[SSL: (\w+)\]")
    found = next((match for it in patterns if (match := re.search(it, str(error)))), None)
    return plain(found[1]).strip().rstrip(".") if found else type(error).__name__
