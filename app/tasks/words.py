"""Putting numbers into words."""


def pick(value: float, *steps: tuple[float, str]) -> str:
    """The word of the first step that is above the value, else that of the last."""
    return next((word for limit, word in steps if value < limit), steps[-1][1])


def percent(share: float) -> str:
    return f"{round(100 * share)} %"


def article(word: str, upper: bool = False) -> str:
    """With `a` or `an` before it; letters that are spelled out (MPEG) are not known here."""
    found = "an" if word[0].lower() in "aeio" else "a"
    return f"{found.capitalize() if upper else found} {word}"


def join_words(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
