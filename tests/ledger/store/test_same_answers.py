"""The store answers like the ledger in memory, in whatever order and cuts it was fed."""

from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

import pytest
from hypothesis import given, settings
from tests.ledger.store.feeds import CURRENCIES, NAMES, Feed, feeds, write
from tests.ledger.store.samples import codes, quick_folder, told

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.store import LedgerStore, LedgerWriter, records
from holdfast.ledger.transfer import START, Ledger, Place, Transfer

END: Place = (2**62, 0, "")


def _all_answers(ledger: Ledger, transfers: Sequence[Transfer]) -> list[object]:
    """Ask a ledger everything there is to ask: from every place, until every instant."""
    places = {START, END, *(item.place for item in transfers)}
    places |= {(time_us, seq, name + "x") for time_us, seq, name in places}
    answers: list[object] = [ledger.find(["unknown", *(item.transfer_id for item in transfers)])]
    for place in sorted(places):
        since = dict.fromkeys((*NAMES, "TH.THCBC.002.unknown"), place)
        for currency in CURRENCIES:
            answers += [
                told(ledger, since, currency, until_us=until_us) for until_us in (None, 3, place[0])
            ]
            answers.append(told(ledger, since, currency, ignore_balances=True))
    return answers


def _check(feed: Feed) -> None:
    right = MemoryLedger(feed.transfers, feed.openings)
    first: dict[str, Transfer] = {}
    known = sum(first.setdefault(item.transfer_id, item) == item for item in feed.transfers)
    with (
        mock.patch.object(records, "BLOCK_TRANSFERS_MAX", feed.block_transfers_max),
        quick_folder() as folder,
    ):
        with LedgerWriter.open(folder) as ledger:
            counts = write(ledger, feed)
            assert counts == [len(right), known - len(right), len(feed.transfers) - known]
            expected = _all_answers(right, feed.transfers)
            assert _all_answers(ledger, feed.transfers) == expected
            assert codes(ledger) == []
        with LedgerStore.open(folder) as reader:
            assert _all_answers(reader, feed.transfers) == expected
            assert codes(reader) == []


@settings(max_examples=40, deadline=None)
@given(feeds())
def test_the_store_answers_like_memory(feed: Feed) -> None:
    """Any order, any cut into batches: the same balances, transfers and finds, and it is sound."""
    _check(feed)


def test_a_place_before_1970_is_before_the_first_instant() -> None:
    """Whatever id it names, it comes before the earliest transfers that there can be."""
    rows = tuple(Transfer(0, -(2**63), name, *NAMES[:2], 5, "THB") for name in ("a", "b"))
    _check(Feed((rows,), 1))


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(feeds())
def test_the_store_answers_like_memory_in_many_worlds(feed: Feed) -> None:
    """The same, for many more ledgers."""
    _check(feed)
