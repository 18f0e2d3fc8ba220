"""`/api/ops`: what an operator sees of the whole cluster. Each worker is asked, over its mail."""

from flask import Flask

from app.ops.cluster.routes import blueprint
from app.ops.cluster.worker import Worker
from app.ops.metrics.process import Process
from app.realtime.engine import Engine
from app.realtime.survey import Survey


def init_app(app: Flask, engine: Engine) -> None:
    app.extensions["survey"] = survey = Survey(engine)
    survey.questions.update(Worker(engine, Process()).questions)
    engine.companions.append(survey)
    app.register_blueprint(blueprint)
