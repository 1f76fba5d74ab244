"""An Arrow stream from outside: refused before it is unpacked where it could be more than it seems."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_U16, _I32, _U32 = Struct("<H"), Struct("<i"), Struct("<I")
_HEADER, _BATCH_OF_DICTIONARY, _COMPRESSION = 2, 1, 3
"""Places of fields in the tables Message, DictionaryBatch and RecordBatch of Arrow's Message.fbs."""


def read_stream(body: bytes) -> pa.Table:
    """Return the table of a stream whose buffers are as they stand, none of them compressed.

    Raises:
        ValueError: a buffer is compressed: a few kilobytes unpack to gigabytes.
        pa.ArrowException: it is no stream.
        OSError: it was cut short.
    """
    import pyarrow as pa

    messages = pa.ipc.MessageReader.open_stream(body)
    for message in messages:
        if _is_compressed(message):
            raise ValueError("compressed buffers are not taken")
    with pa.ipc.open_stream(body) as stream:
        table = stream.read_all()
    table.validate(full=True)
    return table


def texts_of(column: pa.ChunkedArray, length_max: int) -> pa.Array:
    """Return a column as texts; what a dictionary names many times is unpacked within bounds.

    Raises:
        ValueError: it is no column of texts or numbers, or its dictionary holds too long a text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        lengths = [pc.max(pc.binary_length(chunk.dictionary)).as_py() for chunk in column.chunks]
        if any(length is not None and length > length_max for length in lengths):
            raise ValueError("a text in a dictionary is too long")
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_narrow(kind)):
        raise ValueError("key and kind are columns of text")
    return column.cast(pa.string()).combine_chunks()


def _is_narrow(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_null(kind))


def _is_compressed(message: pa.Message) -> bool:
    """Whether a message of columns says that its buffers are compressed."""
    if message.type not in ("record batch", "dictionary"):
        return False
    data = message.metadata.to_pybytes()
    try:
        table = _followed(data, _field(data, _U32.unpack_from(data, 0)[0], _HEADER))
        if message.type == "dictionary":
            table = _followed(data, _field(data, table, _BATCH_OF_DICTIONARY))
        return _field(data, table, _COMPRESSION) > 0
    except StructError:
        return True


def _field(data: bytes, table: int, number: int) -> int:
    """Return where a field of a FlatBuffers table stands, 0 where it is left out."""
    fields = table - _I32.unpack_from(data, table)[0]
    place = 4 + 2 * number
    if place >= _U16.unpack_from(data, fields)[0]:
        return 0
    offset = _U16.unpack_from(data, fields + place)[0]
    return table + offset if offset else 0


def _followed(data: bytes, place: int) -> int:
    return place + int(_U32.unpack_from(data, place)[0])
