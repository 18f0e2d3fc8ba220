"""WebSockets: frames, connections, their transports, and the calls of their handlers."""
