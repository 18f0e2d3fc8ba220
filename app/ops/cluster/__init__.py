"""`/api/ops`: the whole cluster for operators. A survey asks each worker through its mailbox."""

from flask import Flask

from app.ops.cluster.routes import blueprint, survey_part
from app.ops.cluster.worker import WorkerReport
from app.ops.metrics.process import ProcessStats
from app.realtime.engine import Engine
from app.realtime.workers.survey import Survey


def init_app(app: Flask, engine: Engine) -> None:
    survey = survey_part.bind(app, Survey(engine.mailbox, engine.broker))
    survey.questions.update(WorkerReport(engine, ProcessStats()).questions)
    engine.companions.append(survey)
    app.register_blueprint(blueprint)
