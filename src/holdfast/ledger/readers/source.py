"""Opening a file from outside, and telling by its content what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from io import BufferedReader
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.words import N_

HEAD_BYTES = 4096
_BOM = b"\xef\xbb\xbf"
_UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_PARQUET_MAGICS = (b"PAR1", b"PARE")
_OTHER_MAGICS = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"%PDF-")


class Kind(Enum):
    """The forms in which transfers come."""

    CSV = "csv"  # text with a header line
    PARQUET = "parquet"  # columns, written by a data platform
    XML = "xml"  # ISO 20022 pacs.008, alone or in an envelope


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open `path` for reading bytes; what the system refuses is said in a sentence.

    Raises:
        Refused: `file_missing`, `file_is_folder`, `file_forbidden` or `file_unreadable`.
    """
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise Refused(
            "file_missing", N_("there is no file {file}; check its name"), file=str(path)
        ) from None
    except IsADirectoryError:
        raise Refused(
            "file_is_folder",
            N_("{file} is a folder; name one of the files in it"),
            file=str(path),
        ) from None
    except PermissionError:
        raise Refused(
            "file_forbidden",
            N_("{file} may not be read by this user; ask its owner for leave to read it"),
            file=str(path),
        ) from None
    except OSError as error:
        raise Refused(
            "file_unreadable",
            N_("{file} cannot be read, the system says: {reason}"),
            file=str(path),
            reason=error.strerror or type(error).__name__,
        ) from None


def size_of(file: BufferedReader) -> int:
    """Return the size of an open file in bytes, 0 where it is not a plain file."""
    return os.fstat(file.fileno()).st_size


def kind_of(file: BufferedReader, path: Path) -> Kind:
    """Tell by its first bytes, never by its name, what a file is; nothing is consumed.

    Raises:
        Refused: `file_empty`, `text_not_utf8` (UTF-16 that is not XML) or `file_kind_unknown`.
    """
    head = file.peek(HEAD_BYTES)[:HEAD_BYTES]
    text = head.removeprefix(_BOM).lstrip()
    if not text and len(head) < HEAD_BYTES:
        raise Refused(
            "file_empty", N_("{file} is empty; a header line is the least"), file=str(path)
        )
    if head.startswith(_PARQUET_MAGICS):
        return Kind.PARQUET
    if head.startswith(_UTF_16_BOMS):
        return _kind_of_utf_16(head, path)
    first_line = text.partition(b"\n")[0]
    if text.startswith(b"<") or b' xmlns="' in first_line:
        return Kind.XML
    if head.startswith(_OTHER_MAGICS) or b"\0" in first_line:
        raise Refused(
            "file_kind_unknown",
            N_(
                "{file} is packed or binary; CSV in UTF-8, Parquet and pacs.008 XML are read: "
                "unpack it, or save the sheet as CSV"
            ),
            file=str(path),
        )
    return Kind.CSV


def _kind_of_utf_16(head: bytes, path: Path) -> Kind:
    if head[: len(head) & ~1].decode("utf-16", "ignore").lstrip().startswith("<"):
        return Kind.XML
    raise Refused(
        "text_not_utf8",
        N_("{file} is text in UTF-16; save it as CSV in UTF-8"),
        file=str(path),
    )
