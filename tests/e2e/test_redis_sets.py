"""Two workers over Sentinel, over a Cluster, and through a pooler: what clients see when servers change."""

from __future__ import annotations

import gevent

from tests.support.burst import assert_same_for_all, run_burst
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.redis_sets import ClusterSet, SentinelSet


def test_streams_stay_when_sentinels_promote_a_replica(
    start_stage: StartStage, own_sentinels: SentinelSet
) -> None:
    stage = start_stage(workers=2, redis_url=own_sentinels.url, RATELIMIT_ENABLED="1")
    sources = stage.open_on_both(4)
    stage.notify("before")
    own_sentinels.wait_replicated()
    own_sentinels.stop_master()
    own_sentinels.wait_promoted()
    wait_health(stage.hub, 200)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["before", "after"])
        assert source.attempts == 1
        assert not source.named("stream.reset")


def test_a_slot_moves_under_a_burst(start_stage: StartStage, own_cluster: ClusterSet) -> None:
    limits = {"RATELIMIT_ENABLED": "1", "RATELIMIT_PUBLISH": "100000/second"}
    stage = start_stage(workers=2, redis_url=own_cluster.url, HISTORY_SIZE="5000", **limits)
    publishers, sources = stage.publishers(), stage.open_on_both(6)
    topic = f"constellation:{stage.constellation}"
    target = next(node for node in own_cluster.masters if node is not own_cluster.owner(topic))

    def move() -> None:
        own_cluster.begin_migration(topic, target)
        own_cluster.finish_migration(topic, target)

    run_burst(stage, publishers, 300, move)

    assert_same_for_all(sources, publishers)
    assert {source.attempts for source in sources} == {1}


def test_a_master_of_a_cluster_dies(start_stage: StartStage, own_cluster: ClusterSet) -> None:
    stage = start_stage(workers=2, redis_url=own_cluster.url)
    sources = stage.open_on_both(4)
    stage.notify("before")
    for source in sources:
        source.wait_for_messages(1)
    own_cluster.stop_first_master()
    wait_health(stage.hub, 200, 20)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["before", "after"])
        assert source.attempts == 1
        assert not source.named("stream.reset")


def test_two_workers_share_two_database_connections(
    start_stage: StartStage, redis_url: str, pooled_url: str
) -> None:
    stage = start_stage(workers=2, redis_url=redis_url, database_url=pooled_url)
    folder = stage.hub.root_folder(stage.constellation, stage.token)
    sources = stage.open_on_both(2)

    def make_file(number: int) -> int:
        body = {"name": f"file {number}", "content": "", "folder_uuid": folder}
        return stage.hub.post("/files", token=stage.token, json=body).status_code

    greenlets = [gevent.spawn(make_file, number) for number in range(40)]
    gevent.joinall(greenlets, timeout=30)
    assert [greenlet.value for greenlet in greenlets] == [201] * 40
    for source in sources:
        source.wait_for_messages(40)
