"""What becomes of a batch: new, known or contradicting; whole or not at all; balances mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.ledger.store.samples import ACCOUNTS, batches, codes, quick_folder, told, transfer

from holdfast.core.errors import LedgerFull
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.ledger.store import LedgerStore, LedgerWriter, store
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.store.records import decode_block
from holdfast.ledger.store.store import Appended
from holdfast.ledger.transfer import START, Transfer

PAYER, SHOP = "TH.THCBC.002.1", "TH.THCBC.014.2"


@pytest.fixture
def ledger() -> Iterator[LedgerWriter]:
    """A new ledger, open for writing."""
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        yield writer


def test_the_same_batch_again_adds_nothing(ledger: LedgerWriter) -> None:
    """A second import is known by id and content, and isn't a change."""
    (batch,) = batches(1, 30)
    assert ledger.append(batch) == Appended(30, 0, ())
    before = dict(ledger.engine.scan_from(b"", b""))
    assert ledger.append(reversed(batch)) == Appended(0, 30, ())
    assert dict(ledger.engine.scan_from(b"", b"")) == before
    assert ledger.figures.change == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 6},
        {"time_us": 4},
        {"seq": 1},
        {"debit_account": PAYER},
        {"credit_account": SHOP},
        {"currency": "USD"},
        {"debit_balance_before_minor": 0},
        {"credit_balance_before_minor": 0},
        {"executes_hold": "H1"},
        {"channel": "MOBILE"},
        {"end_to_end_id": "E1"},
        {"uetr": "8a562c67-ca16-48ba-b074-65581be6f011"},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(
    ledger: LedgerWriter, change: dict[str, Any]
) -> None:
    """Whichever field differs, the first stays; the position in the batch is told."""
    ledger.append([transfer(3)])
    assert ledger.append([transfer(2), transfer(3, **change)]) == Appended(1, 0, (1,))
    assert dict(ledger.find(["T0000003"])) == {"T0000003": transfer(3)}
    assert codes(ledger) == []


def test_a_batch_may_repeat_and_contradict_itself(ledger: LedgerWriter) -> None:
    """Within one batch too the first of an id stays, an equal one is known."""
    batch = [transfer(1), transfer(1, amount_minor=9), transfer(1), transfer(2)]
    assert ledger.append(batch) == Appended(2, 1, (1,))
    assert ledger.find(["T0000001"])["T0000001"].amount_minor == 5
    assert ledger.figures.transfers == 2


def test_nothing_appended_is_no_change(ledger: LedgerWriter) -> None:
    """An empty batch leaves the number of the last change as it is."""
    assert ledger.append([]) == Appended(0, 0, ())
    assert ledger.open_accounts([]) == ()
    assert ledger.figures.change == 0


def test_a_transfer_to_itself_is_kept_but_moves_nothing(ledger: LedgerWriter) -> None:
    """It is found by its id, counted, and on no account's list."""
    ledger.append([transfer(1, credit_account=ACCOUNTS[1])])
    assert ledger.figures.to_itself == 1
    assert ledger.figures.accounts == 0
    assert list(ledger.find(["T0000001"])) == ["T0000001"]
    assert told(ledger, {ACCOUNTS[1]: START}, "THB") == {ACCOUNTS[1]: (0, [])}
    assert codes(ledger) == []


def test_the_first_opening_balance_stays(ledger: LedgerWriter) -> None:
    """An equal one is taken for the same, another one is told by its position."""
    assert ledger.open_accounts([(PAYER, "THB", 70), (PAYER, "THB", 71)]) == (1,)
    assert ledger.open_accounts([(PAYER, "THB", 70)]) == ()
    assert ledger.figures.change == 1
    assert ledger.open_accounts([(PAYER, "USD", 3), (PAYER, "THB", 0)]) == (1,)
    assert ledger.opening(PAYER, "THB") == 70
    assert ledger.opening(PAYER, "USD") == 3
    assert ledger.opening(SHOP, "THB") is None


def test_an_opening_balance_below_zero_is_kept_and_counts_as_zero(ledger: LedgerWriter) -> None:
    """An overdraft is nobody's money; the file may still say it twice."""
    assert ledger.open_accounts([(PAYER, "THB", -70)]) == ()
    assert ledger.opening(PAYER, "THB") == -70
    assert told(ledger, {PAYER: START}, "THB") == {PAYER: (0, [])}


def _pay(number: int, amount_minor: int) -> Transfer:
    return Transfer(number, 0, f"P{number:07}", PAYER, SHOP, amount_minor, "THB")


def test_sums_beyond_sixty_four_bits_are_exact(ledger: LedgerWriter) -> None:
    """However many of the largest amounts come together, none is lost and none is refused."""
    count = 40
    paid = [_pay(number, AMOUNT_MINOR_MAX) for number in range(count)]
    for row in paid[1:]:
        ledger.append([row])
    ledger.append(paid)  # the first comes late, so each block is mended
    end = (count, 0, "")
    assert told(ledger, {SHOP: end}, "THB") == {SHOP: (count * AMOUNT_MINOR_MAX, [])}
    assert ledger.figures.amounts_minor == {"THB": count * AMOUNT_MINOR_MAX}
    assert codes(ledger) == []
    with LedgerStore.open(ledger.folder) as reader:
        assert reader.figures == ledger.figures
        assert told(reader, {SHOP: end}, "THB") == {SHOP: (count * AMOUNT_MINOR_MAX, [])}


def test_a_number_that_could_not_be_acknowledged_leaves_the_figures_right(
    ledger: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the change stands but its number could not be kept, going on counts it all the same."""
    first, second = batches(2, 10)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_acknowledged", full)
        with pytest.raises(LedgerFull):
            ledger.append(first)
    assert ledger.append(first) == Appended(0, 10, ())
    ledger.append(second)
    assert ledger.figures.transfers == 20
    assert ledger.figures.change == 2
    assert codes(ledger) == []


def test_a_batch_that_could_not_be_written_leaves_nothing(
    ledger: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is read or counted, and it can be written later."""
    first, second = batches(2, 10)
    ledger.append(first)
    before = dict(ledger.engine.scan_from(b"", b""))

    def full(*_: object) -> None:
        raise LedgerFull("ledger_full", "full")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "write", full)
        with pytest.raises(LedgerFull):
            ledger.append(second)
        with pytest.raises(LedgerFull):
            ledger.open_accounts([(PAYER, "THB", 70)])
    assert dict(ledger.engine.scan_from(b"", b"")) == before
    assert ledger.append(second) == Appended(10, 0, ())
    assert codes(ledger) == []


@pytest.mark.parametrize("logs", ["the same log", "another log"])
def test_histories_are_read_as_they_were_asked_for(ledger: LedgerWriter, logs: str) -> None:
    """A history that is read while others write goes on with the ledger as it was."""
    rows = [_pay(number, 5) for number in range(0, 400, 2)]
    ledger.append(rows)
    with LedgerStore.open(ledger.folder) as reader:
        mine, theirs = (
            asked.histories({SHOP: START}, "THB", until_us=None)[SHOP] for asked in (ledger, reader)
        )
        begun = [next(mine.transfers), next(theirs.transfers)]
        if logs == "another log":
            ledger.engine._db.flush()
        ledger.append([_pay(number, 5) for number in range(1, 400, 2)])
        reader.catch_up()
        assert [begun[0], *mine.transfers] == rows
        assert [begun[1], *theirs.transfers] == rows
        assert (
            len(list(reader.histories({SHOP: START}, "THB", until_us=None)[SHOP].transfers)) == 400
        )


@pytest.fixture
def blocks_read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every block that the store takes apart for an answer."""
    read: list[bytes] = []

    def watched(value: bytes) -> object:
        read.append(value)
        return decode_block(value)

    monkeypatch.setattr(store, "decode_block", watched)
    return read


def test_a_narrow_window_reads_few_blocks(ledger: LedgerWriter, blocks_read: list[bytes]) -> None:
    """An account of many transfers is asked from anywhere at the cost of what is read from there."""
    ledger.append(_pay(number, 1) for number in range(20_000))
    since = {SHOP: (10_000, 0, "P0010000")}
    assert told(ledger, since, "THB", until_us=10_009)[SHOP][0] == 10_000
    assert len(blocks_read) <= 2
    history = ledger.histories({SHOP: START, PAYER: START}, "THB", until_us=None)[SHOP]
    next(history.transfers)
    assert len(blocks_read) <= 5


@pytest.mark.slow
def test_an_account_of_a_million_transfers(
    ledger: LedgerWriter, blocks_read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is imported, asked in a narrow window, and mended after a late arrival in its middle."""
    count, late_minor = 1_000_000, 700
    for start in range(0, count, 50_000):
        ledger.append(_pay(2 * number, 1) for number in range(start, start + 50_000))
    window = {SHOP: (count, 0, "")}
    balance, transfers = told(ledger, window, "THB", until_us=count + 20)[SHOP]
    assert balance == count // 2
    assert [row.time_us for row in transfers] == list(range(count, count + 21, 2))
    assert len(blocks_read) <= 3
    assert ledger.append([_pay(count + 1, late_minor)]).added == 1
    for number in (0, 1, count // 4, count // 2, count // 2 + 1, count - 1, count):
        asked = {SHOP: (2 * number, 0, "")}
        (balance, _) = told(ledger, asked, "THB", until_us=0)[SHOP]
        assert balance == number + (late_minor if number > count // 2 else 0)
    assert codes(ledger) == []


def test_a_late_arrival_is_mended_no_further_than_it_matters(ledger: LedgerWriter) -> None:
    """Once an account's balance is again what it was, the blocks behind stay as they are."""
    spent = [_pay(10 * number, 1) for number in range(640)]  # without money of its own: all zero
    ledger.append(spent)
    part = f"E{PAYER}".encode()
    before = dict(ledger.engine.scan_from(part, part))
    ledger.append([_pay(5, 3)])
    after = dict(ledger.engine.scan_from(part, part))
    assert len(set(before.items()) & set(after.items())) == len(before) - 1
    assert codes(ledger) == []
