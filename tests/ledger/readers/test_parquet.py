"""Transfers from Parquet: the types that are read, those that are refused, damaged files."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ledger.readers.written import ROW, TRANSFER, codes, read, refusal, written

from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes

TIME = datetime(2026, 3, 1, 0, 2, 42, tzinfo=UTC)
MONEY = pa.decimal128(18, 2)


def table(count: int = 1, **changes: Any) -> pa.Table:
    """Return `count` good rows of the simplest types, some columns changed, added or (None) cut."""
    columns: dict[str, Any] = {name: [cell] * count for name, cell in ROW.items()}
    columns["transfer_id"] = [f"T{number}" for number in range(1, count + 1)]
    columns |= changes
    return pa.table({name: values for name, values in columns.items() if values is not None})


def parquet(folder: Path, content: pa.Table, **options: Any) -> Path:
    """Write a table as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(content, buffer, **options)
    return written(folder, buffer.getvalue(), name="ledger.parquet")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="all text"),
        pytest.param({"amount": pa.array([Decimal("605.72")], MONEY)}, id="decimal"),
        pytest.param(
            {"amount": pa.array([Decimal("605.72")], pa.decimal128(38, 10))}, id="wide scale"
        ),
        pytest.param(
            {"amount": pa.array([Decimal("605.72")], pa.decimal256(60, 20))}, id="decimal256"
        ),
        pytest.param({"amount": None, "amount_minor": [60572]}, id="minor"),
        pytest.param(
            {"amount": None, "amount_minor": pa.array([60572], pa.uint32())}, id="unsigned"
        ),
        *(
            pytest.param(
                {"time": pa.array([TIME], pa.timestamp(unit, "UTC"))}, id=f"time in {unit}"
            )
            for unit in ("s", "ms", "us", "ns")
        ),
        pytest.param({"time": pa.array([TIME], pa.timestamp("us", "Asia/Bangkok"))}, id="Bangkok"),
        pytest.param({"time": [TRANSFER.time_us]}, id="integer time"),
        *(
            pytest.param(
                {name: pa.array([cell]).cast(kind) for name, cell in ROW.items()}, id=str(kind)
            )
            for kind in (pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view())
        ),
        pytest.param(
            {name: pa.array([cell]).dictionary_encode() for name, cell in ROW.items()},
            id="dictionary",
        ),
        pytest.param(
            {
                "seq": pa.nulls(1),
                "channel": pa.nulls(1, pa.string()),
                "credit_balance_before": pa.nulls(1, MONEY),
                "debit_balance_before_minor": pa.nulls(1, pa.int64()),
            },
            id="nulls",
        ),
    ],
)
def test_every_customary_type_says_the_same(tmp_path: Path, changes: dict[str, Any]) -> None:
    """However a platform types its columns, the transfer is the same."""
    assert read(parquet(tmp_path, table(**changes))) == [TRANSFER]


def test_optional_columns_are_read(tmp_path: Path) -> None:
    """Order, balances of both forms, and ids written as numbers are read."""
    content = table(
        transfer_id=[17],
        seq=pa.array([-3], pa.int32()),
        debit_balance_before=pa.array([Decimal("1000.00")], MONEY),
        credit_balance_before_minor=[-1],
        executes_hold=["H-1"],
        channel=["promptpay"],
        uetr=["8a562c67-ca16-48ba-b074-65581be6f011"],
    )
    assert read(parquet(tmp_path, content)) == [
        TRANSFER._replace(
            transfer_id="17",
            seq=-3,
            debit_balance_before_minor=100_000,
            credit_balance_before_minor=-1,
            executes_hold="H-1",
            channel="promptpay",
            uetr="8a562c67-ca16-48ba-b074-65581be6f011",
        )
    ]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"transfer_id": ["T1", None, "T3"]}, "cell_empty", "transfer_id"),
        ({"transfer_id": ["T1", "x" * 141, "T3"]}, "text_too_long", "transfer_id"),
        ({"transfer_id": [b"1", b"\xff", b"3"]}, "text_not_utf8", None),
        ({"time": pa.array([TIME, None, TIME])}, "cell_empty", "time"),
        ({"time": pa.array([1, None, 1])}, "cell_empty", "time"),
        ({"time": [1, -1, 1]}, "time_before_1970", "time"),
        ({"time": [1, 2**62, 1]}, "time_unreadable", "time"),
        ({"time": [1, 4 * 10**15, 1]}, "time_in_future", "time"),
        (
            {"time": pa.array([0, 2**62, 0], pa.timestamp("ms", "UTC"))},
            "time_unreadable",
            "time",
        ),
        ({"amount": pa.array([Decimal(1), None, Decimal(1)], MONEY)}, "cell_empty", "amount"),
        ({"amount": pa.array([Decimal(1), Decimal(0), Decimal(1)])}, "amount_not_positive", None),
        (
            {"amount": pa.array([Decimal("1.00"), Decimal("1.001"), Decimal("1.00")])},
            "amount_too_fine",
            "amount",
        ),
        ({"amount": ["1", "1e9", "1"]}, "amount_not_decimal", "amount"),
        ({"amount": None, "amount_minor": [1, None, 1]}, "cell_empty", "amount"),
        ({"amount": None, "amount_minor": [1, 0, 1]}, "amount_not_positive", "amount"),
        ({"amount": None, "amount_minor": [1, 2**62, 1]}, "amount_too_large", "amount"),
        ({"currency": ["THB", "BAHT", "THB"]}, "currency_unknown", "currency"),
        (
            {"currency": ["THB", "BAHT", "THB"], "amount": None, "amount_minor": [1, 1, 1]},
            "currency_unknown",
            "currency",
        ),
        ({"debit_balance_before_minor": [1, -(2**62), 1]}, "amount_too_large", None),
        ({"seq": pa.array([0, 2**63, 0], pa.uint64())}, "seq_too_large", "seq"),
        ({"debit_account": ["TH.THCBC.004.1", None, "TH.THCBC.004.1"]}, "cell_empty", None),
    ],
)
def test_a_bad_record_is_one_problem(
    tmp_path: Path, changes: dict[str, Any], code: str, column: str | None
) -> None:
    """A bad record is told by its number, the records around it are read."""
    found = read(parquet(tmp_path, table(3, **changes)))
    assert codes(found) == ["", code, ""]
    assert isinstance(found[1], Problem)
    assert found[1].row == 2
    if column:
        assert found[1].fields["column"] == column


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"amount": [605.72]}, "amount_is_float", "amount_minor"),
        ({"amount": pa.array([605.72], pa.float32())}, "amount_is_float", "amount"),
        ({"debit_balance_before": [1.0]}, "amount_is_float", "debit_balance_before"),
        ({"amount": None, "amount_minor": [60572.0]}, "column_type", "amount_minor"),
        ({"amount": [605]}, "column_type", "decimal"),
        ({"time": pa.array([TIME.replace(tzinfo=None)])}, "time_without_zone", "UTC"),
        ({"time": pa.array([TIME.date()])}, "column_type", "timestamp"),
        ({"time": [1.5]}, "column_type", "timestamp"),
        ({"currency": [True]}, "column_type", "currency"),
        ({"debit_account": [["x"]]}, "column_type", "debit_account"),
        ({"amount": None}, "column_missing", "amount"),
        ({"transfer_id": None, "currency": None}, "column_missing", "transfer_id, currency"),
        ({"amount_minor": [60572]}, "column_twice", "amount"),
        ({f"x{number}": [1] for number in range(1000)}, "columns_too_many", "1000"),
    ],
)
def test_unfit_columns_refuse_the_file(
    tmp_path: Path, changes: dict[str, Any], code: str, named: str
) -> None:
    """A column whose type cannot carry money or time refuses the file with what would be right."""
    refused = refusal(parquet(tmp_path, table(**changes)))
    assert refused.code == code
    assert named in str(refused)


def test_a_column_named_twice_refuses_the_file(tmp_path: Path) -> None:
    """Two columns of one name leave open which is meant."""
    content = table().append_column("currency", pa.array(["USD"]))
    assert refusal(parquet(tmp_path, content)).code == "column_twice"


def test_other_columns_are_never_read(tmp_path: Path) -> None:
    """Extra columns of any type are named once and not decoded."""
    notes = ReadNotes()
    path = parquet(tmp_path, table(memo=["x"], nested=[[{"a": 1.5}]]))
    assert read(path, notes) == [TRANSFER]
    assert notes.ignored_columns == ["memo", "nested"]
    assert notes.bytes_read == notes.bytes_total == path.stat().st_size


def test_many_batches_keep_the_order(tmp_path: Path) -> None:
    """Rows come in file order across batches and row groups."""
    found = read(parquet(tmp_path, table(40_000), row_group_size=9000))
    assert [item[2] for item in found] == [f"T{number}" for number in range(1, 40_001)]  # type: ignore[index]


def test_a_file_without_records_is_an_empty_ledger(tmp_path: Path) -> None:
    """A table without rows yields nothing."""
    assert read(parquet(tmp_path, table(0))) == []


@pytest.mark.parametrize("kept", [4, 5, 11, 12, 100, -1, -4, -8, -100])
def test_a_file_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    """A Parquet file that ends early cannot be read at all, for its directory stands last."""
    content = parquet(tmp_path, table(100)).read_bytes()
    refused = refusal(written(tmp_path, content[:kept]))
    assert refused.code == "parquet_unreadable"


def test_damage_on_the_way_keeps_what_stood_before(tmp_path: Path) -> None:
    """A page that was overwritten ends the reading with one problem after the good records."""
    path = parquet(tmp_path, table(60_000), row_group_size=20_000, use_dictionary=False)
    place = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[place : place + 200] = b"\xff" * 200
    found = read(written(tmp_path, bytes(content)))
    good = [item for item in found if not isinstance(item, Problem)]
    assert len(good) >= 16_384
    assert [item[2] for item in good] == [f"T{number}" for number in range(1, len(good) + 1)]
    assert codes(found[len(good) :]) == ["parquet_unreadable"]


def test_a_page_that_differs_from_its_checksum_is_not_read(tmp_path: Path) -> None:
    """Where the writer left checksums, a changed amount is damage and not another amount."""
    path = parquet(
        tmp_path,
        table(amount=None, amount_minor=[60572]),
        write_page_checksum=True,
        use_dictionary=False,
        compression="none",
    )
    content = path.read_bytes()
    changed = content.replace((60572).to_bytes(8, "little"), (60573).to_bytes(8, "little"))
    assert changed != content
    assert refusal(written(tmp_path, changed)).code == "parquet_unreadable"


def test_column_names_that_are_no_text_are_damage(tmp_path: Path) -> None:
    """A directory with names that are not UTF-8 was overwritten."""
    content = parquet(tmp_path, table()).read_bytes()
    head, found, tail = content.rpartition(b"currency")
    assert found
    broken = head.replace(b"currency", b"curr\xffncy") + b"curr\xffncy" + tail
    assert refusal(written(tmp_path, broken)).code == "parquet_unreadable"


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    """A file with an encrypted footer is told as one that cannot be read."""
    content = b"PARE" + parquet(tmp_path, table()).read_bytes()[4:-4] + b"PARE"
    assert refusal(written(tmp_path, content)).code == "parquet_unreadable"


def test_one_long_text_that_stands_often_is_held_once(tmp_path: Path) -> None:
    """A small file of one huge text in every row is refused row by row, in bounded memory."""
    rows = 2000
    long_text = pa.DictionaryArray.from_arrays(
        pa.array([0] * rows, pa.int32()), pa.array(["x" * 2**20])
    )
    table = pa.table(
        {
            "transfer_id": [f"T{number}" for number in range(rows)],
            "time": list(range(rows)),
            "debit_account": ["TH.THCBC.004.1"] * rows,
            "credit_account": ["TH.THCBC.004.2"] * rows,
            "amount_minor": [100] * rows,
            "currency": ["THB"] * rows,
            "channel": long_text,
        }
    )
    path = tmp_path / "bomb.parquet"
    pq.write_table(table, path, compression="zstd")
    tracemalloc.start()
    found = codes(read(path))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ["text_too_long"] * rows
    assert peak_bytes < 64 * 2**20
