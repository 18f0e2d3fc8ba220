"""curl, as the README uses it: what it prints is read by the tests' own decoder, for it has none."""

import subprocess

from lines import CERTIFICATE, Position, Refused, asked, keep_coming_back, say

from tests.support.sse import Decoder

REFUSED = 22  # curl's own code for a status of 400 and above, with --fail


def read(position: Position) -> None:
    headers = [word for name, value in position.headers.items() for word in ("-H", f"{name}: {value}")]
    argv = ["curl", "-qsSN", "--fail", "--noproxy", "*", "--cacert", CERTIFICATE, *headers, asked["url"]]
    decoder, size = Decoder(position.cursor), 0
    with subprocess.Popen(argv, stdout=subprocess.PIPE, bufsize=0) as curl:
        assert curl.stdout is not None
        while data := curl.stdout.read(65536):
            if not size:
                say("open")
            size += len(data)
            for event in decoder.feed(data):
                say("event", name=event.name, data=event.data, id=event.last_event_id)
            position.note(decoder.last_event_id, decoder.retry)
    if curl.returncode == REFUSED or (curl.returncode == 0 and not size):  # a 204 has no body
        raise Refused


keep_coming_back(read, OSError)
