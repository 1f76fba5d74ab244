"""Verify a ledger: every byte read, every balance reckoned again, every transfer on both sides.

The log of changes must have no gap, and say just the accounts that its transfers touch; the digest
of each change that is logged must be that of what it added and of the digest before it.

Findings are data: each names what is wrong and where. That every transfer stands once on its
debit account and once on its credit account is shown by three sums of digests, which must be
equal whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise

import msgspec

from holdfast.core.errors import LedgerDamaged
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.store.append import read_log
from holdfast.ledger.store.engine import Engine, Progress
from holdfast.ledger.store.records import (
    Figures,
    Head,
    Touched,
    account_of,
    account_part,
    chained,
    decode_block,
    decode_head,
    decode_int,
    decode_touched,
    decode_transfer,
    digest_key,
    encode,
    split_block_key,
    split_change_key,
    transfer_key,
)
from holdfast.ledger.store.store import LedgerStore
from holdfast.ledger.transfer import START, Transfer

_DIGEST_MODULUS = 2**64
_ASKED_AT_ONCE = 1000


def verify(ledger: LedgerStore, progress: Progress = lambda _: None) -> Iterator[Problem]:
    """Yield what is wrong with a ledger; nothing is yielded where it is sound.

    `progress` is told how many more transfers have been looked at, once for each of the three
    times that a transfer stands in the store.
    """
    found = _Findings(str(ledger.folder))
    try:
        sides = _Sides()
        yield from _verify_accounts(ledger.engine, found, sides, progress)
        yield from _verify_transfers(ledger, found, sides, progress)
        yield from _verify_log(ledger, found)
    except LedgerDamaged as damage:
        yield Problem.of(damage, found.place, 0)
    except msgspec.MsgspecError as error:
        yield found(
            "ledger_record_broken",
            N_(
                "a record of the ledger cannot be read ({why}); what comes after it was not looked at"
            ),
            why=str(error)[:200],
        )


class _Findings:
    """Makes problems that name the ledger."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, code: str, sentence: str, **fields: object) -> Problem:
        return Problem(self.place, 0, code, sentence, fields)


class _Sides:
    """Sums of digests of all transfers seen on debit sides and on credit sides."""

    def __init__(self) -> None:
        self.debit = 0
        self.credit = 0
        self.accounts = 0

    def add(self, transfer: Transfer, account: str, currency: str) -> None:
        if transfer.currency != currency:
            return
        digest = _digest(encode(transfer))
        if transfer.debit_account == account:
            self.debit = (self.debit + digest) % _DIGEST_MODULUS
        elif transfer.credit_account == account:
            self.credit = (self.credit + digest) % _DIGEST_MODULUS


class _Count:
    """What all transfers make together, as the ledger's figures should say it."""

    def __init__(self) -> None:
        self.transfers = 0
        self.to_itself = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.amounts_minor: dict[str, int] = {}

    def add(self, transfer: Transfer) -> None:
        self.transfers += 1
        self.to_itself += transfer.to_itself
        time_us, currency = transfer.time_us, transfer.currency
        if self.first_us is None or time_us < self.first_us:
            self.first_us = time_us
        if self.last_us is None or time_us > self.last_us:
            self.last_us = time_us
        self.amounts_minor[currency] = self.amounts_minor.get(currency, 0) + transfer.amount_minor

    def figures(self, change: int, accounts: int) -> Figures:
        return Figures(
            change,
            self.transfers,
            self.to_itself,
            accounts,
            self.first_us,
            self.last_us,
            self.amounts_minor,
        )


def _digest(value: bytes) -> int:
    return int.from_bytes(blake2b(value, digest_size=8).digest())


def _verify_accounts(
    engine: Engine, found: _Findings, sides: _Sides, progress: Progress
) -> Iterator[Problem]:
    part, place, after, count = b"", START, Balance(0, 0), 0
    for key, value in engine.scan_from(b"E", b"E"):
        this_part, first = split_block_key(key)
        if this_part != part:
            yield from _verify_head(engine, found, part, Head(place, after, count))
            part, place, count = this_part, START, 0
            after = _opening(engine, part)
            sides.accounts += 1
        account, currency = account_of(part)
        block = decode_block(value)
        places = [transfer.place for transfer in block.transfers]
        if places[0] != first or any(here >= next_ for here, next_ in pairwise([place, *places])):
            yield found(
                "ledger_order_broken",
                N_("account {account}: the block at {place} does not stand in order"),
                account=account,
                place=first,
            )
        if block.before != after:
            yield found(
                "ledger_balance_broken",
                N_("account {account}: the balance before {place} is {found}, not {right}"),
                account=account,
                place=first,
                found=tuple(block.before),
                right=tuple(after),
            )
        after = balance_after(block.before, block.transfers, account)
        for transfer in block.transfers:
            sides.add(transfer, account, currency)
        place, count = places[-1], count + len(places)
        progress(len(places))
    yield from _verify_head(engine, found, part, Head(place, after, count))
    yield from _verify_no_other_heads(engine, found, sides.accounts)


def _verify_head(engine: Engine, found: _Findings, part: bytes, right: Head) -> Iterator[Problem]:
    if not part:
        return
    value = engine.get(b"A" + part)
    head = None if value is None else decode_head(value)
    if head != right:
        yield _head_broken(found, part, head, right)


def _verify_no_other_heads(engine: Engine, found: _Findings, accounts: int) -> Iterator[Problem]:
    """A head without blocks would give the account's next transfer a balance from nowhere."""
    if sum(1 for _ in engine.scan_from(b"A", b"A")) <= accounts:
        return
    for key, value in engine.scan_from(b"A", b"A"):
        prefix = b"E" + key[1:]
        if next(engine.scan_from(prefix, prefix), None) is None:
            yield _head_broken(found, key[1:], decode_head(value), None)


def _head_broken(found: _Findings, part: bytes, head: Head | None, right: Head | None) -> Problem:
    return found(
        "ledger_head_broken",
        N_("account {account}: its head says {found}, its blocks say {right}"),
        account=account_of(part)[0],
        found=None if head is None else tuple(head),
        right=None if right is None else tuple(right),
    )


def _verify_transfers(
    ledger: LedgerStore, found: _Findings, sides: _Sides, progress: Progress
) -> Iterator[Problem]:
    count, moved = _Count(), 0
    asked: list[bytes] = []
    for key, value in ledger.engine.scan_from(b"T", b"T"):
        transfer = decode_transfer(value)
        count.add(transfer)
        if key != transfer_key(transfer.transfer_id):
            yield _index_broken(found, transfer.transfer_id)
        if not transfer.to_itself:
            moved = (moved + _digest(value)) % _DIGEST_MODULUS
        asked.append(key)
        if len(asked) == _ASKED_AT_ONCE:
            yield from _verify_found(ledger.engine, found, asked)
            progress(len(asked))
            asked = []
    yield from _verify_found(ledger.engine, found, asked)
    progress(len(asked))
    if not moved == sides.debit == sides.credit:
        yield found(
            "ledger_sides_broken",
            N_("the transfers do not all stand once on their debit and once on their credit side"),
        )
    right = count.figures(ledger.figures.change, sides.accounts)
    if ledger.figures != right:
        yield found(
            "ledger_figures_broken",
            N_("the ledger says of itself {found}, but its transfers make {right}"),
            found=tuple(ledger.figures),
            right=tuple(right),
        )


def _verify_found(engine: Engine, found: _Findings, keys: list[bytes]) -> Iterator[Problem]:
    """A transfer that a scan shows must also be found by its id, or it could come twice."""
    for key, value in zip(keys, engine.get_many(keys), strict=True):
        if value is None:
            yield _index_broken(found, key[1:].decode())


def _index_broken(found: _Findings, transfer_id: str) -> Problem:
    return found(
        "ledger_index_broken",
        N_("transfer {transfer} is there but is not found by its id"),
        transfer=transfer_id,
    )


def _verify_log(ledger: LedgerStore, found: _Findings) -> Iterator[Problem]:
    log = read_log(ledger.engine)
    if log.last > ledger.figures.change:
        yield _log_broken(found, log.last, ledger.figures.change)
    right = log.first
    for key, value in ledger.engine.scan_from(b"C", b"C"):
        number = split_change_key(key)
        if number != right:
            yield _log_broken(found, number, right)
        touched = decode_touched(value)
        if not _is_as_logged(ledger.engine, touched):
            yield found(
                "ledger_change_broken",
                N_("the log of change {number} does not say what that change touched"),
                number=number,
            )
        elif not _is_as_chained(ledger.engine, number, touched):
            yield found(
                "ledger_chain_broken",
                N_("the digest of change {number} is not that of what the change added"),
                number=number,
            )
        right = number + 1
    if right != log.last + 1:
        yield _log_broken(found, None, right)


def _log_broken(found: _Findings, number: int | None, right: int) -> Problem:
    return found(
        "ledger_log_broken",
        N_("the log of changes has change {found} where change {right} should stand"),
        found=number,
        right=right,
    )


def _is_as_logged(engine: Engine, touched: Touched) -> bool:
    """Whether a change's transfers are there and touch its accounts, or all have openings."""
    if touched.whole:
        return not (touched.parts or touched.transfer_ids)
    if not touched.transfer_ids:
        openings = engine.get_many([b"O" + part for part in touched.parts])
        return bool(openings) and None not in openings
    values = engine.get_many([transfer_key(name) for name in touched.transfer_ids])
    transfers = [decode_transfer(value) for value in values if value is not None]
    sides = {
        account_part(account, transfer.currency)
        for transfer in transfers
        if not transfer.to_itself
        for account in (transfer.debit_account, transfer.credit_account)
    }
    return len(transfers) == len(values) and touched.parts == sorted(sides)


def _is_as_chained(engine: Engine, number: int, touched: Touched) -> bool:
    """Whether a change's digest is right, as far as what it was made of is known."""
    before, digest = engine.get_many([digest_key(number - 1), digest_key(number)])
    if digest is None or touched.whole or (before is None and number > 1):
        return True
    if touched.transfer_ids:
        content = engine.get_many([transfer_key(name) for name in touched.transfer_ids])
    else:
        openings = engine.get_many([b"O" + part for part in touched.parts])
        content = [
            None if balance is None else part + balance
            for part, balance in zip(touched.parts, openings, strict=True)
        ]
    return digest == chained(before, Figures(), [part for part in content if part is not None])


def _opening(engine: Engine, part: bytes) -> Balance:
    value = engine.get(b"O" + part)
    return Balance.opening(None if value is None else decode_int(value))
