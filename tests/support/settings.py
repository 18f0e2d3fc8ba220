"""Which settings the configuration asks the environment for."""

from __future__ import annotations

from config import Base, load


class Recorder(dict[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, **variables: str) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


def development(instance_path: str) -> tuple[Base, set[str]]:
    """Development's settings, and the names of all that the environment may set, whatever the database."""
    environment = Recorder(INSTANCE_PATH=instance_path)
    postgres = Recorder(INSTANCE_PATH=instance_path, DATABASE_URL="postgresql://hub@db/hub")
    load(postgres)
    settings = load(environment)
    return settings, {name for name in environment.asked | postgres.asked if not name.endswith("_FILE")}
