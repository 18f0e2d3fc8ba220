"""A bot in a process of its own: `python -m benchmarks.harness.bot PORT USER FRAMES PAUSE`.

It connects as USER, writes `ready`, and answers each request with FRAMES frames, PAUSE seconds apart; with no
frames it only reads.
"""

import json
import sys
import time

from tests.support.websocket import NO_MASKING, Client


def answer(client: Client, frames: int, pause: float) -> None:
    for text in client.texts():
        correlation_id = json.loads(text)["correlation_id"]
        for number in range(1, frames + 1):
            if pause:
                time.sleep(pause)
            frame = {"correlation_id": correlation_id, "part": number, "is_final": number == frames}
            client.say(json.dumps(frame), NO_MASKING)


def main(port: str, user_id: str, frames: str, pause: str) -> None:
    client = Client.connect(int(port), f"/ws?user_id={user_id}", timeout=30)
    client.sock.settimeout(None)
    print("ready", flush=True)
    if int(frames):
        answer(client, int(frames), float(pause))
    else:
        client.drain()


if __name__ == "__main__":
    main(*sys.argv[1:])
