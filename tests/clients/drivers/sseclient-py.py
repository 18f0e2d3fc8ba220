"""PyPI sseclient-py on a response of requests; coming back is left to the program."""

import requests
from lines import CERTIFICATE, Position, Refused, asked, keep_coming_back, say
from sseclient import SSEClient


def read(position: Position) -> None:
    headers = {"Accept": "text/event-stream", **position.headers}
    answer = requests.get(asked["url"], headers=headers, stream=True, timeout=30, verify=CERTIFICATE)
    if answer.status_code != 200:
        raise Refused
    say("open")
    for event in SSEClient(answer).events():
        position.note(event.id, event.retry)
        say("event", name=event.event, data=event.data, id=event.id or "")


keep_coming_back(read, requests.RequestException)
