"""The gateway: back ends over HTTP, clients and bots over WebSocket, one connection per user."""
