"""What stands in a ledger's folder beside its database: the format, the acknowledged number.

The acknowledged number is kept beside the database, because a log that lost its tail looks
like a shorter log: only a number from outside shows that something acknowledged is missing.
"""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.core.errors import LedgerDamaged, LedgerFormatUnknown, LedgerMissing
from holdfast.core.on_disk import sync
from holdfast.core.words import N_
from holdfast.ledger.store.records import FORMAT

DATABASE = "rocks"
ACKNOWLEDGED_FILE = "ACKNOWLEDGED"
_FORMAT_FILE = "FORMAT"
_DRAFT = "FORMAT.new"
_OWN_NAMES = frozenset((_FORMAT_FILE, ACKNOWLEDGED_FILE, DATABASE, _DRAFT))


def is_ledger(folder: Path) -> bool:
    """Whether a folder says of itself that it is a ledger, of whatever format."""
    return (folder / _FORMAT_FILE).exists()


def prepare(folder: Path) -> None:
    """Make the folder of a new ledger; one with other things in it is left alone.

    A number that stands there is kept: it is of a ledger that another process makes right now,
    or that has lost its format.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _not_a_ledger(folder) from None
    names = {entry.name for entry in folder.iterdir()}
    if names - _OWN_NAMES or (names and ACKNOWLEDGED_FILE not in names):
        raise _not_a_ledger(folder)
    if not names or not (folder / ACKNOWLEDGED_FILE).stat().st_size:
        write_acknowledged(folder, 0)


def write_format(folder: Path) -> None:
    """Name the format last: a folder is a ledger once everything else in it stands."""
    (folder / _DRAFT).write_text(f"{FORMAT}\n", encoding="ascii")
    sync(folder / _DRAFT)
    (folder / _DRAFT).replace(folder / _FORMAT_FILE)
    sync(folder)
    sync(folder.parent)


def check_format(folder: Path) -> None:
    """Refuse a folder that is no ledger, or one of another format.

    Raises:
        LedgerMissing, LedgerFormatUnknown.
    """
    try:
        found = (folder / _FORMAT_FILE).read_text(encoding="ascii", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise _not_a_ledger(folder) from None
    if found != str(FORMAT):
        raise LedgerFormatUnknown(
            "ledger_format_unknown",
            N_(
                "the ledger {place} has format {found!r}, this version reads {right}; "
                "import its files again into a new folder"
            ),
            place=str(folder),
            found=found[:20],
            right=FORMAT,
        )


def _not_a_ledger(folder: Path) -> LedgerMissing:
    return LedgerMissing(
        "ledger_missing",
        N_(
            "{place} is not a ledger; `holdfast ledger import FILE --into {place}` makes one "
            "in a new folder"
        ),
        place=str(folder),
    )


def check_tail(folder: Path, acknowledged: int, found: int) -> None:
    """Refuse a ledger that holds less than it has acknowledged.

    Raises:
        LedgerDamaged: `ledger_tail_torn`.
    """
    if found >= acknowledged:
        return
    raise LedgerDamaged(
        "ledger_tail_torn",
        N_(
            "the ledger {place} acknowledged change {acknowledged} but holds only {found}: its "
            "end was lost; import its files again into a new folder"
        ),
        place=str(folder),
        acknowledged=acknowledged,
        found=found,
    )


def read_acknowledged(folder: Path) -> int:
    """Return the number of the last change that was acknowledged.

    Raises:
        LedgerDamaged: `ledger_acknowledged_unreadable`.
    """
    try:
        return int((folder / ACKNOWLEDGED_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise LedgerDamaged(
            "ledger_acknowledged_unreadable",
            N_("the ledger {place} has lost the number of its last acknowledged change"),
            place=str(folder),
        ) from None


def write_acknowledged(folder: Path, change: int) -> None:
    """Write the number in place: it fits one sector, so a crash leaves the old or the new."""
    handle = os.open(folder / ACKNOWLEDGED_FILE, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(handle, b"%020d\n" % change, 0)
        os.fsync(handle)
    finally:
        os.close(handle)
