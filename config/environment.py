"""Typed reading of environment variables; problems are collected, so that all are reported together."""

import re
from collections.abc import Mapping
from pathlib import Path

# A subset of the notation of the `limits` library (its documentation, "Rate limit string notation").
_RATE = re.compile(r"[1-9][0-9]* ?(/|per) ?([1-9][0-9]* ?)?(second|minute|hour|day)s?", re.IGNORECASE)


class ConfigurationError(Exception):
    """The settings can't be used; `problems` has one sentence about each problem."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def refusal(problems: list[str]) -> str:
    """The text that is printed when the hub does not start."""
    return "\n".join(["The hub can't start:", *(f"- {problem}" for problem in problems)])


class Environment:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The variable without surrounding space; `default` when unset or empty."""
        return self._variables.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """As `text`, or the content of the file that `<name>_FILE` names, as container engines provide
        secrets."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if value and path:
            self.problems.append(f"{name} and {name}_FILE are both set; keep one of them")
        if value or not path:
            return value
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            self.problems.append(f"{name}_FILE is '{path}', which can't be read: {why}")
            return ""

    def number(self, name: str, default: int, least: int = 0) -> int:
        value = self.text(name)
        if not value:
            return default
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least:
            self.problems.append(f"{name} is '{value}'; it must be a whole number of at least {least}")
            return default
        return number

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        self.problems.append(f"{name} is '{value}'; it must be 1 or 0")
        return default

    def items(self, name: str) -> list[str]:
        """A comma-separated list, without blanks around the items."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value.lower() in {item.lower() for item in allowed}:
            return next(item for item in allowed if item.lower() == value.lower())
        self.problems.append(f"{name} is '{value}'; it must be one of: {', '.join(allowed)}")
        return default

    def rate(self, name: str, default: str) -> str:
        """A number per time, as `10/minute` or `5 per 2 hours`."""
        value = self.text(name, default)
        if _RATE.fullmatch(value):
            return value
        self.problems.append(f"{name} is '{value}'; it must be like 10/minute")
        return default

    def check(self) -> None:
        if self.problems:
            raise ConfigurationError(self.problems)
