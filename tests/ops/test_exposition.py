"""The two exposition formats, byte for byte."""

from app.ops.metrics.exposition import OPENMETRICS, expose
from app.ops.metrics.family import Family, take
from app.realtime.meters import Histogram

FAMILIES = (
    Family("a", "gauge", "Of now.", lambda it: 2),
    Family("b", "counter", "Of always.", lambda it: {"y": 1, 'x"\\\n': 3}, ("why",)),
    Family("c_seconds", "counter", "None yet.", lambda it: {}, ("one", "two")),
)
PLAIN = r"""# HELP a Of now.
# TYPE a gauge
a 2
# HELP b_total Of always.
# TYPE b_total counter
b_total{why="x\"\\\n"} 3
b_total{why="y"} 1
# HELP c_seconds_total None yet.
# TYPE c_seconds_total counter
"""
OPEN = r"""# HELP a Of now.
# TYPE a gauge
a 2
# HELP b Of always.
# TYPE b counter
b_total{why="x\"\\\n"} 3
b_total{why="y"} 1
# HELP c_seconds None yet.
# TYPE c_seconds counter
# UNIT c_seconds seconds
# EOF
"""


def test_exact_texts() -> None:
    assert expose(FAMILIES, take(FAMILIES, None)) == PLAIN
    assert expose(FAMILIES, take(FAMILIES, None), OPENMETRICS) == OPEN


def test_buckets_are_cumulative_and_include_their_bounds() -> None:
    times = Histogram()
    for seconds in (0.0, 0.001, 0.002, 0.3, 99.0):
        times.observe(seconds)
    families = (Family("t_seconds", "histogram", "Times.", lambda it: {("a", 200): times}, ("way", "code")),)
    lines = expose(families, take(families, None)).splitlines()[2:]
    assert lines[0] == 't_seconds_bucket{way="a",code="200",le="0.001"} 2'
    assert lines[1] == 't_seconds_bucket{way="a",code="200",le="0.0025"} 3'
    assert lines[8] == 't_seconds_bucket{way="a",code="200",le="0.5"} 4'
    assert lines[-3:] == [
        't_seconds_bucket{way="a",code="200",le="+Inf"} 5',
        f't_seconds_sum{{way="a",code="200"}} {sum([0.0, 0.001, 0.002, 0.3, 99.0])}',
        't_seconds_count{way="a",code="200"} 5',
    ]
