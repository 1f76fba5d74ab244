"""Transfers from Parquet (trail.md §1): the columns of the CSV form, with types.

Amounts and balances are decimals or text in major units, or whole numbers of minor units in a
column named `…_minor`; times are timestamps with a zone, whole microseconds, or text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US, parse_instant
from holdfast.core.money import bounded, exponent, parse_amount, parse_minor, positive
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import COLUMNS_MAX
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.rows import COLUMNS, REQUIRED, TransferRows
from holdfast.ledger.transfer import Transfer

BATCH_ROWS = 16_384
_MONEY = ("amount", "debit_balance_before", "credit_balance_before")
_MINOR = "_minor"
_UNITS_PER_SECOND = {"s": 1, "ms": 1000, "us": SECOND_US, "ns": 1000 * SECOND_US}

Cells = list[Any]
Convert = Callable[[Any], Cells]
"""Turns one Arrow array into plain cells, "" or None where it has nulls."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, the column of a transfer that it fills, and how."""

    name: str
    fills: str
    convert: Convert


def read_parquet(
    file: BinaryIO, name: str, now_us: int, notes: ReadNotes
) -> Iterator[Transfer | Problem]:
    """Yield the transfers and problems of a Parquet file in the order of its records.

    Raises:
        Refused: before anything is yielded: `parquet_unreadable`, `columns_too_many`,
            `column_missing`, `column_twice`, `column_type`, `amount_is_float`,
            `time_without_zone`.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    record = 0
    try:
        columns = _columns(ParquetFile(file).schema_arrow, notes)
        parquet = ParquetFile(
            file,
            page_checksum_verification=True,
            # Each text once, however often it stands in the file: a small file of one long text
            # a million times would fill the memory.
            read_dictionary=[column.name for column in columns if column.convert is _texts],
        )
        rows = TransferRows(now_us, _read_time, _read_amount, _read_balance)
        names = [column.name for column in columns]
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=names):
            for cells in _cells(batch, columns):
                record += 1
                notes.row = record
                yield _transfer_or_problem(rows, cells, name, record)
            notes.bytes_read = notes.bytes_total * record // max(parquet.metadata.num_rows, 1)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        damage = Refused(
            "parquet_unreadable",
            N_("the Parquet file is cut short or damaged; have it written or sent again"),
        )
        if not record:
            raise damage from None
        yield Problem.of(damage, name, record + 1)
    notes.bytes_read = notes.bytes_total


def _transfer_or_problem(
    rows: TransferRows, cells: Sequence[Any], name: str, record: int
) -> Transfer | Problem:
    try:
        if Refused in map(type, cells):
            raise next(cell for cell in cells if isinstance(cell, Refused))
        return rows.transfer(cells)
    except Refused as refused:
        return Problem.of(refused, name, record)


def _cells(batch: Any, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Yield the batch's records as cells in the order of `COLUMNS`, None where there is none."""
    filled = {column.fills: column.convert(batch.column(column.name)) for column in columns}
    absent = [None] * batch.num_rows
    yield from zip(*(filled.get(name, absent) for name in COLUMNS), strict=True)


def _columns(schema: Any, notes: ReadNotes) -> list[Column]:
    """Choose the columns that are read and how; the names of the others are noted."""
    names = list(schema.names)
    if len(names) > COLUMNS_MAX:
        raise Refused(
            "columns_too_many",
            N_("the file has {found} columns; at most {limit} are read"),
            found=len(names),
            limit=COLUMNS_MAX,
        )
    wanted = [*COLUMNS, *(name + _MINOR for name in _MONEY)]
    chosen = [name for name in wanted if name in names]
    filled = [name.removesuffix(_MINOR) for name in chosen]
    missing = [name for name in REQUIRED if name not in filled]
    if missing:
        raise Refused(
            "column_missing",
            N_("the file lacks {columns}; columns are named as in the CSV form"),
            columns=", ".join(missing),
        )
    for name in filled:
        if filled.count(name) > 1 or names.count(name) > 1:
            raise Refused(
                "column_twice",
                N_("the file gives the column {column} more than once; keep one of them"),
                column=name,
            )
    notes.ignored_columns += dict.fromkeys(name[:40] for name in names if name not in chosen)
    return [
        Column(name, fills, _converter(name, schema.field(name).type))
        for name, fills in zip(chosen, filled, strict=True)
    ]


def _converter(name: str, kind: Any) -> Convert:
    from pyarrow import types

    if name.endswith(_MINOR):
        if types.is_integer(kind):
            return _plain
        raise _type_refused(name, kind, "int64")
    if types.is_floating(kind) and name in _MONEY:
        raise Refused(
            "amount_is_float",
            N_(
                "{column} holds floating-point numbers, which lose money; write decimals or {right}"
            ),
            column=name,
            right=name + _MINOR,
        )
    if name in _MONEY and types.is_decimal(kind):
        return _decimal_texts
    if name == "time":
        return _time_converter(kind)
    if _is_text(kind):
        return _texts
    if types.is_integer(kind) and name not in _MONEY:
        return _integer_texts
    raise _type_refused(name, kind, "decimal, string" if name in _MONEY else "string")


def _time_converter(kind: Any) -> Convert:
    from pyarrow import types

    if types.is_timestamp(kind):
        if kind.tz is None:
            raise Refused(
                "time_without_zone",
                N_("the timestamps of {column} have no zone; write them adjusted to UTC"),
                column="time",
            )
        return _microseconds_from(_UNITS_PER_SECOND[kind.unit])
    if types.is_integer(kind):
        return _plain
    if _is_text(kind):
        return _texts
    raise _type_refused("time", kind, "timestamp, int64, string")


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_null(kind)
    )


def _type_refused(name: str, kind: object, allowed: str) -> Refused:
    return Refused(
        "column_type",
        N_("the column {column} is of type {found}; write it as one of: {allowed}"),
        column=name,
        found=str(kind)[:40],
        allowed=allowed,
    )


def _plain(array: Any) -> Cells:
    cells: Cells = array.to_pylist()
    return cells


def _integer_texts(array: Any) -> Cells:
    return ["" if value is None else str(value) for value in array.to_pylist()]


def _decimal_texts(array: Any) -> Cells:
    """Write decimals out in full; zeros that only fill the column's scale are no finer amount."""
    return ["" if value is None else _trimmed(format(value, "f")) for value in array.to_pylist()]


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _texts(array: Any) -> Cells:
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        texts = _texts(array.dictionary)
        return ["" if index is None else texts[index] for index in array.indices.to_pylist()]
    if pa.types.is_null(array.type):
        return [""] * len(array)
    return [_decoded(raw) for raw in array.cast(pa.large_binary()).to_pylist()]


def _decoded(raw: bytes | None) -> str | Refused:
    try:
        return "" if raw is None else raw.decode()
    except UnicodeDecodeError:
        return Refused(
            "text_not_utf8",
            N_("the text {value!r} is not UTF-8; write it in UTF-8"),
            value=raw.decode("utf-8", "backslashreplace")[:40] if raw else "",
        )


def _microseconds_from(units_per_second: int) -> Convert:
    def convert(array: Any) -> Cells:
        import pyarrow as pa

        units = array.cast(pa.int64()).to_pylist()
        return [None if unit is None else unit * SECOND_US // units_per_second for unit in units]

    return convert


def _read_time(cell: int | str | None) -> int:
    if isinstance(cell, int) and cell < 0:
        raise Refused(
            "time_before_1970", N_("the time {value!r} lies before 1970"), value=str(cell)[:40]
        )
    return parse_instant("" if cell is None else str(cell))


def _read_amount(cell: int | str | None, currency: str) -> int:
    if not isinstance(cell, int):
        return parse_amount(cell or "", currency)
    exponent(currency)
    return positive(cell, cell)


def _read_balance(cell: int | str, currency: str) -> int:
    return bounded(cell, cell) if isinstance(cell, int) else parse_minor(cell, currency)
