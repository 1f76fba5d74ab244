"""The database under the store: RocksDB through `rocksdict`, opened, written, and its errors."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    DbClosedError,
    DBCompressionType,
    Options,
    Rdict,
    RdictIter,
    WriteBatch,
    WriteOptions,
)

from holdfast.core.errors import LedgerBusy, LedgerDamaged, LedgerError, LedgerFull
from holdfast.core.words import N_
from holdfast.ledger.store.scratch import Scratch

MIB = 2**20
CACHE_BYTES = 256 * MIB
WRITE_BUFFER_BYTES = 64 * MIB
BLOOM_BITS_A_KEY = 10
OPENINGS_MAX = 200
"""How often a reader tries to open a ledger whose writer goes on too fast for it."""

_FULL = ("No space left", "File too large", "Disk quota exceeded")
_LOG_BLOCK_BYTES = 32 * 1024
_LOG_RECORD = struct.Struct("<IHB")
_KINDS_OF_REUSED_LOGS = frozenset((5, 6, 7, 8, 11))
_HINDERED = ("Too many open files", "Permission denied", "Read-only file", "Cannot allocate")
_BUSY = ("lock hold by current process", "While lock file", "Resource temporarily unavailable")


class Engine:
    """An open database; a reader sees it as it was when opened or last caught up."""

    def __init__(self, folder: Path, *, writes: bool, creates: bool = False) -> None:
        self._folder = folder
        self._closed = False
        self._options = _options()
        self._options.create_if_missing(create_if_missing=creates)
        self._sync = WriteOptions()
        self._sync.sync = True
        self._scratch = None if writes else Scratch()
        try:
            with self.told():
                self._db, self._logs = self._open()
        except LedgerError:
            self._clean()
            raise

    def close(self) -> None:
        """Let go of the database; a second call does nothing.

        It may fail to tidy up, for want of space; all that was acknowledged is in its log. A scan
        that somebody still holds keeps the database open until it is let go.
        """
        if not self._closed:
            self._closed = True
            with suppress(Exception):
                self._db.close()
            self._clean()

    def catch_up(self) -> None:
        """See what the writer has acknowledged since this reader was opened.

        A reader that is open follows the log it knows; once there is another it is opened anew,
        because it would go on showing what it read from a log that is a table by now
        (github.com/facebook/rocksdb/issues/15051). Scans that have begun go on with the old one.
        """
        if self._scratch is None:
            return
        with self.told():
            if self._log_names() == self._logs:
                self._db.try_catch_up_with_primary()
            if self._log_names() != self._logs:
                self._db, self._logs = self._open()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        with self.told():
            value: bytes | None = self._db.get(key)
            return value

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Return the values of many keys, None where there is none, in their order."""
        with self.told():
            values: list[bytes | None] = self._db.get(keys)  # type: ignore[arg-type, assignment]
            return values

    def write(self, puts: dict[bytes, bytes], deletes: list[bytes]) -> None:
        """Delete and put in one atomic batch that is on the disk when this returns."""
        batch = WriteBatch(raw_mode=True)
        for key in deletes:
            batch.delete(key)
        for key, value in puts.items():
            batch.put(key, value)
        with self.told():
            self._db.write(batch, self._sync)

    def scan_from(self, key: bytes, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values from `key` on, as long as keys begin with `prefix`."""
        cursor = self._db.iter()
        cursor.seek(key)
        return self._walk(cursor, prefix)

    def scan_around(self, key: bytes, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """As `scan_from`, but from the last key at or before `key` that has the prefix."""
        cursor = self._db.iter()
        cursor.seek_for_prev(key)
        if not cursor.valid() or not cursor.key().startswith(prefix):
            self._check(cursor)
            cursor.seek(prefix)
        return self._walk(cursor, prefix)

    def _open(self) -> tuple[Rdict, set[str]]:
        """Open the database; return it with the logs that it rests on.

        A reader looks at the tables before the logs, so a log that the writer turns into a table
        and removes in between would leave a hole: then it opens it again.
        """
        # Named for the column family too: else one that exists is opened with options read from
        # its folder, and those know no cache.
        families = {"default": self._options}
        access = AccessType.read_write()
        if self._scratch is not None:
            access = AccessType.secondary(self._scratch.name)
        for _ in range(OPENINGS_MAX):
            logs = self._log_names()
            _refuse_endless_logs(self._folder)
            database = Rdict(str(self._folder), self._options, families, access)
            if self._scratch is None or logs <= self._log_names():
                return database, logs
        raise _busy(str(self._folder.parent))

    def _log_names(self) -> set[str]:
        return {path.name for path in self._folder.glob("*.log")}

    def _walk(self, cursor: RdictIter, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        valid, read_key, read_value, step = cursor.valid, cursor.key, cursor.value, cursor.next
        while valid():
            key = read_key()
            if not key.startswith(prefix):
                return
            yield key, read_value()
            step()
        self._check(cursor)

    def _check(self, cursor: RdictIter) -> None:
        """A cursor that met a damaged block only stops; its status tells why."""
        with self.told():
            cursor.status()

    def _clean(self) -> None:
        if self._scratch is not None:
            self._scratch.close()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say what the database says, as an error of this project."""
        with told(self._folder.parent):
            yield


@contextmanager
def told(ledger: Path) -> Iterator[None]:
    """Say what the database or the system says of a ledger, as an error of this project."""
    try:
        yield
    except (LedgerError, DbClosedError):
        raise
    except Exception as error:
        raise _translated(str(error), str(ledger)) from error


def _translated(message: str, place: str) -> LedgerError:
    if any(sign in message for sign in _BUSY):
        return _busy(place)
    if any(sign in message for sign in _FULL):
        return LedgerFull(
            "ledger_full",
            N_(
                "no space is left for the ledger {place}; what was acknowledged is safe: "
                "make space and run the same import again"
            ),
            place=place,
        )
    if any(sign in message for sign in _HINDERED):
        return LedgerError(
            "ledger_hindered",
            N_("the system does not let the ledger {place} be used ({why}); it may well be sound"),
            place=place,
            why=message.splitlines()[0][:200],
        )
    return LedgerDamaged(
        "ledger_damaged",
        N_("the ledger {place} cannot be read ({why}); import its files again into a new folder"),
        place=place,
        why=message.splitlines()[0][:200],
    )


def _busy(place: str) -> LedgerBusy:
    return LedgerBusy(
        "ledger_busy",
        N_("the ledger {place} is being written by another process; wait until it has ended"),
        place=place,
    )


def _refuse_endless_logs(folder: Path) -> None:
    """Refuse a log whose flipped bit the database would ponder for ever.

    Each record says its kind (github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format). The
    kinds of a log whose file is used again are never written here, and RocksDB 9 loops on one
    that it does not expect.
    """
    for path in (*folder.glob("MANIFEST-*"), *folder.glob("*.log")):
        # A writer may have removed it since.
        with suppress(FileNotFoundError), path.open("rb") as file:
            if _has_reused_record(file):
                msg = f"a record of {path.name} is not of a kind that is written here"
                raise ValueError(msg)


def _has_reused_record(file: BinaryIO) -> bool:
    position = 0
    while len(header := file.read(_LOG_RECORD.size)) == _LOG_RECORD.size:
        _, length_bytes, kind = _LOG_RECORD.unpack(header)
        if kind in _KINDS_OF_REUSED_LOGS:
            return True
        position += _LOG_RECORD.size + length_bytes
        rest_bytes = -position % _LOG_BLOCK_BYTES
        position += rest_bytes if rest_bytes < _LOG_RECORD.size else 0
        file.seek(position)
    return False


def _options() -> Options:
    """Bounded memory at any size: one cache for data, indexes and filters, few write buffers."""
    table = BlockBasedOptions()
    table.set_block_cache(Cache(CACHE_BYTES))
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    table.set_bloom_filter(BLOOM_BITS_A_KEY, block_based=False)
    table.set_block_size(16 * 1024)
    options = Options(raw_mode=True)
    options.set_block_based_table_factory(table)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_bottommost_compression_type(DBCompressionType.zstd())
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(3)
    options.set_level_compaction_dynamic_level_bytes(True)
    options.set_target_file_size_base(WRITE_BUFFER_BYTES)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_paranoid_checks(True)
    return options


Progress = Callable[[int], None]
"""Told how many more of whatever is counted have been done."""
