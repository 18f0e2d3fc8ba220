"""PyPI websocket-client, with the token in a header."""

from threading import Thread

from lines import CERTIFICATE, HEADERS, asked, say, told
from websocket import WebSocketApp


def send_all() -> None:
    for text in told():
        socket.send(text)


socket = WebSocketApp(
    asked["url"],
    header=HEADERS,
    on_open=lambda _: say("open"),
    on_message=lambda _, text: say("frame", text=text),
    on_close=lambda _, code, reason: say("closed", code=code, reason=reason),
)
Thread(target=send_all, daemon=True).start()
socket.run_forever(sslopt={"ca_certs": CERTIFICATE})
