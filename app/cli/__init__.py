"""`flask --app wsgi …`: the commands, one module per group."""

from flask import Flask

from app.cli.ask import ask
from app.cli.bots import bot
from app.cli.clients import client
from app.cli.concepts import concept
from app.cli.doctor import doctor
from app.cli.prune import prune
from app.cli.publish import publish
from app.cli.seed import seed
from app.cli.stats import stats
from app.cli.users import token, user
from app.cli.watch import watch


def init_app(app: Flask) -> None:
    for command in (seed, token, user, client, bot, concept, prune, doctor, watch, publish, ask, stats):
        app.cli.add_command(command)
