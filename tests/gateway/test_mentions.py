"""@mentions: the target of a message."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.mentions import TEXT_KEYS, find_mention, find_text

PUBLIC = {"ci_bot", "email_bot", "b0t", "_", "CI"}

MENTIONED = [
    ("@ci_bot", "ci_bot"),
    ("@ci_bot run the tests", "ci_bot"),
    ("please, @ci_bot: run", "ci_bot"),
    ("(@ci_bot)", "ci_bot"),
    ("@ci_bot.", "ci_bot"),
    ("@ci_bot's", "ci_bot"),
    ("@ci_bot-like", "ci_bot"),
    ("@ci_bot@example.org", "ci_bot"),
    ("a\n@ci_bot\n", "ci_bot"),
    ("\t@ci_bot", "ci_bot"),
    ("@@ci_bot", "ci_bot"),
    ("-@ci_bot", "ci_bot"),
    (".@ci_bot", "ci_bot"),
    ("/@ci_bot", "ci_bot"),
    ("\u00a0@ci_bot", "ci_bot"),
    ("\U0001f389@ci_bot", "ci_bot"),
    ("\u201c@ci_bot\u201d", "ci_bot"),
    ("@ci_bot\u00e4", "ci_bot"),
    ("@ci_bot\u4e16", "ci_bot"),
    ("@b0t", "b0t"),
    ("@_ and more", "_"),
    ("@CI", "CI"),
    ("@alice, @ci_bot and @email_bot", "ci_bot"),
    ("@email_bot @ci_bot", "email_bot"),
    ("ann@ci_bot.org @email_bot", "email_bot"),
    ("@ci_bots @ci_bot", "ci_bot"),
    ("@" * 50 + "ci_bot", "ci_bot"),
]
NOT_MENTIONED = [
    "",
    "@",
    "@ ci_bot",
    "ci_bot",
    "@alice",
    "@ci_bots",
    "@ci_bo",
    "@xci_bot",
    "@ci-bot",
    "@Ci_bot",
    "@CI_BOT",
    "@ci",
    "@ci_bot_",
    "@ci_bot2",
    "ann@ci_bot",
    "ann@ci_bot.example.org",
    "Z@ci_bot",
    "9@ci_bot",
    "_@ci_bot",
    "\u00e4@ci_bot",
    "\u4e16@ci_bot",
    "\u0436@ci_bot",
    "\u0663@ci_bot",
    "@\u0441i_bot",
    "@\uff43i_bot",
    "@\u200bci_bot",
    "\uff20ci_bot",
]


@pytest.mark.parametrize(("text", "name"), MENTIONED)
def test_mentioned(text: str, name: str) -> None:
    assert find_mention({"message": text}, PUBLIC) == name


@pytest.mark.parametrize("text", NOT_MENTIONED)
def test_not_mentioned(text: str) -> None:
    assert find_mention({"message": text}, PUBLIC) is None


@pytest.mark.parametrize("index", range(len(TEXT_KEYS)))
def test_the_text_is_the_first_that_is_a_string(index: int) -> None:
    others: list[Any] = [None, 5, True, ["@email_bot"], {"message": "@email_bot"}]
    for other in others:
        data = dict.fromkeys(TEXT_KEYS[index + 1 :], "@email_bot")
        data |= {TEXT_KEYS[index]: "@ci_bot"}
        data |= dict.fromkeys(TEXT_KEYS[:index], other)
        assert find_mention(data, PUBLIC) == "ci_bot"


def test_the_keys_of_the_contract_in_its_order() -> None:
    assert TEXT_KEYS == ("message", "text", "data", "content", "body")


def test_an_empty_text_is_a_text() -> None:
    assert find_mention({"message": "", "text": "@ci_bot"}, PUBLIC) is None


@pytest.mark.parametrize("data", [{}, {"note": "@ci_bot"}, {"user_id": "@ci_bot"}, {"message": None}])
def test_no_text(data: dict[str, Any]) -> None:
    assert find_text(data) == ""
    assert find_mention(data, PUBLIC) is None


def test_without_public_names_nothing_is_a_mention() -> None:
    assert find_mention({"message": "@ci_bot"}, set()) is None


def test_a_long_text_takes_no_long_time() -> None:
    for text in ("@" * 1_000_000, "@a" * 500_000, "a@" * 500_000, "@" + "a" * 1_000_000):
        began = time.perf_counter()
        assert find_mention({"message": text}, PUBLIC) is None
        assert time.perf_counter() - began < 2


@given(st.text(alphabet="a9_@ ci_bot\u00e4.\n"))
def test_it_finds_what_reading_letter_by_letter_finds(text: str) -> None:
    assert find_mention({"message": text}, PUBLIC) == read_letter_by_letter(text)


def read_letter_by_letter(text: str) -> str | None:
    """As the contract says it, word for word."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
    for index, character in enumerate(text):
        before = text[index - 1] if index else " "
        if character == "@" and not (before.isalnum() or before == "_"):
            name = ""
            for following in text[index + 1 :]:
                if following not in letters:
                    break
                name += following
            if name in PUBLIC:
                return name
    return None
