"""The log of changes: every number once, and just the accounts and transfers that it touched."""

from __future__ import annotations

import os
import shutil
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.store.feeds import CURRENCIES, NAMES, Feed, feeds, write
from tests.ledger.store.samples import batches, codes, make_ledger, quick_folder, told, transfer

from holdfast.core.errors import LedgerError, LedgerFull
from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.store import LedgerStore, LedgerWriter, append, store
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.store.records import (
    CHANGE_ROWS_MAX,
    LOG_KEY,
    Change,
    change_key,
)
from holdfast.ledger.transfer import START, Transfer

PAYER, SHOP = "TH.THCBC.002.1", "TH.THCBC.014.2"


@pytest.fixture
def ledger() -> Iterator[LedgerWriter]:
    """A new ledger, open for writing."""
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        yield writer


def _change(number: int, fresh: list[Transfer]) -> Change:
    """Say what a batch of new transfers touches, as plainly as can be."""
    accounts: set[tuple[str, str]] = set()
    for row in fresh:
        if row.debit_account != row.credit_account:
            accounts |= {(row.debit_account, row.currency), (row.credit_account, row.currency)}
    in_order = sorted(fresh, key=attrgetter("place"))
    return Change(number, frozenset(accounts), tuple(row.transfer_id for row in in_order))


@dataclass(frozen=True)
class Bounds:
    """How much is logged."""

    rows_max: int
    kept: int


def _expected(feed: Feed, rows_max: int) -> list[Change]:
    """Say what each change of a feed touches, the bound on its rows included."""
    known: set[str] = set()
    opened: set[tuple[str, str]] = set()
    changes: list[Change] = []
    for step in feed.steps:
        rows: dict[str, Transfer] = {}
        openings: set[tuple[str, str]] = set()
        for item in step:
            if not isinstance(item, Transfer):
                openings.add(item[:2])
            elif item.transfer_id not in known:
                rows.setdefault(item.transfer_id, item)
        known |= set(rows)
        openings -= opened
        opened |= openings
        number = len(changes) + 1
        if max(len(rows), len(openings)) > rows_max:
            changes.append(Change(number, whole=True))
        elif rows:
            changes.append(_change(number, list(rows.values())))
        elif openings:
            changes.append(Change(number, frozenset(openings)))
    return changes


def _check_told(ledger: LedgerStore, right: list[Change], kept: int) -> None:
    """From every number on just what is right is told; what is too old is a change of all."""
    last = len(right)
    assert ledger.figures.change == last
    for number in range(last + 1):
        told = list(ledger.changes_since(number))
        missing = last - kept
        if number < missing:
            assert told == [Change(missing, whole=True), *right[missing:]]
        else:
            assert told == right[number:]
    assert codes(ledger) == []


@settings(max_examples=40)
@given(
    feeds(), st.builds(Bounds, st.sampled_from((1, 2, 5, 1000)), st.sampled_from((1, 2, 3, 1000)))
)
def test_each_change_is_logged_once_with_what_it_touched(feed: Feed, bounds: Bounds) -> None:
    """Whatever is repeated, late, to itself or contradicting: no gap, nothing too much or little."""
    with (
        mock.patch.object(append, "CHANGE_ROWS_MAX", bounds.rows_max),
        mock.patch.object(append, "CHANGES_KEPT", bounds.kept),
        quick_folder() as folder,
    ):
        right = _expected(feed, bounds.rows_max)
        with LedgerWriter.open(folder) as ledger:
            write(ledger, feed)
            _check_told(ledger, right, bounds.kept)
            assert len(list(ledger.engine.scan_from(b"C", b"C"))) == min(bounds.kept, len(right))
        with LedgerStore.open(folder) as reader:
            _check_told(reader, right, bounds.kept)


@settings(max_examples=20)
@given(feeds())
def test_the_balance_at_an_instant(feed: Feed) -> None:
    """It is the balance after all that came till then, or nothing where nothing was known."""
    memory = MemoryLedger(feed.transfers, feed.openings)
    with quick_folder() as folder, LedgerWriter.open(folder) as ledger:
        with mock.patch("holdfast.ledger.store.records.BLOCK_TRANSFERS_MAX", 2):
            write(ledger, feed)
        for account in (*NAMES, "TH.THCBC.002.unknown"):
            for currency in CURRENCIES:
                _check_balances(ledger, memory, (account, currency), feed.openings)


def _check_balances(
    ledger: LedgerStore,
    memory: MemoryLedger,
    key: tuple[str, str],
    openings: Mapping[tuple[str, str], int],
) -> None:
    account, currency = key
    (_, rows) = told(memory, {account: START}, currency)[account]
    times = [row.time_us for row in rows]
    for until_us in range(-1, 9):
        right: int | None = None
        if bisect_right(times, until_us) or key in openings:
            place = (until_us + 1, -(2**63), "")
            right = told(memory, {account: place}, currency)[account][0]
        assert ledger.balance_at(account, currency, until_us) == right


def test_a_huge_change_is_logged_without_lists(ledger: LedgerWriter) -> None:
    """Up to the bound all is named, beyond it asking everything anew is cheaper."""
    ledger.append(transfer(number) for number in range(CHANGE_ROWS_MAX))
    ledger.append(transfer(number) for number in range(CHANGE_ROWS_MAX, 2 * CHANGE_ROWS_MAX + 1))
    ledger.open_accounts((f"{PAYER}{number}", "THB", 1) for number in range(CHANGE_ROWS_MAX + 1))
    first, second, third = ledger.changes_since(0)
    assert len(first.transfer_ids) == CHANGE_ROWS_MAX
    assert not first.whole
    assert second == Change(2, whole=True)
    assert third == Change(3, whole=True)
    assert codes(ledger) == []


def test_only_what_is_new_in_a_batch_is_logged(ledger: LedgerWriter) -> None:
    """A transfer that is known or contradicts touches nothing."""
    first, second, third = (transfer(number) for number in (1, 2, 3))
    ledger.append([first, second])
    ledger.append([first, second._replace(amount_minor=9, credit_account=SHOP), third])
    assert list(ledger.changes_since(1)) == [_change(2, [third])]


def test_trimmed_changes_are_told_as_one_of_everything(ledger: LedgerWriter) -> None:
    """The log lets go of what its follower has, which is no change, and goes on from there."""
    rows = list(batches(5, 3))
    right = [_change(number, batch) for number, batch in enumerate(rows, 1)]
    for batch in rows[:4]:
        ledger.append(batch)
    ledger.trim_changes(0)
    assert list(ledger.changes_since(0)) == right[:4]
    for _ in range(2):
        ledger.trim_changes(2)
        assert list(ledger.changes_since(0)) == [Change(2, whole=True), *right[2:4]]
        assert list(ledger.changes_since(1)) == [Change(2, whole=True), *right[2:4]]
        assert list(ledger.changes_since(2)) == right[2:4]
    ledger.trim_changes(1)
    assert list(ledger.changes_since(2)) == right[2:4]
    ledger.trim_changes(99)
    assert list(ledger.engine.scan_from(b"C", b"C")) == []
    assert list(ledger.changes_since(0)) == [Change(4, whole=True)]
    assert list(ledger.changes_since(4)) == []
    assert ledger.figures.change == 4
    assert codes(ledger) == []
    ledger.append(rows[4])
    assert list(ledger.changes_since(1)) == [Change(4, whole=True), right[4]]
    assert list(ledger.changes_since(4)) == [right[4]]
    assert codes(ledger) == []


def test_an_empty_log_can_be_trimmed(ledger: LedgerWriter) -> None:
    """Before the first change there is nothing to let go of, and nothing is written."""
    ledger.trim_changes(7)
    assert dict(ledger.engine.scan_from(b"", b"")) == {}
    assert list(ledger.changes_since(0)) == []


def test_a_ledger_without_log_is_read_and_goes_on_with_one(ledger: LedgerWriter) -> None:
    """All that an older program wrote is one change of everything; from now on it is logged."""
    first, second, third = batches(3, 10)
    ledger.append(first)
    ledger.append(second)
    ledger.engine.write({}, [LOG_KEY, change_key(1), change_key(2)])
    assert list(ledger.changes_since(0)) == [Change(2, whole=True)]
    assert list(ledger.changes_since(1)) == [Change(2, whole=True)]
    assert list(ledger.changes_since(2)) == []
    assert codes(ledger) == []
    ledger.append(third)
    assert list(ledger.changes_since(0)) == [Change(2, whole=True), _change(3, third)]
    assert codes(ledger) == []


def test_an_older_program_may_write_in_between(ledger: LedgerWriter) -> None:
    """What it wrote without log is a change of everything; then the log begins anew."""
    rows = list(batches(5, 10))
    ledger.append(rows[0])
    ledger.append(rows[1])
    with mock.patch.object(append, "_log"):
        ledger.append(rows[2])
        ledger.append(rows[3])
    assert list(ledger.changes_since(1)) == [_change(2, rows[1]), Change(4, whole=True)]
    assert list(ledger.changes_since(3)) == [Change(4, whole=True)]
    assert codes(ledger) == []
    ledger.append(rows[4])
    assert list(ledger.changes_since(1)) == [Change(4, whole=True), _change(5, rows[4])]
    assert codes(ledger) == []


def test_a_number_that_the_ledger_has_not_come_to_is_refused(ledger: LedgerWriter) -> None:
    """Whoever followed another ledger, or a newer copy of this one, must not wait in silence."""
    ledger.append([transfer(1)])
    assert list(ledger.changes_since(1)) == []
    with pytest.raises(LedgerError) as caught:
        ledger.changes_since(2)
    assert caught.value.code == "ledger_change_ahead"
    assert str(ledger.folder) in str(caught.value)


def test_a_change_in_which_nothing_could_be_written_is_not_logged(
    ledger: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log and transfers are one write: both stand or neither, also where its end isn't told."""
    first, second = batches(2, 10)

    def full(*_: object) -> None:
        raise LedgerFull("ledger_full", "full")

    for owner, name, there in ((Engine, "write", []), (store, "write_acknowledged", first)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(LedgerFull):
                ledger.append(first)
        assert list(ledger.changes_since(0)) == ([_change(1, there)] if there else [])
    ledger.append(second)
    assert list(ledger.changes_since(1)) == [_change(2, second)]
    assert codes(ledger) == []


def test_a_killed_writer_leaves_a_change_and_its_log_or_neither(tmp_path: Path) -> None:
    """Wherever the database's own log is cut, the changes told are those that are there."""
    rows = list(batches(4, 60))
    right = [_change(number, batch) for number, batch in enumerate(rows, 1)]
    with LedgerWriter.open(tmp_path / "open") as writer:
        for batch in rows:
            writer.append(batch)
        shutil.copytree(tmp_path / "open", tmp_path / "killed")
    (log,) = (tmp_path / "killed").rglob("*.log")
    (tmp_path / "killed" / "ACKNOWLEDGED").write_text(f"{0:020}\n")
    seen: set[int] = set()
    for left_bytes in range(log.stat().st_size, 0, -2311):
        os.truncate(log, left_bytes)
        with LedgerStore.open(tmp_path / "killed") as reader:
            seen.add(reader.figures.change)
            assert list(reader.changes_since(0)) == right[: reader.figures.change]
            assert reader.figures.transfers == 60 * reader.figures.change
            assert codes(reader) == []
    assert seen == {0, 1, 2, 3, 4}


def test_a_reader_sees_a_change_together_with_its_log(tmp_path: Path) -> None:
    """What a reader is told stands still, trimmed or not, until it catches up."""
    first, second, third = batches(3, 10)
    folder = make_ledger(tmp_path / "ledger", [first])
    with LedgerWriter.open(folder) as writer, LedgerStore.open(folder) as reader:
        writer.append(second)
        assert list(reader.changes_since(0)) == [_change(1, first)]
        assert reader.catch_up() == 2
        told = reader.changes_since(0)
        assert next(told) == _change(1, first)
        writer.trim_changes(1)
        writer.append(third)
        assert reader.catch_up() == 3
        assert list(told) == [_change(2, second)]
        assert list(reader.changes_since(0)) == [
            Change(1, whole=True),
            _change(2, second),
            _change(3, third),
        ]


def test_balances_of_accounts_that_stand_side_by_side(ledger: LedgerWriter) -> None:
    """An account of another name or currency lends none of its balance."""
    ledger.append([Transfer(5, 0, "T1", PAYER, SHOP, 7, "THB")])
    assert ledger.balance_at(SHOP, "THB", 4) is None
    assert ledger.balance_at(SHOP, "THB", 5) == 7
    assert ledger.balance_at(SHOP + "0", "THB", 5) is None
    assert ledger.balance_at(SHOP, "USD", 5) is None
    ledger.open_accounts([(SHOP, "THB", 3), (SHOP, "USD", -3)])
    assert ledger.balance_at(SHOP, "THB", 4) == 3
    assert ledger.balance_at(SHOP, "THB", 5) == 10
    assert ledger.balance_at(SHOP, "USD", 5) == 0
