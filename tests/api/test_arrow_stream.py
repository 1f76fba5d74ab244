"""Arrow streams from outside: nothing unpacks to more than was sent, and the rest is read."""

from __future__ import annotations

import pyarrow as pa
import pytest

from holdfast.api.screen_body import TEXT_LENGTH_MAX, Why, read_arrow
from holdfast.core.errors import Refused

WHY = Why("review", "R1")
LONG = "0" * 1_000_000
KEYS = ["+66812345678", None, "+66812345679"]


def stream(column: pa.Array, compression: str | None = None) -> bytes:
    """Return a stream with a column of keys."""
    table = pa.table({"key": column})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_what_is_compressed_is_refused_unread(compression: str) -> None:
    """A few bytes would fill the memory; in columns and in dictionaries alike."""
    for column in (pa.array([LONG]), pa.array([LONG]).dictionary_encode()):
        body = stream(column, compression)
        assert len(body) < len(LONG) // 10
        with pytest.raises(Refused) as refused:
            read_arrow(body, WHY, "phone")
        assert (refused.value.code, "compressed" in str(refused.value)) == (
            "question_unreadable",
            True,
        )


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["0" * (TEXT_LENGTH_MAX + 1)] * 9).dictionary_encode(),
        pa.array([LONG] * 3, pa.string_view()),
        pa.RunEndEncodedArray.from_arrays(pa.array([9], pa.int32()), pa.array([LONG])),
        pa.array([["a"], ["b"]]),
        pa.array([True]),
    ],
    ids=["dictionary", "views", "runs", "lists", "truths"],
)
def test_what_names_a_text_many_times_is_refused(column: pa.Array) -> None:
    """Each row of it would be unpacked to a text of its own."""
    with pytest.raises(Refused) as refused:
        read_arrow(stream(column), WHY, "phone")
    assert refused.value.code == "question_unreadable"


@pytest.mark.parametrize(
    "column",
    [
        pa.array(KEYS),
        pa.array(KEYS, pa.large_string()),
        pa.array(KEYS).dictionary_encode(),
    ],
    ids=["string", "large_string", "dictionary"],
)
def test_texts_are_read_however_they_are_kept(column: pa.Array) -> None:
    """Plain, large or by a dictionary, with nulls where nothing is asked."""
    assert read_arrow(stream(column), WHY, "phone").kinds["phone"].to_pylist() == KEYS


def test_numbers_are_read_as_they_are_written() -> None:
    """A column that a table program took for numbers."""
    assert read_arrow(stream(pa.array([66812345678])), WHY, "phone").kinds["phone"].to_pylist() == [
        "66812345678"
    ]


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_a_stream_cut_anywhere_is_refused(compression: str | None) -> None:
    """Wherever it ends before its last row; what only lacks its end mark is whole."""
    body = stream(pa.array(KEYS).dictionary_encode(), compression)
    end_mark = 8
    for end in range(len(body) - end_mark):
        with pytest.raises(Refused) as refused:
            read_arrow(body[:end], WHY, "phone")
        assert refused.value.code == "question_unreadable"
