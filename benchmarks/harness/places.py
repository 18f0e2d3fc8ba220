"""Where things are: the repository, and the folder for everything that is built, installed or logged."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
CACHE = BENCHMARKS / ".cache"
LOGS = CACHE / "logs"


def cache(*parts: str) -> Path:
    """A folder under the cache, made when it isn't there."""
    path = CACHE.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
