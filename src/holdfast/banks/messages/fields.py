"""One field of a message after the other, each within its bounds, each error with its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant, parse_instant
from holdfast.core.money import AMOUNT_MINOR_MAX, exponent
from holdfast.core.plain import plain
from holdfast.core.words import N_

ORDER_BYTES_MAX = 64 * 1024
TEXT_LENGTH_MAX = 140
INSTITUTION = r"[A-Z]{2}(?:\.[A-Za-z0-9-]{1,35}){1,3}"
"""Of a bank what its accounts begin with (TH.THCBC.004), of others a name (TH.AOC)."""
ID = r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,59}"
"""What stands in a path and in a cell as it is, without being quoted there."""
_RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII).fullmatch

Word = TypeVar("Word", bound=Enum)


class Kind(Enum):
    """Which way a message goes, which chooses the codes of its errors."""

    ORDER = "order"  # from the centre to a bank
    ANSWER = "answer"  # from a bank to the centre


class Fields:
    """An object of a message that is read field by field; what was never asked for is counted.

    Every method raises `order_field` or `answer_field`, which names the field, what is wrong
    with it in one word, and what would be right, but never shows the value: it may be personal.
    """

    def __init__(self, values: Mapping[str, Any], kind: Kind, inside: str = "") -> None:
        self._values = values
        self._kind = kind
        self._inside = inside
        self._asked: set[str] = set()
        self._unknown = 0

    @classmethod
    def of(cls, value: object, kind: Kind, inside: str = "") -> Fields:
        """Take a JSON object, the field `inside` of its message."""
        if not isinstance(value, dict):
            raise field_wrong(kind, inside.rstrip("."), "not_object", "{…}")
        return cls(value, kind, inside)

    def unknown(self) -> int:
        """Return how many fields, here and in the objects within, were never asked for."""
        return self._unknown + len(self._values.keys() - self._asked)

    def wrong(self, name: str, problem: str, right: str) -> Refused:
        """Return the error for the field `name`."""
        return field_wrong(self._kind, self._inside + name, problem, right)

    def value(self, name: str) -> Any:
        """Return what stands in a field that must be there."""
        self._asked.add(name)
        value = self._values.get(name)
        if value is None:
            raise self.wrong(name, "missing", "a value")
        return value

    def has(self, name: str) -> bool:
        """Whether a field that may be left out, or be null, has a value."""
        self._asked.add(name)
        return self._values.get(name) is not None

    def inner(self, name: str) -> Fields:
        """Return an object within; its unknown fields are counted once it was `seen`."""
        return Fields.of(self.value(name), self._kind, f"{self._inside}{name}.")

    def seen(self, inner: Fields) -> None:
        """Count the unknown fields of an object within, after all of it was read."""
        self._unknown += inner.unknown()

    def rows(self, name: str, rows_max: int) -> Sequence[Fields]:
        """Return the objects of a list; one that is left out is empty."""
        if not self.has(name):
            return ()
        rows = self.value(name)
        if not isinstance(rows, list) or len(rows) > rows_max:
            raise self.wrong(name, "not_list", f"[…], 0..{rows_max}")
        return [
            Fields.of(row, self._kind, f"{self._inside}{name}[{place}].")
            for place, row in enumerate(rows)
        ]

    def text(self, name: str, pattern: str = rf"(?s).{{1,{TEXT_LENGTH_MAX}}}") -> str:
        """Return printable text that the pattern matches whole."""
        value = self.value(name)
        if not isinstance(value, str):
            raise self.wrong(name, "not_text", '"…"')
        if not value.isprintable() or re.fullmatch(pattern, value) is None:
            raise self.wrong(name, "form", pattern)
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return short printable text, or None where the field is left out or null."""
        return self.text(name) if self.has(name) else None

    def prose_or_none(self, name: str, length_max: int) -> str | None:
        """Return text that a person wrote, line breaks as blanks, invisible marks left out."""
        if not self.has(name):
            return None
        value = self.value(name)
        if not isinstance(value, str) or len(value) > length_max:
            raise self.wrong(name, "too_long", f"1..{length_max}")
        try:
            return plain(" ".join(value.split()), length_max)
        except Refused as refused:
            raise self.wrong(name, refused.code, f"1..{length_max}") from None

    def id(self, name: str) -> str:
        """Return an id of an order or an answer."""
        return self.text(name, ID)

    def institution(self, name: str) -> str:
        """Return the name of an institution."""
        return self.text(name, INSTITUTION)

    def word(self, name: str, words: type[Word]) -> Word:
        """Return one of a fixed set of words."""
        value = self.value(name)
        for word in words:
            if word.value == value:
                return word
        raise self.wrong(name, "unknown_word", "|".join(str(word.value) for word in words))

    def integer(self, name: str, least: int = 0, most: int = AMOUNT_MINOR_MAX) -> int:
        """Return a whole number; 1.0, 1e3 and "1" are none."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "not_integer", f"{least}..{most}")
        if not least <= value <= most:
            raise self.wrong(name, "out_of_bounds", f"{least}..{most}")
        return value

    def integer_or_none(self, name: str, least: int = 0) -> int | None:
        """Return a whole number, or None where the field is left out or null."""
        return self.integer(name, least) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "not_flag", "true|false")
        return value

    def flag_or_none(self, name: str) -> bool | None:
        """Return true, false, or None where the field is left out or null."""
        return self.flag(name) if self.has(name) else None

    def instant(self, name: str) -> int:
        """Return a time in UTC as microseconds since 1970."""
        value = self.value(name)
        right = "2026-03-01T00:02:42Z"
        if not isinstance(value, str) or _RFC_3339_UTC(value) is None:
            raise self.wrong(name, "not_time", right)
        try:
            return parse_instant(value)
        except Refused as refused:
            raise self.wrong(name, refused.code, right) from None

    def instant_or_none(self, name: str) -> int | None:
        """Return a time in UTC, or None where the field is left out or null."""
        return self.instant(name) if self.has(name) else None

    def account(self, name: str) -> str:
        """Return the canonical text of an account."""
        try:
            return parse_account(self.text(name))
        except Refused as refused:
            if refused.code.endswith("_field"):
                raise
            raise self.wrong(name, refused.code, "TH.THCBC.004.0123456789") from None

    def currency(self, name: str) -> str:
        """Return a currency of ISO 4217."""
        value = self.text(name, "[A-Z]{3}")
        try:
            exponent(value)
        except Refused as refused:
            raise self.wrong(name, refused.code, "THB") from None
        return value

    def fixed(self, name: str, right: object) -> None:
        """Make sure that a field says what it must."""
        value = self.value(name)
        if value != right or type(value) is not type(right):
            raise self.wrong(name, "unknown_word", str(right))


def field_wrong(kind: Kind, field: str, problem: str, right: str) -> Refused:
    """Return the error of a field of a message that goes the way `kind`."""
    if kind is Kind.ORDER:
        return Refused(
            "order_field",
            N_("the field {field} of the order is wrong ({problem}); right would be {right}"),
            field=field,
            problem=problem,
            right=right,
        )
    return Refused(
        "answer_field",
        N_("the field {field} of the answer is wrong ({problem}); right would be {right}"),
        field=field,
        problem=problem,
        right=right,
    )


def read_object(body: bytes, kind: Kind, bytes_max: int) -> dict[str, Any]:
    """Read a JSON object whose names come once each.

    Raises:
        Refused: `order_too_long` or `answer_too_long`; `order_unreadable` or
            `answer_unreadable`.
    """
    if len(body) > bytes_max:
        raise _too_long(kind, bytes_max)
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_names_once, parse_constant=_not_a_number
        )
    except (ValueError, RecursionError):
        raise unreadable(kind) from None
    if not isinstance(value, dict):
        raise unreadable(kind)
    return value


def to_json(values: Mapping[str, Any]) -> bytes:
    """Write the one canonical form: sorted names, no blanks, UTF-8."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def instant_or_null(time_us: int | None) -> str | None:
    """Write a time that may be missing."""
    return None if time_us is None else format_instant(time_us)


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice: two readers of one signature would read two orders."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError
    return values


def _not_a_number(_text: str) -> Any:
    raise ValueError


def _too_long(kind: Kind, bytes_max: int) -> Refused:
    if kind is Kind.ORDER:
        return Refused(
            "order_too_long",
            N_("an order has at most {limit} bytes; this one has more"),
            limit=bytes_max,
        )
    return Refused(
        "answer_too_long",
        N_("an answer has at most {limit} bytes; this one has more"),
        limit=bytes_max,
    )


def unreadable(kind: Kind) -> Refused:
    """Return the error of a body that is no JSON object at all."""
    if kind is Kind.ORDER:
        return Refused(
            "order_unreadable",
            N_("this is not an order: one JSON object in UTF-8 is, each of its names once"),
        )
    return Refused(
        "answer_unreadable",
        N_("this is not an answer: one JSON object in UTF-8 is, each of its names once"),
    )
