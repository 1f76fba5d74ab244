"""Questions to the registry as they come, and answers as they go: JSON, NDJSON, Arrow IPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from holdfast.api.arrow_stream import read_stream, texts_of
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant
from holdfast.core.words import N_
from holdfast.law.tier import CONTROLS
from holdfast.registry.screening import Answer, Registry, Screened, parse_kind
from holdfast.registry.subject import KEY_LENGTH_MAX

if TYPE_CHECKING:
    import pyarrow as pa

JSON, NDJSON = "application/json", "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
BODY_BYTES_MAX = 8_000_000
SUBJECTS_MAX = 100_000
"""Of one question."""
TEXT_LENGTH_MAX = 2 * KEY_LENGTH_MAX

Kind = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LENGTH_MAX)]
Purpose = Literal["payment", "onboarding", "review"]
"""Why it is asked: a payment intended, an account to be opened, customers one has."""
Reference = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,100}$")]
Customer = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{0,100}$")]


class Subject(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked about."""

    kind: Kind
    key: Key


class Why(msgspec.Struct):
    """Why something is asked, and for whom."""

    purpose: Purpose
    reference: Reference
    customer: Customer = ""


class One(Why, forbid_unknown_fields=True, kw_only=True):
    """A question about one subject."""

    kind: Kind
    key: Key


class Many(Why, forbid_unknown_fields=True, kw_only=True):
    """A question about several."""

    subjects: Annotated[list[Subject], msgspec.Meta(min_length=1, max_length=SUBJECTS_MAX)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about several subjects: keys by kind, and where each belongs in the answer."""

    why: Why
    kinds: Mapping[str, pa.Array]
    rows: Mapping[str, Sequence[int]]
    count: int


_one = msgspec.json.Decoder(One).decode
_many = msgspec.json.Decoder(Many).decode
_subject = msgspec.json.Decoder(Subject).decode
_encode = msgspec.json.encode


def read_one(body: bytes) -> One | None:
    """Read a question about one subject in JSON; None where it is about several.

    Raises:
        Refused: `question_unreadable`.
    """
    try:
        return _one(body)
    except msgspec.ValidationError as error:
        if b'"subjects"' in body:
            return None
        raise unreadable(error) from None
    except msgspec.DecodeError as error:
        raise unreadable(error) from None


def read_many(body: bytes) -> Asked:
    """Read a question about several subjects in JSON.

    Raises:
        Refused: `question_unreadable`.
    """
    try:
        found = _many(body)
    except msgspec.DecodeError as error:
        raise unreadable(error) from None
    return _by_kind(found, found.subjects)


def read_lines(body: bytes, why: Why) -> Asked:
    """Read NDJSON: one subject a line.

    Raises:
        Refused: `question_unreadable`, which names the line, or `question_too_many`.
    """
    subjects = []
    for number, line in enumerate(body.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            subjects.append(_subject(line))
        except msgspec.DecodeError as error:
            raise unreadable(error, number) from None
        _check_count(len(subjects))
    if not subjects:
        raise unreadable(ValueError("no subjects"))
    return _by_kind(why, subjects)


def read_arrow(body: bytes, why: Why, kind: str) -> Asked:
    """Read an uncompressed Arrow stream: a column `key`, and `kind` where the address names none.

    Raises:
        Refused: `question_unreadable` or `question_too_many`.
    """
    import pyarrow as pa

    try:
        table = read_stream(body)
        _check_count(table.num_rows)
        keys = texts_of(table.column("key"), TEXT_LENGTH_MAX)
        kinds = None if kind else texts_of(table.column("kind"), TEXT_LENGTH_MAX).to_pylist()
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:  # OSError: it was cut short
        raise unreadable(error) from None
    if not table.num_rows:
        raise unreadable(ValueError("no rows"))
    if kinds is None:
        return Asked(why, {kind: keys}, {kind: range(len(keys))}, len(keys))
    rows = _rows(found or "" for found in kinds)
    return Asked(why, {name: keys.take(pa.array(at)) for name, at in rows.items()}, rows, len(keys))


def why_of(words: Mapping[str, str]) -> Why:
    """Read why it is asked from the words of an address.

    Raises:
        Refused: `question_unreadable`.
    """
    try:
        return msgspec.convert(
            {name: words[name] for name in ("purpose", "reference", "customer") if name in words},
            Why,
        )
    except msgspec.ValidationError as error:
        raise unreadable(error) from None


def screen_all(registry: Registry, asked: Asked, institution_kind: str, at_us: int) -> Screened:
    """Answer a question about several subjects, in the order they were asked about.

    Raises:
        Refused: `subject_kind_unknown`.
    """
    for kind in asked.kinds:
        parse_kind(kind)
    parts = {
        kind: registry.screen(keys, kind, institution_kind, at_us)
        for kind, keys in asked.kinds.items()
    }
    if len(parts) == 1:
        return next(iter(parts.values()))
    return Screened.joined([(parts[kind], asked.rows[kind]) for kind in parts])


def one_shown(question_id: str, answer: Answer) -> bytes:
    """Write the answer about one subject."""
    return _encode(
        {
            "id": question_id,
            "listed": answer.tier is not None,
            "tier": answer.tier,
            "effects": answer.effects,
            "spares": answer.spares,
            "disputed": answer.disputed,
            "until": None if answer.until_us is None else format_instant(answer.until_us),
            "data_version": answer.data_version,
            "valid_for_s": answer.valid_for_s,
        }
    )


def many_shown(question_id: str, screened: Screened) -> bytes:
    """Write the answers about several subjects in JSON."""
    return _encode(
        {
            "id": question_id,
            "data_version": screened.data_version,
            "answers": list(_rows_shown(screened)),
        }
    )


def lines_shown(question_id: str, screened: Screened) -> bytes:
    """Write the answers as NDJSON: one a line, in the order of the questions."""
    encoded = msgspec.json.Encoder().encode_lines
    return encoded(
        {"id": question_id, "data_version": screened.data_version} | row
        for row in _rows_shown(screened)
    )


def arrow_shown(question_id: str, screened: Screened) -> bytes:
    """Write the answers as an Arrow stream; the question's id stands in the schema's metadata."""
    import pyarrow as pa

    table = screened.table.replace_schema_metadata({"id": question_id})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _rows_shown(screened: Screened) -> Iterator[dict[str, Any]]:
    for row, values in enumerate(screened.table.to_pylist()):
        error = screened.problems.get(row)
        if error is not None:
            yield {"problem": {"code": error.code, "detail": str(error)}}
            continue
        until_us = values["until_us"]
        yield {
            "listed": values["tier"] is not None,
            "tier": values["tier"],
            "effects": {control: values[control] for control in CONTROLS},
            "spares": (values["spares"] or "").split(),
            "disputed": values["disputed"],
            "until": None if until_us is None else format_instant(until_us),
            "valid_for_s": values["valid_for_s"],
        }


def _by_kind(why: Why, subjects: Sequence[Subject]) -> Asked:
    import pyarrow as pa

    rows = _rows(subject.kind for subject in subjects)
    kinds = {
        kind: pa.array([subjects[row].key for row in at], pa.string()) for kind, at in rows.items()
    }
    return Asked(why, kinds, rows, len(subjects))


def _rows(kinds: Iterator[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, kind in enumerate(kinds):
        rows.setdefault(kind, []).append(row)
    return rows


def _check_count(count: int) -> None:
    if count > SUBJECTS_MAX:
        raise Refused(
            "question_too_many",
            N_("one question asks about {limit} subjects at most; send several"),
            limit=SUBJECTS_MAX,
        )


def unreadable(error: Exception, line: int = 0) -> Refused:
    """Return the refusal of a question that can't be read; it shows nothing of what was asked."""
    if line:
        return Refused(
            "question_unreadable",
            N_("line {line} of the question can't be read: {why}"),
            line=line,
            why=str(error)[:200],
        )
    return Refused(
        "question_unreadable", N_("the question can't be read: {why}"), why=str(error)[:200]
    )
