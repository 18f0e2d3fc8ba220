"""PyPI httpx-sse; coming back is left to the program, as its README says."""

import ssl

import httpx
from httpx_sse import connect_sse
from lines import CERTIFICATE, Position, Refused, asked, keep_coming_back, say

client = httpx.Client(verify=ssl.create_default_context(cafile=CERTIFICATE), timeout=30, trust_env=False)


def read(position: Position) -> None:
    with connect_sse(client, "GET", asked["url"], headers=position.headers) as source:
        if source.response.status_code != 200:
            raise Refused
        say("open")
        for event in source.iter_sse():
            position.note(event.id, event.retry)
            say("event", name=event.event, data=event.data, id=event.id)


keep_coming_back(read, httpx.HTTPError)
