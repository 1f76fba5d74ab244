"""Opening a file: what it is, and why it cannot be read at all."""

from __future__ import annotations

import errno
import gzip
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.readers.written import ROW, TRANSFER, csv_text, read, refusal, written


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A name that leads nowhere is said with the name."""
    refused = refusal(tmp_path / "nowhere.csv")
    assert refused.code == "file_missing"
    assert "nowhere.csv" in str(refused)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not read as a file."""
    assert refusal(tmp_path).code == "file_is_folder"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "file_forbidden"),
        (OSError(errno.EIO, "Input/output error"), "file_unreadable"),
        (OSError("no number"), "file_unreadable"),
    ],
)
def test_what_the_system_refuses_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, code: str
) -> None:
    """No permission, or a failing disk, is one sentence and no traceback."""

    def refuse(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(tmp_path / "ledger.csv").code == code


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_of_someone_else_is_refused(tmp_path: Path) -> None:
    """A file without leave to read it is told from a missing one."""
    path = written(tmp_path, csv_text(ROW))
    path.chmod(0)
    assert refusal(path).code == "file_forbidden"


@pytest.mark.parametrize("content", ["", "\ufeff", " \r\n\n", "\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    """Nothing, a byte order mark or blanks are no ledger; what would be the least is said."""
    refused = refusal(written(tmp_path, content))
    assert refused.code == "file_empty"
    assert "header" in str(refused)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_zip(), id="spreadsheet"),
        pytest.param(gzip.compress(b"transfer_id,time\n"), id="gzip"),
        pytest.param(b"%PDF-1.7\n", id="PDF"),
        pytest.param(b"\0" * 100_000, id="zeros"),
        pytest.param(b"SQLite format 3\0\n", id="database"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is packed or binary is not guessed at; the sentence says what is read."""
    refused = refusal(written(tmp_path, content))
    assert refused.code == "file_kind_unknown"
    assert "Parquet" in str(refused)


def test_text_in_utf_16_is_refused(tmp_path: Path) -> None:
    """What a spreadsheet saves as "Unicode text" is told what to save instead."""
    assert refusal(written(tmp_path, csv_text(ROW).encode("utf-16"))).code == "text_not_utf8"


def test_the_name_of_a_file_decides_nothing(tmp_path: Path) -> None:
    """CSV is CSV under any name."""
    assert read(written(tmp_path, csv_text(ROW), name="ledger.parquet.xml")) == [TRANSFER]


def test_a_pipe_is_read_as_a_file(tmp_path: Path) -> None:
    """A file that cannot be sought, such as a pipe from another program, is read all the same."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(csv_text(ROW).encode(),), daemon=True)
    writer.start()
    assert read(pipe) == [TRANSFER]
    writer.join()
