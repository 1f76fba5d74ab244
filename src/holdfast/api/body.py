"""The body of a request: JSON that every reader reads alike, within bounds."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from holdfast.api.problem import BODY_BYTES_MAX, too_long
from holdfast.core.errors import Refused
from holdfast.core.words import N_

DEPTH_MAX = 20
"""Objects and lists within each other; a report has five."""
NUMBER_LENGTH_MAX = 30


class JsonParser(Parser):
    """Reads bodies more strictly than JSON's own rules ask for."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's value.

        Raises:
            Refused: `content_type_wrong`, `body_too_long` or `json_unreadable`.
        """
        if request.content_type != "application/json":
            raise Refused("content_type_wrong", N_("the body is JSON: send application/json"))
        return read_json(raw_body(request))


def raw_body(request: HttpRequest) -> bytes:
    """Return the body's bytes.

    Raises:
        Refused: `body_too_long`, also where its length was not said before.
        RequestDataTooBig: its said length is beyond the server's own bound.
    """
    body: bytes = request.body
    if len(body) > BODY_BYTES_MAX:
        raise too_long()
    return body


def read_json(body: bytes) -> Any:
    """Read JSON in UTF-8 in which no name comes twice in an object, and nothing breaks a database.

    Raises:
        Refused: `json_unreadable`.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_names_once,
            parse_constant=_no_number,
            parse_int=_whole_number,
            parse_float=_fraction,
        )
        _check(value, DEPTH_MAX)
    except (ValueError, RecursionError):
        raise Refused(
            "json_unreadable",
            N_(
                "the body is not JSON that can be taken: UTF-8, each name once in its object, "
                "{depth} levels at most, no NaN, no NUL"
            ),
            depth=DEPTH_MAX,
        ) from None
    return value


def _check(value: object, levels: int) -> None:
    """Refuse depth, NUL (no database keeps it in text) and halves of a character."""
    if levels < 0:
        raise ValueError
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError
        value.encode()
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, levels)
            _check(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, levels - 1)


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError
    return values


def _no_number(_text: str) -> Any:
    raise ValueError


def _whole_number(text: str) -> int:
    if len(text) > NUMBER_LENGTH_MAX:
        raise ValueError
    return int(text)


def _fraction(text: str) -> float:
    if len(text) > NUMBER_LENGTH_MAX:
        raise ValueError
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError
    return value
