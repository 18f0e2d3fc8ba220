"""Asking all workers at once: in memory there is one, over Redis there are as many as there are engines."""

from collections.abc import Callable
from time import monotonic

import gevent
import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import HistoryLimits
from app.realtime.engine import Engine
from app.realtime.workers.survey import Survey
from tests.realtime.conftest import MakeEngine
from tests.support.services import RedisServer
from tests.support.wait import wait_until

MakeSurvey = Callable[..., Survey]
KIND = "greeting"
over_redis = pytest.mark.parametrize("broker_url", ["redis"], indirect=True)


@pytest.fixture
def make_survey(make_engine: MakeEngine) -> MakeSurvey:
    """Of a new worker, which answers with what it was asked and its id, as soon as `may_answer` says so."""

    def make(may_answer: Callable[[], bool] = lambda: True) -> Survey:
        engine = make_engine()
        survey = Survey(engine.mailbox, engine.broker)

        def answer(question: bytes) -> bytes:
            wait_until(may_answer, 10)
            return question + engine.worker_id.encode()

        survey.questions[KIND] = answer
        engine.companions.append(survey)
        engine.serve()
        survey.end_worker = engine.stop  # type: ignore[attr-defined]
        return survey

    return make


def id_of(survey: Survey) -> str:
    return survey._mailbox.worker


def everybody(survey: Survey, count: int) -> dict[str, bytes]:
    """What they say, once all are listed."""
    wait_until(lambda: len(survey.ask(KIND, b"", 1).given) == count, 5)
    answers = survey.ask(KIND, b"hello ", 5)
    assert (answers.silent, answers.is_whole) == ([], True)
    return answers.given


def test_all_are_asked(make_survey: MakeSurvey, broker_url: str) -> None:
    surveys = [make_survey() for _ in range(3 if broker_url else 1)]
    expected = {id_of(survey): f"hello {id_of(survey)}".encode() for survey in surveys}
    for survey in surveys:
        assert everybody(survey, len(surveys)) == expected


def test_some_are_asked(make_survey: MakeSurvey, broker_url: str) -> None:
    first, *others = [make_survey() for _ in range(3 if broker_url else 1)]
    for survey in (first, *others):
        everybody(first, len(others) + 1)
        assert list(first.ask(KIND, b"", 5, [id_of(survey)]).given) == [id_of(survey)]


@over_redis
def test_who_says_nothing_is_named_in_time(make_survey: MakeSurvey) -> None:
    says: list[bool] = [True]
    asking, silent = make_survey(), make_survey(lambda: says[0])
    everybody(asking, 2)
    says[0] = False
    began = monotonic()
    answers = asking.ask(KIND, b"", 2)
    assert monotonic() - began < 6
    assert (list(answers.given), answers.silent) == ([id_of(asking)], [id_of(silent)])
    assert not answers.is_whole
    says[0] = True  # what it says now comes too late, and does no harm
    everybody(asking, 2)


@over_redis
def test_who_has_ended_is_not_waited_for(make_survey: MakeSurvey) -> None:
    asking, ending = make_survey(), make_survey()
    everybody(asking, 2)
    ending.end_worker()  # type: ignore[attr-defined]
    wait_until(lambda: asking.ask(KIND, b"", 1) == ({id_of(asking): id_of(asking).encode()}, [], True), 5)


def test_many_ask_at_once(make_survey: MakeSurvey, broker_url: str) -> None:
    surveys = [make_survey() for _ in range(2 if broker_url else 1)]
    everybody(surveys[0], len(surveys))
    asking = [gevent.spawn(survey.ask, KIND, b"%d " % n, 5) for n in range(50) for survey in surveys]
    gevent.joinall(asking, raise_error=True)
    for number, greenlet in enumerate(asking):
        expected = {id_of(it): f"{number // len(surveys)} {id_of(it)}".encode() for it in surveys}
        assert greenlet.value.given == expected


def test_while_redis_is_away_it_knows_of_itself_alone(own_redis: RedisServer) -> None:

    engine = Engine(make_broker(own_redis.url, HistoryLimits(), "test"))
    survey = Survey(engine.mailbox, engine.broker)
    survey.questions[KIND] = lambda question: b"here"
    engine.start()
    own_redis.stop()
    wait_until(lambda: not engine.broker.is_connected, 10)
    began = monotonic()
    assert survey.ask(KIND, b"", 1) == ({engine.worker_id: b"here"}, [], False)
    assert monotonic() - began < 2
    engine.stop()
