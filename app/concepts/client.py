"""The HTTP client of the task service: calls are bounded in time and size, and answers are validated."""

from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from urllib.parse import quote

import gevent
import orjson
import requests
from requests.adapters import HTTPAdapter

from app.concepts import answers
from app.concepts.answers import TaskAnswer
from app.concepts.failures import (
    Broken,
    Busy,
    CallFailed,
    Malformed,
    ServiceUnreachable,
    TaskMissing,
    TaskRefused,
    TimedOut,
)
from app.retrying import parse_retry_after

MOST_ANSWER_BYTES = 1024 * 1024
PAGE_BYTES = 64 * 1024
CONNECT_SECONDS = 3.05
MOST_RETRY_AFTER_SECONDS = 300.0
UNREACHABLE, TOO_SLOW = "The task service is unreachable", "The task service did not answer in time"
BUSY_STATUSES = frozenset({408, 425, 429})


class TaskClient:
    """One pool of connections per worker. `credentials` returns a bearer token, for a service that needs one.

    Every call raises CallFailed, and takes `seconds` at most.
    """

    def __init__(
        self, url: str, seconds: float, connections: int, credentials: Callable[[], str] | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._seconds = seconds
        self._credentials = credentials
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.trust_env = credentials is None  # no proxy stands between the hub and itself
        self._session.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "hub-concepts/1"}
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(1, connections, max_retries=0))

    def submit(self, ad_archive_id: str, image_url: str, key: str, caller: str) -> str:
        """The id of the new task. `key` names the attempt, for services that support `Idempotency-Key`."""
        data = orjson.dumps({"ad_archive_id": ad_archive_id, "image_url": image_url})
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        body, _ = self._call("POST", "/tasks", caller, headers, data)
        return answers.read_submission(body)

    def ask(self, task_id: str, caller: str) -> TaskAnswer:
        """The state of the task. `caller` is the worker that asks, as `X-Worker-Id`."""
        body, headers = self._call("GET", f"/tasks/{quote(task_id, safe='')}", caller)
        return answers.read_status(body, task_id, retry_after(headers.get("Retry-After")))

    def close(self) -> None:
        self._session.close()

    def _call(
        self,
        method: str,
        path: str,
        caller: str,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
    ) -> tuple[dict[str, Any], Any]:
        headers = {"X-Worker-Id": caller, **(headers or {})}
        if self._credentials is not None:
            headers["Authorization"] = f"Bearer {self._credentials()}"
        late = gevent.Timeout(self._seconds)
        try:
            with late:
                return self._send(method, path, headers, data)
        except gevent.Timeout as timeout:
            if timeout is not late:
                raise
            raise TimedOut(TOO_SLOW) from timeout
        except requests.Timeout as error:
            raise TimedOut(TOO_SLOW) from error
        except (requests.RequestException, OSError) as error:
            raise ServiceUnreachable(UNREACHABLE) from error

    def _send(
        self, method: str, path: str, headers: dict[str, str], data: bytes | None
    ) -> tuple[dict[str, Any], Any]:
        with self._session.request(
            method,
            self._url + path,
            data=data,
            headers=headers,
            timeout=(min(CONNECT_SECONDS, self._seconds), self._seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read(response)
            if not 200 <= response.status_code < 300:
                _fail(response, body)
            return answers.read_object(body), response.headers


def retry_after(header: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks to wait, bounded; None without one."""
    seconds = parse_retry_after(header)
    return None if seconds is None else min(seconds, MOST_RETRY_AFTER_SECONDS)


def _read(response: requests.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Malformed("The task service compressed its answer, which it was not asked to")
    body = bytearray()
    for page in response.iter_content(PAGE_BYTES):
        body += page
        if len(body) > MOST_ANSWER_BYTES:
            raise Malformed("The answer of the task service is too large")
    return bytes(body)


def _fail(response: requests.Response, body: bytes) -> NoReturn:
    """What a status that is not 2xx means (RFC 9110, 15)."""
    status, wait = response.status_code, retry_after(response.headers.get("Retry-After"))
    if status in BUSY_STATUSES or (status == 503 and wait is not None):
        raise Busy("The task service is busy", wait)
    if status >= 500:
        raise Broken(f"The task service failed (status {status})", wait)
    if status == 404:
        raise TaskMissing("The task service does not know the task")
    if 400 <= status < 500:
        raise TaskRefused(_refusal(status, body))
    raise Malformed(f"The task service answered with status {status}")


def _refusal(status: int, body: bytes) -> str:
    try:
        said = answers.readable(answers.read_object(body).get("error"))
    except CallFailed:
        said = ""
    return f"The task service refused the task: {said or f'status {status}'}"
