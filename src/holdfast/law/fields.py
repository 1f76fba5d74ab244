"""Single values of a file of the law, each read as what it must be and nothing else.

Every function raises a `LawError` with file and line that says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from holdfast.core.words import N_
from holdfast.law.errors import LawError
from holdfast.law.tree import Items, Node, Table, Text

TEXT_MAX = 1000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII).fullmatch
_DAY = re.compile(r"(\d{4})-\d\d-\d\d", re.ASCII).fullmatch
_WHOLE = re.compile(r"\d{1,9}", re.ASCII).fullmatch
_BUDDHIST_YEAR_MIN = 2400

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def table(node: Node, needed: Collection[str], allowed: Collection[str] = ()) -> Mapping[str, Node]:
    """Return the entries of a table that has all keys needed and none but those allowed."""
    if not isinstance(node, Table):
        raise LawError.at(
            node.place,
            "law_table_needed",
            N_("{file}, line {line}: a table is needed here, with the keys {right}"),
            right=", ".join(needed),
        )
    for key, place in node.places.items():
        if key not in needed and key not in allowed:
            raise LawError.at(
                place,
                "law_key_unknown",
                N_("{file}, line {line}: the key {key!r} is not known here; known are {right}"),
                key=key[:40],
                right=", ".join((*needed, *allowed)),
            )
    for key in needed:
        if key not in node.entries:
            raise LawError.at(
                node.place,
                "law_key_missing",
                N_("{file}, line {line}: the key {key} is missing from what begins here"),
                key=key,
            )
    return node.entries


def keyed(node: Node) -> Mapping[str, Node]:
    """Return the entries of a table whose keys are names, such as victim_report."""
    if not isinstance(node, Table) or not node.entries:
        raise LawError.at(
            node.place,
            "law_names_needed",
            N_("{file}, line {line}: a table of names is needed here, each with what it means"),
        )
    for key, place in node.places.items():
        if _KEY(key) is None:
            raise LawError.at(
                place,
                "law_name_wrong",
                N_("{file}, line {line}: {key!r} is no name; write such as victim_report"),
                key=key[:40],
            )
    return node.entries


def items(node: Node) -> tuple[Node, ...]:
    """Return the items of a list."""
    if not isinstance(node, Items):
        raise LawError.at(
            node.place, "law_list_needed", N_("{file}, line {line}: a list is needed here")
        )
    return node.items


def text(node: Node) -> str:
    """Return a text that is not empty, on one line."""
    if not isinstance(node, Text) or node.is_null or not node.text.strip():
        raise LawError.at(
            node.place, "law_text_needed", N_("{file}, line {line}: a text is needed here")
        )
    found = " ".join(node.text.split())
    if len(found) > TEXT_MAX or not found.isprintable():
        raise LawError.at(
            node.place,
            "law_text_wrong",
            N_("{file}, line {line}: at most {limit} visible characters are taken here"),
            limit=TEXT_MAX,
        )
    return found


def name(node: Node) -> str:
    """Return a name such as victim_report."""
    found = text(node)
    if _KEY(found) is None:
        raise LawError.at(
            node.place,
            "law_name_wrong",
            N_("{file}, line {line}: {key!r} is no name; write such as victim_report"),
            key=found[:40],
        )
    return found


def day(node: Node) -> date:
    """Return a day of the common era."""
    found = node.text if isinstance(node, Text) and node.plain else ""
    match = _DAY(found)
    try:
        read = date.fromisoformat(found) if match else None
    except ValueError:
        read = None
    if read is None or read.year >= _BUDDHIST_YEAR_MIN:
        raise LawError.at(
            node.place,
            "law_day_wrong",
            N_("{file}, line {line}: {value!r} is no day of the common era; write such as {right}"),
            value=found[:40],
            right=f"{read.year - 543}{found[4:]}" if read else "2025-04-13",
        )
    return read


def whole(node: Node, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    found = node.text if isinstance(node, Text) and node.plain else ""
    if _WHOLE(found) is None or not least <= int(found) <= most:
        raise LawError.at(
            node.place,
            "law_number_wrong",
            N_("{file}, line {line}: a whole number from {least} to {most} is needed here"),
            least=least,
            most=most,
        )
    return int(found)


def flag(node: Node) -> bool:
    """Return true or false, written so."""
    found = node.text if isinstance(node, Text) and node.plain else ""
    if found not in {"true", "false"}:
        raise LawError.at(
            node.place, "law_flag_wrong", N_("{file}, line {line}: write true or false here")
        )
    return found == "true"


def choice(node: Node, kind: type[E]) -> E:
    """Return one of the words of an enumeration."""
    found = node.text if isinstance(node, Text) else ""
    try:
        return kind(found)
    except ValueError:
        raise LawError.at(
            node.place,
            "law_word_unknown",
            N_("{file}, line {line}: {value!r} is not one of {right}"),
            value=found[:40],
            right=", ".join(kind),
        ) from None


def several(node: Node, read: Callable[[Node], T]) -> tuple[T, ...]:
    """Return the items of a list, each read by `read`, none twice."""
    found: list[T] = []
    for item in items(node):
        value = read(item)
        if value in found:
            raise LawError.at(
                item.place,
                "law_item_twice",
                N_("{file}, line {line}: {value} stands twice in this list"),
                value=value,
            )
        found.append(value)
    return tuple(found)


def or_null(node: Node, read: Callable[[Node], T]) -> T | None:
    """Return what `read` reads, or None where `null` stands."""
    return None if isinstance(node, Text) and node.is_null else read(node)
