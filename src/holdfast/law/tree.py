"""YAML as it stands in its lines, without guessing: tables, lists and texts.

No text is turned into a number, a date or a yes by itself: whoever reads a parameter says what
it must be. Whatever lets one line mean something that stands elsewhere (anchors, tags, a key
twice) is refused, because a lawyer reads these files too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import yaml

from holdfast.core.words import N_
from holdfast.law.errors import LawError, Place

DEPTH_MAX = 12


@dataclass(frozen=True, slots=True)
class Text:
    """A single value as written; `plain` when it stands without quotes."""

    place: Place
    text: str
    plain: bool

    @property
    def is_null(self) -> bool:
        """Return whether `null` stands here."""
        return self.plain and self.text == "null"


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key, in the order of the file; `places` says where each key stands."""

    place: Place
    entries: Mapping[str, Node]
    places: Mapping[str, Place]


Node = Text | Items | Table


def read_tree(file: str, data: bytes) -> Node:
    """Read the one document of a file.

    Raises:
        LawError: `law_yaml_unreadable`, `law_yaml_shortcut`, `law_yaml_deep`,
            `law_key_not_text` or `law_key_twice`.
    """
    reader = _Reader(file, data)
    try:
        return reader.document()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise reader.unreadable(
            mark.line + 1 if mark else reader.line,
            getattr(error, "problem", None) or getattr(error, "reason", None) or "",
        ) from error


@dataclass(slots=True)
class _Reader:
    """Turns the events of the parser into nodes."""

    file: str
    data: bytes
    line: int = 1
    _events: Iterator[yaml.Event] = field(init=False)

    def __post_init__(self) -> None:
        self._events = self._parse()

    def _parse(self) -> Iterator[yaml.Event]:
        for event in yaml.parse(
            self.data.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        ):
            if event.start_mark is not None:
                self.line = event.start_mark.line + 1
            yield event

    def document(self) -> Node:
        first = next(self._events)
        while isinstance(first, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
            first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            raise self.unreadable(1, "empty")
        node = self._node(first, 1)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self.unreadable(self.line, "second document")
        return node

    def unreadable(self, line: int, reason: str) -> LawError:
        return LawError.at(
            Place(self.file, line),
            "law_yaml_unreadable",
            N_("{file}, line {line}: this is not one readable YAML document ({reason})"),
            reason=reason,
        )

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = Place(self.file, self.line)
        if (
            isinstance(event, yaml.AliasEvent)
            or getattr(event, "anchor", None) is not None
            or getattr(event, "tag", None) is not None
        ):
            raise LawError.at(
                place,
                "law_yaml_shortcut",
                N_("{file}, line {line}: no anchors, aliases or tags here; write the value itself"),
            )
        if depth > DEPTH_MAX:
            raise LawError.at(
                place,
                "law_yaml_deep",
                N_("{file}, line {line}: more than {limit} levels; no parameter is that deep"),
                limit=DEPTH_MAX,
            )
        if isinstance(event, yaml.ScalarEvent):
            return Text(place, event.value, event.style is None or event.style == "")
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return Items(place, tuple(items))
        return self._table(place, depth)

    def _table(self, place: Place, depth: int) -> Table:
        entries: dict[str, Node] = {}
        places: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Text):
                raise LawError.at(
                    key.place,
                    "law_key_not_text",
                    N_("{file}, line {line}: a key is a word, not a list or a table"),
                )
            if key.text in entries:
                raise LawError.at(
                    key.place,
                    "law_key_twice",
                    N_("{file}, line {line}: {key} stands here a second time, after line {first}"),
                    key=key.text,
                    first=places[key.text].line,
                )
            places[key.text] = key.place
            entries[key.text] = self._node(next(self._events), depth + 1)
        return Table(place, MappingProxyType(entries), MappingProxyType(places))
