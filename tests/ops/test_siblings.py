"""The metrics that workers share through a folder, during their lives and after. Here each worker is an
object."""

import os
import shutil
from pathlib import Path

import pytest

from app.ops.metrics.families import FAMILIES, SILENCE
from app.ops.metrics.family import Snapshot, combine
from app.ops.metrics.siblings import ENDED, SiblingReport, Siblings

PUBLISHED, STREAMS, MOST_FDS = "hub_events_published", "hub_streams", "hub_open_fds_max"


def numbers(published: int, streams: int = 0, fds: int = 0) -> Snapshot:
    return {PUBLISHED: {(): [published]}, STREAMS: {(): [streams]}, MOST_FDS: {(): [fds]}}


def worker(folder: Path, snapshot: Snapshot) -> Siblings:
    made = Siblings(folder)
    made.enter()
    made.write_snapshot(snapshot)
    return made


def seen_by(worker: Siblings) -> dict[str, float | None]:
    """The combined numbers that it has of the others."""
    together = combine(FAMILIES, worker.others())
    return {name: together[name].get((), [None])[0] for name in (PUBLISHED, STREAMS, MOST_FDS)}


def test_living_workers_are_summed_and_the_worst_is_shown(tmp_path: Path) -> None:
    first, *_others = [worker(tmp_path, numbers(n, n, n)) for n in (100, 1, 2, 3)]
    assert seen_by(first) == {PUBLISHED: 6, STREAMS: 6, MOST_FDS: 3}


def test_the_newest_numbers_count(tmp_path: Path) -> None:
    first, other = worker(tmp_path, {}), worker(tmp_path, numbers(1, 5))
    other.write_snapshot(numbers(2, 4))
    assert seen_by(first) == {PUBLISHED: 2, STREAMS: 4, MOST_FDS: 0}


def test_a_worker_that_stands_still_is_seen_by_the_age_of_its_numbers(tmp_path: Path) -> None:
    first, other = worker(tmp_path, {}), worker(tmp_path, numbers(1))
    told = tmp_path / f"{other.id}.json"
    os.utime(told, (told.stat().st_atime, told.stat().st_mtime - 30))
    assert combine(FAMILIES, first.others())[SILENCE][()][0] >= 30
    other.write_snapshot(numbers(1))
    assert combine(FAMILIES, first.others())[SILENCE][()][0] < 30


def test_counters_outlive_their_worker_and_gauges_do_not(tmp_path: Path) -> None:
    first, second, other = (worker(tmp_path, numbers(n, n, n)) for n in (1, 2, 4))
    other.leave()
    assert seen_by(first) == {PUBLISHED: 6, STREAMS: 2, MOST_FDS: 2}
    second.merge_ended()
    assert not list(tmp_path.glob(f"{other.id}.*"))
    assert seen_by(first) == {PUBLISHED: 6, STREAMS: 2, MOST_FDS: 2}
    second.leave()
    first.merge_ended()
    assert seen_by(first) == {PUBLISHED: 6, STREAMS: None, MOST_FDS: None}


def test_who_was_killed_while_burying_counts_nothing_twice(tmp_path: Path) -> None:
    """The numbers were merged, and the files of the ended worker are still there."""
    first, other = worker(tmp_path, {}), worker(tmp_path, numbers(4))
    other.leave()
    kept = {path: path.read_bytes() for path in tmp_path.glob(f"{other.id}.*")}
    first.merge_ended()
    for path, content in kept.items():
        path.write_bytes(content)
    assert seen_by(first)[PUBLISHED] == 4
    first.merge_ended()
    assert seen_by(first)[PUBLISHED] == 4
    assert not list(tmp_path.glob(f"{other.id}.*"))


def test_two_do_not_bury_at_the_same_time(tmp_path: Path) -> None:
    first, second, other = (worker(tmp_path, numbers(n)) for n in (1, 2, 4))
    other.leave()
    with first._alone() as is_alone:
        assert is_alone
        second.merge_ended()
        assert list(tmp_path.glob(f"{other.id}.*"))
    second.merge_ended()
    assert seen_by(first)[PUBLISHED] == 6


def test_a_lost_folder_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    first, other = worker(folder, numbers(1)), worker(folder, numbers(2))
    shutil.rmtree(folder)
    assert not first.is_present
    for one, published in ((first, 1), (other, 2)):
        one.enter()
        one.write_snapshot(numbers(published))
    assert first.is_present
    assert seen_by(first)[PUBLISHED] == 2


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[1]", b'[["x"], 7]', b'[["x"], {"hub_streams": [[[], [1, 2]]]}]']
)
def test_numbers_of_another_release_are_left_out(tmp_path: Path, text: bytes) -> None:
    first, other = worker(tmp_path, {}), worker(tmp_path, {})
    (tmp_path / f"{other.id}.json").write_bytes(text)
    assert seen_by(first)[STREAMS] is None


def test_the_list_of_the_buried_is_bounded(tmp_path: Path) -> None:
    first = worker(tmp_path, {})
    for _ in range(1010):
        worker(tmp_path, numbers(1)).leave()
        first.merge_ended()
    assert seen_by(first)[PUBLISHED] == 1010
    report = SiblingReport.decode((tmp_path / f"{ENDED}.json").read_bytes())
    assert report is not None and len(report.ids) == 1000
    assert len(list(tmp_path.iterdir())) < 6
