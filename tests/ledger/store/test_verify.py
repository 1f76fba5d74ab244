"""Verify names what is wrong when content was changed below the store, each with its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ledger.store.samples import ACCOUNTS, batches, codes, make_ledger, quick_folder, transfer

from holdfast.ledger.balance import Balance
from holdfast.ledger.store import LedgerStore, LedgerWriter, records
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.store.verify import verify

PART = records.account_part(ACCOUNTS[1], "THB")
OTHER_PART = records.account_part(ACCOUNTS[1], "USD")
EMPTY_PART = records.account_part("TH.THCBC.002.999", "THB")


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """A sound ledger of sixty transfers; each test tampers with it and puts it right again."""
    with quick_folder() as folder:
        yield make_ledger(folder / "ledger", batches(3, 20))


def _blocks(engine: Engine, part: bytes = PART) -> list[tuple[bytes, records.Block]]:
    prefix = b"E" + part
    return [(key, records.decode_block(value)) for key, value in engine.scan_from(prefix, prefix)]


def _without_a_transfer(engine: Engine) -> None:
    engine.write({}, [records.transfer_key("T0000003")])


def _with_one_transfer_more(engine: Engine) -> None:
    engine.write({records.transfer_key("X"): records.encode(transfer(3, transfer_id="X"))}, [])


def _with_two_swapped(engine: Engine) -> None:
    keys = [records.transfer_key("T0000003"), records.transfer_key("T0000004")]
    values = engine.get_many(keys)
    engine.write({key: value for key, value in zip(keys, values[::-1], strict=True) if value}, [])


def _with_another_amount(engine: Engine) -> None:
    changed = transfer(3, amount_minor=6)
    engine.write({records.transfer_key("T0000003"): records.encode(changed)}, [])


def _with_a_wrong_balance(engine: Engine) -> None:
    key, block = _blocks(engine)[1]
    wrong = block._replace(before=Balance(block.before.reported_minor + 1, block.before.bare_minor))
    engine.write({key: records.encode(wrong)}, [])


def _with_a_wrong_bare_balance(engine: Engine) -> None:
    key, block = _blocks(engine)[1]
    wrong = block._replace(before=Balance(block.before.reported_minor, block.before.bare_minor + 1))
    engine.write({key: records.encode(wrong)}, [])


def _without_a_block(engine: Engine) -> None:
    engine.write({}, [_blocks(engine)[-1][0]])


def _with_a_block_under_another_place(engine: Engine) -> None:
    key, block = _blocks(engine)[0]
    engine.write({records.block_key(PART, (0, -1, "")): records.encode(block)}, [key])


def _with_a_block_out_of_order(engine: Engine) -> None:
    key, block = next(item for item in _blocks(engine) if len(item[1].transfers) > 2)
    first, second, *rest = block.transfers
    engine.write({key: records.encode(block._replace(transfers=[first, *rest, second]))}, [])


def _with_a_transfer_twice(engine: Engine) -> None:
    key, block = _blocks(engine)[-1]
    twice = block._replace(transfers=[*block.transfers, block.transfers[-1]])
    engine.write({key: records.encode(twice)}, [])


def _with_an_account_of_another_currency(engine: Engine) -> None:
    blocks = _blocks(engine)
    head = engine.get(b"A" + PART)
    assert head is not None
    puts = {key.replace(PART, OTHER_PART): records.encode(block) for key, block in blocks}
    engine.write({**puts, b"A" + OTHER_PART: head}, [*(key for key, _ in blocks), b"A" + PART])


def _without_a_head(engine: Engine) -> None:
    engine.write({}, [b"A" + PART])


def _with_a_wrong_head(engine: Engine) -> None:
    value = engine.get(b"A" + PART)
    assert value is not None
    head = records.decode_head(value)
    engine.write({b"A" + PART: records.encode(head._replace(transfers=head.transfers + 1))}, [])


def _with_a_head_from_nowhere(engine: Engine) -> None:
    head = records.Head((5, 0, "x"), Balance(7, 7), 1)
    engine.write({b"A" + EMPTY_PART: records.encode(head)}, [])


def _with_another_opening(engine: Engine) -> None:
    engine.write({b"O" + PART: records.encode(1000)}, [])


def _with_other_figures(**changes: object) -> Callable[[Engine], None]:
    def tamper(engine: Engine) -> None:
        value = engine.get(records.META_KEY)
        assert value is not None
        figures = records.decode_figures(value)._replace(**changes)  # type: ignore[arg-type]
        engine.write({records.META_KEY: records.encode(figures)}, [])

    return tamper


def _touched(engine: Engine, number: int) -> records.Touched:
    value = engine.get(records.change_key(number))
    assert value is not None
    return records.decode_touched(value)


def _with_a_logged_change(number: int, **changes: object) -> Callable[[Engine], None]:
    def tamper(engine: Engine) -> None:
        touched = _touched(engine, number)._replace(**changes)  # type: ignore[arg-type]
        engine.write({records.change_key(number): records.encode(touched)}, [])

    return tamper


def _without_a_logged_account(engine: Engine) -> None:
    _with_a_logged_change(2, parts=_touched(engine, 2).parts[1:])(engine)


def _without_a_logged_transfer(engine: Engine) -> None:
    _with_a_logged_change(2, transfer_ids=_touched(engine, 2).transfer_ids[:2])(engine)


def _without_a_log_record(number: int) -> Callable[[Engine], None]:
    def tamper(engine: Engine) -> None:
        engine.write({}, [records.change_key(number)])

    return tamper


def _with_another_log(first: int, last: int) -> Callable[[Engine], None]:
    def tamper(engine: Engine) -> None:
        engine.write({records.LOG_KEY: records.encode(records.Log(first, last))}, [])

    return tamper


def _with_a_log_of_a_change_to_come(engine: Engine) -> None:
    engine.write({records.change_key(4): records.encode(_touched(engine, 3))}, [])
    _with_another_log(1, 4)(engine)


def _with_bytes_that_are_no_record(engine: Engine) -> None:
    engine.write({b"A" + PART: b"\xc1"}, [])


TAMPERED = {
    "a transfer is gone": (_without_a_transfer, {"ledger_sides_broken", "ledger_figures_broken"}),
    "a transfer too many": (
        _with_one_transfer_more,
        {"ledger_sides_broken", "ledger_figures_broken"},
    ),
    "two transfers stand under each other's id": (_with_two_swapped, {"ledger_index_broken"}),
    "a transfer has another amount": (
        _with_another_amount,
        {"ledger_sides_broken", "ledger_figures_broken"},
    ),
    "a wrong running balance": (_with_a_wrong_balance, {"ledger_balance_broken"}),
    "a wrong bare balance": (_with_a_wrong_bare_balance, {"ledger_balance_broken"}),
    "a block is gone": (_without_a_block, {"ledger_head_broken", "ledger_sides_broken"}),
    "a block under another place": (_with_a_block_under_another_place, {"ledger_order_broken"}),
    "transfers out of order in a block": (_with_a_block_out_of_order, {"ledger_order_broken"}),
    "a transfer twice in a block": (
        _with_a_transfer_twice,
        {"ledger_order_broken", "ledger_head_broken", "ledger_sides_broken"},
    ),
    "an account under another currency": (
        _with_an_account_of_another_currency,
        {"ledger_sides_broken"},
    ),
    "a head is gone": (_without_a_head, {"ledger_head_broken"}),
    "a wrong head": (_with_a_wrong_head, {"ledger_head_broken"}),
    "a head of an account without transfers": (_with_a_head_from_nowhere, {"ledger_head_broken"}),
    "another opening balance": (_with_another_opening, {"ledger_balance_broken"}),
    "other counts": (_with_other_figures(transfers=61), {"ledger_figures_broken"}),
    "another sum": (_with_other_figures(amounts_minor={"THB": 1}), {"ledger_figures_broken"}),
    "another time span": (_with_other_figures(last_us=10**9), {"ledger_figures_broken"}),
    "another number of accounts": (_with_other_figures(accounts=8), {"ledger_figures_broken"}),
    "a logged change lacks an account": (_without_a_logged_account, {"ledger_change_broken"}),
    "a logged change lacks transfers": (_without_a_logged_transfer, {"ledger_change_broken"}),
    "a logged change names an unknown transfer": (
        _with_a_logged_change(1, transfer_ids=["X"]),
        {"ledger_change_broken"},
    ),
    "a logged change of accounts without openings": (
        _with_a_logged_change(1, transfer_ids=[]),
        {"ledger_change_broken"},
    ),
    "a logged change that touched nothing": (
        _with_a_logged_change(1, transfer_ids=[], parts=[]),
        {"ledger_change_broken"},
    ),
    "a logged change of everything that names accounts": (
        _with_a_logged_change(1, whole=True, transfer_ids=[]),
        {"ledger_change_broken"},
    ),
    "the first logged change is gone": (_without_a_log_record(1), {"ledger_log_broken"}),
    "a logged change is gone": (_without_a_log_record(2), {"ledger_log_broken"}),
    "the last logged change is gone": (_without_a_log_record(3), {"ledger_log_broken"}),
    "the log says that it begins earlier": (_with_another_log(0, 3), {"ledger_log_broken"}),
    "the log says that it begins later": (_with_another_log(2, 3), {"ledger_log_broken"}),
    "the log says that it ends earlier": (_with_another_log(1, 2), {"ledger_log_broken"}),
    "the log says that it ends later": (_with_another_log(1, 4), {"ledger_log_broken"}),
    "a change to come is logged": (_with_a_log_of_a_change_to_come, {"ledger_log_broken"}),
    "bytes that are no record": (_with_bytes_that_are_no_record, {"ledger_record_broken"}),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_changed_content_is_named(what: str, sound: Path) -> None:
    """Whatever was changed below the store is found, under the code that is meant for it."""
    tamper, meant = TAMPERED[what]
    with LedgerWriter.open(sound) as ledger:
        assert codes(ledger) == []
        before = dict(ledger.engine.scan_from(b"", b""))
        tamper(ledger.engine)
        changed = dict(ledger.engine.scan_from(b"", b""))
        assert changed != before
        ledger.figures = ledger._read_figures()
        found = codes(ledger)
        ledger.engine.write(before, [key for key in changed if key not in before])
        ledger.figures = ledger._read_figures()
        assert codes(ledger) == []
    assert meant <= set(found)
    assert set(found) - meant <= FOLLOWING.get(what, set())


FOLLOWING = {
    "a transfer is gone": {"ledger_change_broken"},
    "two transfers stand under each other's id": {"ledger_chain_broken"},
    "a transfer has another amount": {"ledger_chain_broken"},
    "a wrong running balance": {"ledger_head_broken"},
    "a wrong bare balance": {"ledger_head_broken"},
    "a block under another place": {"ledger_balance_broken"},
    "transfers out of order in a block": {"ledger_balance_broken", "ledger_head_broken"},
    "a transfer twice in a block": {"ledger_balance_broken"},
}
"""What else is rightly said of a change, because one thing follows from another."""


def test_each_finding_names_the_ledger_and_its_account(sound: Path) -> None:
    """A finding can be read: it names the ledger, the account, what is there and what is right."""
    with LedgerWriter.open(sound) as ledger:
        value = ledger.engine.get(b"A" + PART)
        assert value is not None
        ledger.engine.write({}, [b"A" + PART])
        (problem,) = verify(ledger)
        ledger.engine.write({b"A" + PART: value}, [])
    assert problem.file == str(sound)
    assert problem.row == 0
    assert ACCOUNTS[1] in str(problem)
    assert "its head says None" in str(problem)


def test_progress_counts_every_transfer_three_times(sound: Path) -> None:
    """Verify tells how far it is: once a transfer for itself and once for each of its sides."""
    told: list[int] = []
    with LedgerStore.open(sound) as ledger:
        assert list(verify(ledger, told.append)) == []
        assert sum(told) == 3 * ledger.figures.transfers - 2 * ledger.figures.to_itself
