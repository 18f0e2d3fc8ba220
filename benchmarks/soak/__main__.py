"""`python -m benchmarks.soak`, from the root of the repository: `make soak`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import say
from benchmarks.harness import machine
from benchmarks.harness.install import Missing
from benchmarks.harness.noise import Noise
from benchmarks.harness.places import CACHE
from benchmarks.soak.judgement import judge
from benchmarks.soak.plan import Plan
from benchmarks.soak.report import problems, summary, write
from benchmarks.soak.run import soak

CANNOT, FAILED = 2, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """0: flat, and nothing was lost. 1: it is not, and standard output says what. 2: it could not be run."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    machine.raise_file_limit()
    described, noise = machine.describe(), Noise()
    try:
        outcome = soak(Plan(options.minutes, options.streams, options.sockets))
        verdicts = judge(outcome.samples, outcome.plan.judged_from, outcome.plan.seconds)
    except (Missing, ValueError) as error:
        say(f"the soak could not be run: {error}")
        return CANNOT
    surroundings = f"{described.sentence()}; others used {noise.share():.0%} of its processors meanwhile"
    write(options.write, outcome, verdicts, surroundings)
    print(summary(outcome, verdicts, surroundings))
    found = problems(outcome, verdicts)
    print("\n".join(found) if found else "\nFlat, and nothing was lost.")
    say(f"written: {options.write / 'soak.svg'}, {options.write / 'soak.md'}")
    return FAILED if found else 0


def _parser() -> argparse.ArgumentParser:
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=default.minutes, help="(%(default)s)")
    parser.add_argument("--streams", type=int, default=default.streams, help="event streams (%(default)s)")
    parser.add_argument("--sockets", type=int, default=default.sockets, help="WebSockets (%(default)s)")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", default=CACHE, help="soak.svg and soak.md there (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
