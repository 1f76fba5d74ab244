"""A ledger kept in a folder: read by many processes while one writes to it.

FORMAT          the version of what stands here
ACKNOWLEDGED    the number of the last change that was acknowledged
rocks/          the database
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.core.errors import LedgerError
from holdfast.core.words import N_
from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.store import append
from holdfast.ledger.store.engine import Engine, told
from holdfast.ledger.store.folder import (
    DATABASE,
    check_format,
    check_tail,
    is_ledger,
    prepare,
    read_acknowledged,
    write_acknowledged,
    write_format,
)
from holdfast.ledger.store.records import (
    META_KEY,
    Block,
    Change,
    Figures,
    account_part,
    block_key,
    change_key,
    changes_of,
    decode_block,
    decode_figures,
    decode_int,
    decode_transfer,
    digest_key,
    transfer_key,
)
from holdfast.ledger.transfer import START, History, Place, Transfer


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch: how many are new, how many were known, which contradict."""

    added: int
    known: int
    conflicts: tuple[int, ...]
    """Positions in the batch whose id is in the ledger with other content; the first stays."""


class LedgerStore:
    """A ledger opened for reading; it sees what was written when it was opened.

    That is whole batches, all those acknowledged and at most one that is about to be.
    """

    def __init__(self, folder: Path, *, writes: bool = False, creates: bool = False) -> None:
        acknowledged = read_acknowledged(folder)
        self.folder = folder
        self.engine = Engine(folder / DATABASE, writes=writes, creates=creates)
        try:
            self.figures = self._read_figures()
            check_tail(folder, acknowledged, self.figures.change)
            if writes and self.figures.change > acknowledged:
                # A writer was killed between the two; from now on this change is acknowledged.
                with told(folder):
                    write_acknowledged(folder, self.figures.change)
        except BaseException:
            self.engine.close()
            raise

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing ledger for reading, also while another process writes to it.

        Raises:
            LedgerMissing, LedgerFormatUnknown, LedgerDamaged.
        """
        check_format(folder)
        return cls(folder)

    def close(self) -> None:
        """Let go of the ledger; a second call does nothing."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def catch_up(self) -> int:
        """See what the writer has acknowledged by now; return the number of the last change."""
        self.engine.catch_up()
        self.figures = self._read_figures()
        return self.figures.change

    def acknowledged(self) -> int:
        """Return the number of the last change that the writer has acknowledged by now."""
        return read_acknowledged(self.folder)

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Return those of the transfers asked for that are in the ledger, by id."""
        wanted = list(transfer_ids)
        values = self.engine.get_many([transfer_key(key) for key in wanted])
        return {
            key: decode_transfer(value)
            for key, value in zip(wanted, values, strict=True)
            if value is not None
        }

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Answer as `Ledger.histories`: one seek an account, the rest read as it is asked for."""
        return {
            account: self._history(account, currency, place, until_us, bare=ignore_balances)
            for account, place in since.items()
        }

    def opening(self, account: str, currency: str) -> int | None:
        """Return the opening balance of an account in minor units, or None where none is known."""
        value = self.engine.get(b"O" + account_part(account, currency))
        return None if value is None else decode_int(value)

    def balance_at(self, account: str, currency: str, until_us: int) -> int | None:
        """Return an account's running balance in minor units after all its transfers till then.

        It is the one set right by what banks report, before the account's first transfer its
        opening balance, and never below zero; None where nothing is known of the account by then.
        """
        part = account_part(account, currency)
        place = (until_us + 1, *START[1:])
        entry = next(self.engine.scan_around(block_key(part, place), b"E" + part), None)
        if entry is not None:
            block = decode_block(entry[1])
            if block.transfers[0].place < place:
                return _walk_to(block, place, account)[0].reported_minor
        opening = self.opening(account, currency)
        return None if opening is None else Balance.opening(opening).reported_minor

    def changes_since(self, number: int) -> Iterator[Change]:
        """Yield what each change after change `number` touched, in order, up to the last one seen.

        Changes that are no longer logged, or never were, are told as one change of everything
        that carries the number of the last of them.

        Raises:
            LedgerError: this ledger has not come to that number, so it is another one, an older
                copy, or a reader that has not caught up.
        """
        last = self.figures.change
        if number > last:
            raise _ahead(self.folder, number, last)
        first = max(number + 1, append.read_log(self.engine).first)
        return changes_of(self.engine.scan_from(change_key(first), b"C"), number, last)

    def digest_at(self, number: int) -> str:
        """Return what tells the changes up to a number from every other ledger's; else nothing.

        Nothing is known of changes that an older program wrote, and of those still to come.
        """
        return (self.engine.get(digest_key(number)) or b"").hex()

    def holds(self, number: int, digest: str) -> bool:
        """Whether the changes up to a number are here whose `digest_at(number)` was once asked for.

        An older copy that has grown since has the number again, and other changes under it. Where
        either digest is not known, the number alone is heeded.
        """
        if number > self.figures.change:
            return False
        found = self.digest_at(number)
        return digest == found or not digest or not found

    def check_follows(self, number: int, digest: str) -> None:
        """Refuse where the changes that were followed up to a number are not here, see `holds`.

        Raises:
            LedgerError: `ledger_change_ahead` or `ledger_changes_differ`.
        """
        if number > self.figures.change:
            raise _ahead(self.folder, number, self.figures.change)
        if not self.holds(number, digest):
            raise _differs(self.folder, number)

    def _history(
        self, account: str, currency: str, place: Place, until_us: int | None, *, bare: bool
    ) -> History:
        part = account_part(account, currency)
        blocks = self.engine.scan_around(block_key(part, place), b"E" + part)
        balance: Balance | None = None
        rest: list[Transfer] = []
        for _, value in blocks:
            block = decode_block(value)
            balance, rest = _walk_to(block, place, account)
            if rest:
                break
        if balance is None:
            balance = Balance.opening(self.opening(account, currency))
        return History(
            balance.bare_minor if bare else balance.reported_minor,
            _until(rest, blocks, until_us),
        )

    def _read_figures(self) -> Figures:
        value = self.engine.get(META_KEY)
        return Figures() if value is None else decode_figures(value)


class LedgerWriter(LedgerStore):
    """A ledger opened for writing, by one process at a time; it reads its own writes."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a ledger for writing; a folder that is missing or empty becomes a new ledger.

        Raises:
            LedgerBusy, LedgerFormatUnknown, LedgerDamaged, LedgerFull, LedgerMissing (the
            folder holds other things).
        """
        if is_ledger(folder):
            check_format(folder)
            return cls(folder, writes=True)
        with told(folder):
            prepare(folder)
        ledger = cls(folder, writes=True, creates=True)
        try:
            with told(folder):
                write_format(folder)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def append(self, transfers: Iterable[Transfer]) -> Appended:
        """Keep a batch of transfers, all or none; it is on the disk when this returns.

        A transfer that is already there, by id and content, is known and not added; one whose
        id is there with other content is a conflict, and the first stays.
        """
        fresh, known, conflicts = append.sort_out(self.engine, transfers)
        if fresh:
            self._commit(*append.plan(self.engine, self.figures, fresh))
        return Appended(len(fresh), known, tuple(conflicts))

    def open_accounts(self, openings: Iterable[tuple[str, str, int]]) -> tuple[int, ...]:
        """Keep opening balances, given as (account, currency, minor units), all or none.

        Balances that were reckoned without them are mended. An account's first opening balance
        stays: returned are the positions that say another.
        """
        fresh, conflicts = append.sort_out_openings(self.engine, openings)
        if fresh:
            self._commit(*append.plan_openings(self.engine, self.figures, fresh))
        return tuple(conflicts)

    def trim_changes(self, up_to: int) -> None:
        """Let the log go of the changes up to a number, once whoever follows it has them all."""
        puts, deletes = append.plan_trim(self.engine, up_to)
        if puts:
            self.engine.write(puts, deletes)

    def _commit(self, puts: dict[bytes, bytes], deletes: list[bytes], figures: Figures) -> None:
        self.engine.write(puts, deletes)
        self.figures = figures  # also where it is not acknowledged: it stands in the database
        with told(self.folder):
            write_acknowledged(self.folder, figures.change)


def _walk_to(block: Block, place: Place, account: str) -> tuple[Balance, list[Transfer]]:
    """Return the balance before `place` and the block's transfers from there on."""
    position = bisect_left(block.transfers, place)
    balance = balance_after(block.before, block.transfers[:position], account)
    return balance, block.transfers[position:]


def _until(
    first: list[Transfer], blocks: Iterator[tuple[bytes, bytes]], until_us: int | None
) -> Iterator[Transfer]:
    transfers = first
    while True:
        if until_us is None or (transfers and transfers[-1].time_us <= until_us):
            yield from transfers
        else:
            for transfer in transfers:
                if transfer.time_us > until_us:
                    return
                yield transfer
        entry = next(blocks, None)
        if entry is None:
            return
        transfers = decode_block(entry[1]).transfers


def _ahead(folder: Path, number: int, found: int) -> LedgerError:
    return LedgerError(
        "ledger_change_ahead",
        N_(
            "change {number} of the ledger {place} was asked about, but it holds only {found}: "
            "it is another ledger, or an older copy of it"
        ),
        place=str(folder),
        number=number,
        found=found,
    )


def _differs(folder: Path, number: int) -> LedgerError:
    return LedgerError(
        "ledger_changes_differ",
        N_(
            "the ledger {place} has other changes up to {number} than those that were followed: it "
            "is another ledger, or an older copy that has grown since; bring the newest copy back, "
            "or import what is missing again and then run `holdfast ledger follow-anew`"
        ),
        place=str(folder),
        number=number,
    )
