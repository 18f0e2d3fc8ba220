"""Shapes of the requests of the notification hub."""

from app.fields import NAME_LENGTH, Body, text


class Credentials(Body):
    client_id = text(NAME_LENGTH)
    client_secret = text(1000)
