"""Digests of changes: by them a ledger is told from every other that has come as far."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from tests.ledger.store.feeds import Feed, feeds, write
from tests.ledger.store.samples import batches, codes, make_ledger, quick_folder, transfer

from holdfast.core.errors import LedgerError
from holdfast.ledger.store import LedgerStore, LedgerWriter, append
from holdfast.ledger.store.records import digest_key

ACCOUNT = "TH.THCBC.002.1"


@pytest.fixture
def ledger() -> Iterator[LedgerWriter]:
    """A new ledger, open for writing."""
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        yield writer


def _digests(ledger: LedgerStore) -> list[str]:
    return [ledger.digest_at(number) for number in range(1, ledger.figures.change + 1)]


def _code(ledger: LedgerStore, number: int, digest: str) -> str:
    with pytest.raises(LedgerError) as caught:
        ledger.check_follows(number, digest)
    assert not ledger.holds(number, digest)
    return caught.value.code


@settings(max_examples=20)
@given(feeds())
def test_the_same_changes_have_the_same_digests(feed: Feed) -> None:
    """Whatever is fed: each change has its own digest, the same wherever it is written again."""
    with quick_folder() as folder:
        found = []
        for name in ("one", "other"):
            with LedgerWriter.open(folder / name) as writer:
                write(writer, feed)
                found.append(_digests(writer))
                assert codes(writer) == []
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0])
    assert all(len(digest) == 64 for digest in found[0])


def test_one_difference_is_in_all_digests_from_there_on(tmp_path: Path) -> None:
    """A changed amount, however far back, can be told at every later number."""
    rows = list(batches(4, 5))
    other = [rows[0], [rows[1][0]._replace(amount_minor=6), *rows[1][1:]], *rows[2:]]
    found = []
    for name, fed in (("one", rows), ("other", other)):
        with LedgerStore.open(make_ledger(tmp_path / name, fed)) as reader:
            found.append(_digests(reader))
    assert [mine == theirs for mine, theirs in zip(*found, strict=True)] == [
        True,
        False,
        False,
        False,
    ]


def test_an_opening_balance_is_in_the_digest(ledger: LedgerWriter) -> None:
    """A change need not be one of transfers."""
    with quick_folder() as folder, LedgerWriter.open(folder / "other") as other:
        ledger.open_accounts([(ACCOUNT, "THB", 5)])
        other.open_accounts([(ACCOUNT, "THB", 6)])
        assert ledger.digest_at(1) != other.digest_at(1)


def test_an_older_copy_that_has_grown_is_told(tmp_path: Path) -> None:
    """It has the number that was followed, and other changes under it; the true one goes on."""
    rows = list(batches(6, 3))
    folder = make_ledger(tmp_path / "ledger", rows[:2])
    shutil.copytree(folder, tmp_path / "copy")
    with LedgerWriter.open(folder) as writer:
        writer.append(rows[2])
        number, digest = 3, writer.digest_at(3)
        writer.append(rows[3])
        writer.check_follows(number, digest)
    with LedgerWriter.open(tmp_path / "copy") as writer:
        assert _code(writer, number, digest) == "ledger_change_ahead"
        for batch in rows[4:]:
            writer.append(batch)
            assert _code(writer, number, digest) == "ledger_changes_differ"


def test_a_digest_outlives_the_log(ledger: LedgerWriter) -> None:
    """However long ago it was followed: trimming the log takes no digest away."""
    for batch in batches(3, 3):
        ledger.append(batch)
    first = ledger.digest_at(1)
    ledger.trim_changes(3)
    ledger.check_follows(1, first)
    assert _code(ledger, 1, "0" * 64) == "ledger_changes_differ"


def test_what_an_older_program_wrote_is_not_known(ledger: LedgerWriter) -> None:
    """There the number alone counts, and the chain begins anew behind it."""
    rows = list(batches(4, 5))
    ledger.append(rows[0])
    with mock.patch.object(append, "_chain"):
        ledger.append(rows[1])
    assert ledger.digest_at(2) == ""
    ledger.check_follows(2, "0" * 64)
    ledger.append(rows[2])
    ledger.append(rows[3])
    assert _code(ledger, 3, "0" * 64) == "ledger_changes_differ"
    ledger.check_follows(3, "")
    assert codes(ledger) == []


def test_a_number_without_digest_is_heeded_alone(ledger: LedgerWriter) -> None:
    """Whoever began before there were digests goes on; nobody is told of changes to come."""
    assert ledger.digest_at(0) == ledger.digest_at(1) == ""
    ledger.check_follows(0, "")
    ledger.append([transfer(1)])
    ledger.check_follows(1, "")
    assert _code(ledger, 2, "") == "ledger_change_ahead"


def test_a_digest_that_does_not_fit_is_found(ledger: LedgerWriter) -> None:
    """Of a change of transfers as of one of opening balances."""
    ledger.open_accounts([(ACCOUNT, "THB", 5)])
    ledger.append([transfer(1), transfer(2)])
    for number in (1, 2):
        right = ledger.engine.get(digest_key(number))
        assert right is not None
        ledger.engine.write({digest_key(number): bytes(32)}, [])
        assert codes(ledger) == ["ledger_chain_broken"]
        ledger.engine.write({digest_key(number): right}, [])
    assert codes(ledger) == []
