"""Flat or not: the last third of the judged time against the first.

**Growth** is the median of the last third less the median of the first. Medians of many samples are not moved
by single peaks, they see a jump as well as a slope (a steady leak shows two thirds of what it leaked), and
need no model of the noise. Only growth is judged: what shrinks is let go.

**Tolerance** is the largest of three:

- a share of the first median, for memory: 3 %. What is looked for would be more in the seven minutes that are
  judged of a full run: one byte kept of each byte that is delivered is hundreds of MB.
- a number that belongs to the figure: descriptors, greenlets and connections move by the few requests that
  are under way at the moment of a sample.
- twice the spread: the median deviation from the median, within the thirds. That is what churn does to the
  figure (a stream that is being opened has a descriptor and a greenlet and is not counted as one yet). A leak
  moves the medians apart, and hardly the spread within a third.

**Objects.** A small leak hides in 3 % of memory. So the objects of the hub's own types are counted too, when
the judged time begins and when it ends: of none may there be more by 15 % of the streams, which is what their
coming and going makes of it. In a full run streams are opened, and pushes and questions answered, far more
often than that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.soak.samples import EXTRA, GREENLETS, MEMORY, POSTGRES, REDIS, Samples

LEAST_POINTS = 9


@dataclass(frozen=True)
class Rule:
    figure: str
    share: float = 0.0
    number: float = 0.0


RULES = (
    Rule(EXTRA, number=8),
    Rule(GREENLETS, number=8),
    Rule(REDIS, number=4),
    Rule(POSTGRES, number=3),
    Rule(MEMORY, share=0.03),
)
SPREADS = 2
OWN, OWN_SHARE, OWN_NUMBER = "app.", 0.15, 100


@dataclass(frozen=True)
class Verdict:
    """Of one line of a figure; `level` is the median of the first third."""

    figure: str
    line: str
    level: float
    growth: float
    tolerance: float

    @property
    def is_flat(self) -> bool:
        return self.growth <= self.tolerance

    def sentence(self) -> str:
        return (
            f"{self.figure}, {self.line}: {self.level:,.1f} at first, {self.growth:+,.1f} since, "
            f"{self.tolerance:,.1f} allowed"
        )


def judge(samples: Samples, since: float, until: float) -> list[Verdict]:
    """One verdict for each line of each judged figure. Raises ValueError when there are too few samples."""
    return [
        _judge(rule, line, [value for at, value in points if since <= at <= until])
        for rule in RULES
        for line, points in samples.of(rule.figure).items()
    ]


def types_that_grew(grown: Sequence[Counter[str]], streams: int) -> dict[str, int]:
    """The hub's own types whose objects grew beyond the bound, over all workers."""
    total = sum(grown, Counter())
    allowed = max(OWN_NUMBER, OWN_SHARE * streams)
    return {kind: more for kind, more in total.most_common() if kind.startswith(OWN) and more > allowed}


def left_behind(left: Mapping[str, float]) -> dict[str, float]:
    """Of what is there more than before anybody came, and too much: threads and such stay, once made."""
    allowed = {rule.figure: rule.number for rule in RULES}
    return {figure: more for figure, more in left.items() if more > allowed.get(figure, 0)}


def _judge(rule: Rule, line: str, values: Sequence[float]) -> Verdict:
    if len(values) < LEAST_POINTS:
        raise ValueError(f"{rule.figure}: {len(values)} samples are too few to judge")
    third = len(values) // 3
    first, last = values[:third], values[-third:]
    level = median(first)
    tolerance = max(rule.share * level, rule.number, SPREADS * max(_spread(first), _spread(last)))
    return Verdict(rule.figure, line, level, median(last) - level, tolerance)


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)
