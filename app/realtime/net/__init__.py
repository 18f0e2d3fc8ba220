"""Sockets below the protocols: epoll, taking over a request's socket, unsent bytes, a timing wheel."""
