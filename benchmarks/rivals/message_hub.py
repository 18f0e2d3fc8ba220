"""This hub as a notification hub: a back end with a service token, and recipients with streams."""

from collections.abc import Mapping
from functools import cached_property

import orjson

from benchmarks.harness.http import HttpConnection, request
from benchmarks.rivals.hub import MeasuredHub, field_of

CLIENT = {"CLIENT_ID": "bench", "CLIENT_SECRET": "correct horse battery staple"}


class MessageHub(MeasuredHub):
    def settings(self) -> dict[str, str]:
        return {**super().settings(), **CLIENT}

    @cached_property
    def service(self) -> Mapping[str, str]:
        """The headers of the back end's calls. (A token lives for five minutes, which no step lasts.)"""
        body = orjson.dumps({name.lower(): value for name, value in CLIENT.items()})
        wire = request("POST", "/api/auth/token", body, {"Content-Type": "application/json"})
        with HttpConnection(self.port) as connection:
            token = field_of(connection.ask(wire), "access_token")
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def notify(self, users: list[str], payload: str) -> bytes:
        body = orjson.dumps({"users": users, "payload": payload})
        return request("POST", "/api/message/notify", body, self.service)

    def inbox(self, user: str) -> bytes:
        """The request that opens the user's stream."""
        wire = request("GET", f"/api/user/{user}/token", headers=self.service)
        with HttpConnection(self.port) as connection:
            token = field_of(connection.ask(wire), "access_token")
        return request("GET", "/sse", headers={"Authorization": f"Bearer {token}"})
