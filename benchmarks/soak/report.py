"""What a run says: a summary for the terminal, a page with a plot, and what is wrong."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report.table import Table, shown
from benchmarks.soak import plot
from benchmarks.soak.judgement import OWN, Verdict, left_behind, types_that_grew
from benchmarks.soak.run import Outcome
from benchmarks.soak.samples import (
    CPU,
    DELIVERED,
    REDIS_MEMORY,
    SOCKETS,
    STREAMS,
    Points,
    Samples,
    last,
)

MOST_TYPES = 8
BEGIN, END = "<!-- soak -->", "<!-- /soak -->"


def problems(outcome: Outcome, verdicts: Sequence[Verdict]) -> list[str]:
    """One line for each thing that is not as it should be; none: the run is good."""
    grew = [f"NOT FLAT: {verdict.sentence()}" for verdict in verdicts if not verdict.is_flat]
    types = types_that_grew(outcome.grown, outcome.plan.streams)
    grew += [f"NOT FLAT: {more:+,} objects of type {kind}" for kind, more in types.items()]
    if grew:
        grew += _objects(outcome.grown)
    wrong = [f"WRONG: {what} ({times:,} times)" for what, times in outcome.tally.faults.most_common()]
    return [*grew, *wrong, *_left_behind(outcome)]


def _left_behind(outcome: Outcome) -> list[str]:
    left = [
        f"LEFT BEHIND when all clients had gone: {more:+,.0f} {figure}"
        for figure, more in left_behind(outcome.left).items()
    ]
    return left and [*left, *_objects(outcome.kept)]


def _objects(grown: Sequence[Counter[str]]) -> list[str]:
    """Those that became more: of the hub's own types, and of others."""
    lines = []
    for number, types in enumerate(grown, start=1):
        own = Counter({kind: more for kind, more in types.items() if kind.startswith(OWN)})
        most = [*own.most_common(MOST_TYPES), *(types - own).most_common(MOST_TYPES)]
        told = ", ".join(f"{kind} {more:+,}" for kind, more in most)
        lines.append(f"  objects of worker {number}: {told or 'no more'}")
    return lines


def summary(outcome: Outcome, verdicts: Sequence[Verdict], surroundings: str) -> str:
    return "\n\n".join(
        [
            surroundings,
            *(table.as_text() for table in (_flatness(outcome, verdicts), _happened(outcome))),
        ]
    )


def write(folder: Path, outcome: Outcome, verdicts: Sequence[Verdict], surroundings: str) -> None:
    """`soak.svg`, and in `soak.md` what stands between the marks; the rest of that page stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = plot.svg(outcome.samples, outcome.plan, verdicts)
    (folder / "soak.svg").write_text(picture)
    page = folder / "soak.md"
    text = page.read_text() if page.exists() else f"{BEGIN}\n{END}\n"
    tables = [table.as_markdown() for table in (_flatness(outcome, verdicts), _happened(outcome))]
    found = problems(outcome, verdicts)
    end = "\n".join(f"- {line}" for line in found) if found else "Flat, and nothing was lost."
    said = "\n\n".join([surroundings, *tables, end])
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{said}\n{END}", text, flags=re.DOTALL))


def _flatness(outcome: Outcome, verdicts: Sequence[Verdict]) -> Table:
    plan = outcome.plan
    judged = f"minutes {plan.judged_from / 60:.2g} to {outcome.plan.seconds / 60:.2g}"
    table = Table(
        f"{plan.streams:,} streams and {plan.sockets:,} sockets for {outcome.plan.seconds / 60:.2g} minutes; "
        f"growth in {judged}",
        ["figure", "of", "at first", "growth", "allowed", "flat"],
    )
    for it in verdicts:
        figures = (shown(it.level), f"{it.growth:+.1f}", f"{it.tolerance:.1f}")
        table.rows.append([it.figure, it.line, *figures, "yes" if it.is_flat else "NO"])
    return table


def _happened(outcome: Outcome) -> Table:
    """Medians are of the judged time; `processor` is per cent of one core."""
    tally, samples = outcome.tally, outcome.samples
    table = Table("What went on", ["what", "figure"])
    rows: list[tuple[str, float]] = [
        *((f"{figure}, {line}", _middle(outcome, points)) for figure, line, points in _lines(samples)),
        (f"{REDIS_MEMORY}, at last", last(samples.of(REDIS_MEMORY)["Redis"])),
        *sorted(tally.counts.items()),
        ("deliveries expected", tally.expected),
        ("deliveries received", tally.received),
        *((f"answers {status}", count) for status, count in sorted(tally.answers.items())),
    ]
    table.rows.extend([what, f"{value:,.0f}"] for what, value in rows)
    return table


def _lines(samples: Samples) -> list[tuple[str, str, Points]]:
    figures = (STREAMS, SOCKETS, DELIVERED, CPU)
    return [(figure, line, points) for figure in figures for line, points in samples.of(figure).items()]


def _middle(outcome: Outcome, points: Points) -> float:
    return median([value for at, value in points if outcome.plan.judged_from <= at <= outcome.plan.seconds])
