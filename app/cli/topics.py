"""How a user names a topic, and the stream that belongs to it.

`constellation:…` (a name or a uuid), `concept:…` (its id or its ad's), `recipient:…` (the name that the back
end gave it), `inbox:…` (a recipient by its number) and, to publish to, `group:…` (a name or a number). So all
topics that `/api/ops/topics` lists can be followed. Without the part before the colon the kinds
constellation, concept and recipient are tried.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NamedTuple

import click

from app.cli.terminal import plain

CONSTELLATION, CONCEPT, RECIPIENT, INBOX, GROUP = "constellation", "concept", "recipient", "inbox", "group"
READABLE = (CONSTELLATION, CONCEPT, RECIPIENT, INBOX)
WRITABLE = (CONSTELLATION, RECIPIENT, INBOX, GROUP)
BARE = (CONSTELLATION, CONCEPT, RECIPIENT)  # kinds that are tried without the part before the colon
_FORMS = {
    CONSTELLATION: ("Demo, constellation:Demo", "a constellation, by name or uuid"),
    CONCEPT: ("concept:ID", "a concept, by its id or by its ad's"),
    RECIPIENT: ("recipient:dora", "who gets messages, by the back end's name for it"),
    INBOX: ("inbox:7", "the same by number, as operators see it in /api/ops/topics"),
    GROUP: ("group:readers", "all recipients of a group, by name or number"),
}


def help_on(kinds: tuple[str, ...]) -> str:
    """For a command's help: `\b` keeps click from filling the lines."""
    lines = [f"  {form:26}  {meaning}" for form, meaning in map(_FORMS.__getitem__, kinds)]
    return "\n".join(["TOPIC is one of", "", "\b", *lines])


class TopicTarget(NamedTuple):
    """One topic: `id` is its id in the API, `path` the path of its stream. `token` makes a token that may
    read it and, for a constellation, write to it ("" where the given token is used)."""

    kind: str
    name: str
    id: str
    path: str
    token: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.kind} {plain(self.name)}"


class TopicLookup(ABC):
    """Finds topics by the names that users give them."""

    @abstractmethod
    def look_up(self, kind: str, text: str) -> list[TopicTarget]:
        """The topics of this kind with this name or id."""

    @abstractmethod
    def names(self, kind: str) -> Iterable[str]:
        """Up to some thousand names of this kind, for the hint at similar names."""

    def find(self, topic: str, kinds: tuple[str, ...]) -> TopicTarget:
        """The one topic of these kinds with this name; raises ClickException."""
        head, colon, rest = topic.partition(":")
        if colon and head in kinds and rest:
            return self._only(topic, rest, (head,))
        return self._only(topic, topic, tuple(kind for kind in kinds if kind in BARE))

    def _only(self, topic: str, text: str, kinds: tuple[str, ...]) -> TopicTarget:
        found = [target for kind in kinds for target in self.look_up(kind, text)]
        if not found:
            raise click.ClickException(self._unknown(topic, text, kinds))
        if len(found) > 1:
            forms = ", ".join(f"{target.kind}:{plain(target.id)}" for target in found[:5])
            raise click.ClickException(f"{plain(topic)} may be one of several: {forms}")
        return found[0]

    def _unknown(self, topic: str, text: str, kinds: tuple[str, ...]) -> str:
        """The sentence for an unknown topic, with similar names regardless of case."""
        names = {name.lower(): f"{kind}:{name}" for kind in kinds for name in self.names(kind)}
        near = [plain(names[name]) for name in get_close_matches(text.lower(), names, 3, 0.5)]
        hint = f"is it {' or '.join(near)}?" if near else "--help tells what a topic can be."
        new = " `publish --new` makes one." if kinds == (RECIPIENT,) else ""
        return f"There is no {' or '.join(kinds)} {plain(text)}: {hint}{new}"


def constellation(uuid: str, name: str, token: Callable[[], str]) -> TopicTarget:
    return TopicTarget(CONSTELLATION, name, uuid, f"/sse/updates/{uuid}", token)


def concept(uuid: str, name: str, token: Callable[[], str], is_named: bool = True) -> TopicTarget:
    query = "" if is_named else "?event=message"
    return TopicTarget(CONCEPT, name, uuid, f"/api/ad-concepts/{uuid}/stream{query}", token)


def recipient(external_id: str, token: Callable[[], str]) -> TopicTarget:
    return TopicTarget(RECIPIENT, external_id, external_id, "/sse", token)
