"""`holdfast screen`: ask the registry about a file of accounts, phones, links or other subjects."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.ledger import progress_bar
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say
from holdfast.ledger.readers.source import opened

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.registry.screening import Registry, Screened

KINDS = ("account", "proxy", "phone", "link", "wallet", "person", "handle")
BLOCK_BYTES = 16 << 20
ROWS_AT_ONCE = 1 << 17
HEADER_BYTES_MAX = 1 << 16


def screen_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast screen`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with a header, or Parquet")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the same with answers; a new file"
    )
    parser.add_argument("--kind", choices=KINDS, default="account", help="what the rows are")
    parser.add_argument("--column", help="which column holds them; found by its name if not said")
    parser.add_argument(
        "--asker",
        default="bank",
        choices=("bank", "e-money", "exchange", "telco", "platform", "police", "centre"),
        help="for which kind of institution effects are told",
    )
    parser.epilog = "example:\n  holdfast screen payees.csv --kind phone --out answers.csv"


def screen(arguments: argparse.Namespace) -> int:
    """Say of each row of a file whether it is listed: tier, effects, until when, and what is wrong."""
    from holdfast.registry.screening import Registry
    from holdfast.server.home import this_home

    if arguments.out.exists():
        raise Refused(
            "screen_out_exists",
            N_("{file} is there already and is not written over; name a new file"),
            file=arguments.out,
        )
    home = this_home()
    person_key = (home.keys / "person").read_bytes()
    registry = Registry.open(home.folder, home.country, person_key)
    counts = _screen_file(arguments, registry, time.time_ns() // 1000)
    Screen().write(
        say(
            N_("{rows} rows: {listed} listed, {problems} not legible; data version {version}"),
            rows=f"{counts.rows:,}",
            listed=f"{counts.listed:,}",
            problems=f"{counts.problems:,}",
            version=registry.index.number,
        )
    )
    return NOT_WHOLE if counts.problems else DONE


class _Counts:
    rows = listed = problems = 0

    def add(self, screened: Screened) -> None:
        self.rows += len(screened.values)
        self.listed += int((screened.values != 0).sum())
        self.problems += len(screened.problems)


def _screen_file(arguments: argparse.Namespace, registry: Registry, at_us: int) -> _Counts:
    """Answer a file block by block; what was written before anything failed is taken away."""
    counts = _Counts()
    column = arguments.column
    with opened(arguments.file) as source:
        size_bytes = source.seek(0, 2)
    try:
        with ExitStack() as stack:
            advance = stack.enter_context(progress_bar(size_bytes))
            write = None
            for batch, size in _batches(arguments.file, stack):
                column = column or _key_column(batch.schema.names, arguments.kind)
                screened = registry.screen(
                    _texts(batch, column), arguments.kind, arguments.asker, at_us
                )
                table = _with_answers(batch, screened)
                if write is None:
                    write = _writer(arguments.out, table.schema, stack)
                write(table)
                counts.add(screened)
                advance(size)
    except OSError as error:
        arguments.out.unlink(missing_ok=True)
        raise Refused(
            "screen_file_io",
            N_("{file} can't be read, or {out} can't be written: {why}"),
            file=arguments.file,
            out=arguments.out,
            why=error.strerror or str(error)[:200],
        ) from None
    except BaseException:
        arguments.out.unlink(missing_ok=True)
        raise
    return counts


def _batches(file: Path, stack: ExitStack) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield the rows of a file a few at a time, with how much of the file they are, in bytes.

    Raises:
        Refused: those of `opened`, or `screen_file_unreadable`.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    names = _names(file)
    source = stack.enter_context(opened(file))
    try:
        if source.peek(4)[:4] == b"PAR1":
            found = parquet.ParquetFile(source)
            rows = max(found.metadata.num_rows, 1)
            for batch in found.iter_batches(ROWS_AT_ONCE):
                yield batch, file.stat().st_size * batch.num_rows // rows
            return
        reader = arrow_csv.open_csv(
            source,
            arrow_csv.ReadOptions(block_size=BLOCK_BYTES),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string())
            ),
        )
        for batch in reader:
            yield batch, batch.nbytes
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Refused(
            "screen_file_unreadable",
            N_("{file} is neither CSV with a header nor Parquet: {why}"),
            file=file,
            why=str(error).splitlines()[0][:200],
        ) from None


def _names(file: Path) -> list[str]:
    """Return the columns that a CSV file's header names: all are read as text, as they stand."""
    with opened(file) as source:
        header = source.readline(HEADER_BYTES_MAX)
    return next(csv.reader([header.decode("utf-8-sig", "replace")]), [])


def _key_column(names: list[str], kind: str) -> str:
    for name in (kind, "key"):
        if name in names:
            return name
    raise _no_column(kind, names)


def _texts(batch: pa.RecordBatch, column: str) -> pa.Array:
    import pyarrow as pa

    if column not in batch.schema.names:
        raise _no_column(column, batch.schema.names)
    return batch.column(column).cast(pa.string())


def _no_column(column: str, names: list[str]) -> Refused:
    return Refused(
        "screen_column_missing",
        N_("there is no column {column!r}; name one of {names} with --column"),
        column=column[:40],
        names=", ".join(names)[:200],
    )


def _with_answers(batch: pa.RecordBatch, screened: Screened) -> pa.Table:
    """Return the rows with the answers behind their own columns; those are never written over."""
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    reasons = [str(error) if error else None for error in _by_row(screened)]
    answers = screened.table.append_column("reason", pa.array(reasons, pa.string()))
    for name in answers.column_names:
        own = name if name not in table.column_names else f"registry_{name}"
        values = answers.column(name)
        if pa.types.is_dictionary(values.type):
            values = values.cast(pa.string())
        table = table.append_column(own, values)
    return table


def _by_row(screened: Screened) -> Iterator[Refused | None]:
    return (screened.problems.get(row) for row in range(len(screened.values)))


def _writer(out: Path, schema: pa.Schema, stack: ExitStack) -> Any:
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    if out.suffix == ".parquet":
        return stack.enter_context(parquet.ParquetWriter(out, schema)).write_table
    return stack.enter_context(arrow_csv.CSVWriter(out, schema)).write_table
