"""`flask --app wsgi …`: what is done to a hub from a shell, one module per group."""

from flask import Flask

from app.cli.bots import bot
from app.cli.clients import client
from app.cli.concepts import concept
from app.cli.prune import prune
from app.cli.seed import seed
from app.cli.users import token, user


def init_app(app: Flask) -> None:
    for command in (seed, token, user, client, bot, concept, prune):
        app.cli.add_command(command)
