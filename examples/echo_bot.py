"""A bot that repeats each question in three frames. Needs websocket-client; `make bot` runs it.

HUB is the hub's address, NAME the bot's name. With GATEWAY_AUTH=token, CREDENTIAL is the credential that
`flask --app wsgi bot create NAME` printed.
"""

import json
import os
import time

import websocket

HUB, NAME = os.environ.get("HUB", "http://127.0.0.1:8000"), os.environ.get("NAME", "echo_bot")
CREDENTIAL = os.environ.get("CREDENTIAL")


def answer(socket: websocket.WebSocketApp, text: str) -> None:
    question = json.loads(text)
    if "correlation_id" in question:
        frame = {"correlation_id": question["correlation_id"], "user_id": NAME}
        socket.send(json.dumps({**frame, "message": "You said:"}))
        socket.send(json.dumps({**frame, "message": question.get("message")}))
        socket.send(json.dumps({**frame, "message": "That was all.", "is_final": True}))


bot = websocket.WebSocketApp(
    f"ws{HUB.removeprefix('http')}/ws?user_id={NAME}",
    header={"Authorization": f"Bearer {CREDENTIAL}"} if CREDENTIAL else None,
    on_open=lambda _: print(f"{NAME} is connected to {HUB}", flush=True),
    on_message=answer,
    on_close=lambda _, code, reason: print(f"closed: {code} {reason}", flush=True),
)
while True:
    bot.run_forever(suppress_origin=True)
    time.sleep(1)
