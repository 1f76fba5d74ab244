"""Plan what a batch of transfers changes in the store: new blocks, heads, figures, the log.

Nothing here writes. A plan is one set of puts and deletes, so that a batch is kept whole or
not at all. Transfers behind an account's last place become new blocks at its end; one that
arrives late has the account's blocks made anew from its place on, until the running balance
is again what it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain

from holdfast.ledger.balance import Balance
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.store.records import (
    CHANGE_ROWS_MAX,
    CHANGES_KEPT,
    LOG_KEY,
    META_KEY,
    Block,
    Figures,
    Head,
    Log,
    Touched,
    account_of,
    account_part,
    block_key,
    blocks_of,
    chained,
    change_key,
    decode_block,
    decode_head,
    decode_int,
    decode_log,
    digest_key,
    encode,
    encode_sums,
    split_block_key,
    transfer_key,
)
from holdfast.ledger.transfer import START, Place, Transfer

Plan = tuple[dict[bytes, bytes], list[bytes], Figures]


def sort_out(
    engine: Engine, transfers: Iterable[Transfer]
) -> tuple[dict[Transfer, bytes], int, list[int]]:
    """Return new transfers with their values, how many are known, which positions contradict."""
    batch = list(transfers)
    kept = engine.get_many([transfer_key(transfer.transfer_id) for transfer in batch])
    seen: dict[str, bytes] = {}
    fresh: dict[Transfer, bytes] = {}
    conflicts: list[int] = []
    for position, (transfer, value) in enumerate(zip(batch, kept, strict=True)):
        encoded = encode(transfer)
        there = value if value is not None else seen.get(transfer.transfer_id)
        if there is None:
            seen[transfer.transfer_id] = fresh[transfer] = encoded
        elif there != encoded:
            conflicts.append(position)
    return fresh, len(batch) - len(fresh) - len(conflicts), conflicts


def plan(engine: Engine, figures: Figures, fresh: dict[Transfer, bytes]) -> Plan:
    """Plan how transfers that are not yet in the ledger, with their values, are added to it."""
    puts = {transfer_key(transfer.transfer_id): value for transfer, value in fresh.items()}
    deletes: list[bytes] = []
    in_order = sorted(fresh)
    by_account = _by_account(in_order)
    heads = _heads(engine, list(by_account))
    for part, head in heads.items():
        if by_account[part][0].place > head.last:
            _extend(part, head, by_account[part], puts)
        else:
            _mend(engine, part, head, by_account[part], puts, deletes)
    new_accounts = sum(not head.transfers for head in heads.values())
    after = _figures_after(figures, in_order, new_accounts)
    puts[META_KEY] = encode_sums(after)
    ids = [transfer.transfer_id for transfer in in_order]
    _log(engine, figures, _touched(len(ids), heads, ids), (puts, deletes))
    _chain(engine, figures, [fresh[transfer] for transfer in in_order], puts)
    return puts, deletes, after


def read_log(engine: Engine) -> Log:
    """Return which changes are logged."""
    value = engine.get(LOG_KEY)
    return Log(1, 0) if value is None else decode_log(value)


def plan_trim(engine: Engine, up_to: int) -> tuple[dict[bytes, bytes], list[bytes]]:
    """Plan how the changes up to a number leave the log."""
    log = read_log(engine)
    trimmed = Log(max(log.first, min(up_to, log.last) + 1), log.last)
    if trimmed == log:
        return {}, []
    return {LOG_KEY: encode(trimmed)}, _change_keys(log.first, trimmed.first)


def sort_out_openings(
    engine: Engine, openings: Iterable[tuple[str, str, int]]
) -> tuple[dict[bytes, int], list[int]]:
    """Return opening balances that are new, by account part, and which positions contradict."""
    batch = [(account_part(account, currency), minor) for account, currency, minor in openings]
    kept = engine.get_many([b"O" + part for part, _ in batch])
    fresh: dict[bytes, int] = {}
    conflicts: list[int] = []
    for position, ((part, balance_minor), value) in enumerate(zip(batch, kept, strict=True)):
        there = fresh.get(part) if value is None else decode_int(value)
        if there is None:
            fresh[part] = balance_minor
        elif there != balance_minor:
            conflicts.append(position)
    return fresh, conflicts


def plan_openings(engine: Engine, figures: Figures, fresh: dict[bytes, int]) -> Plan:
    """Plan how first opening balances are kept and the balances reckoned without them mended."""
    puts: dict[bytes, bytes] = {}
    deletes: list[bytes] = []
    heads = engine.get_many([b"A" + part for part in fresh])
    for (part, balance_minor), value in zip(fresh.items(), heads, strict=True):
        puts[b"O" + part] = encode(balance_minor)
        if value is not None:
            prefix = b"E" + part
            blocks = _with_next(engine.scan_from(prefix, prefix))
            closing = _remake(blocks, part, [], Balance.opening(balance_minor), (puts, deletes))
            if closing is not None:
                puts[b"A" + part] = encode_sums(decode_head(value)._replace(after=closing))
    after = figures._replace(change=figures.change + 1)
    puts[META_KEY] = encode_sums(after)
    _log(engine, figures, _touched(len(fresh), fresh, []), (puts, deletes))
    _chain(engine, figures, [part + encode(fresh[part]) for part in sorted(fresh)], puts)
    return puts, deletes, after


def _touched(rows: int, parts: Iterable[bytes], transfer_ids: list[str]) -> Touched:
    if rows > CHANGE_ROWS_MAX:
        return Touched(whole=True, parts=[], transfer_ids=[])
    return Touched(whole=False, parts=sorted(parts), transfer_ids=transfer_ids)


def _log(
    engine: Engine,
    before: Figures,
    touched: Touched,
    changes: tuple[dict[bytes, bytes], list[bytes]],
) -> None:
    """Log what a change touches, and let go of what is too old.

    Where the change before is not logged, because a program wrote it that knows no log, the log
    begins anew: then its numbers never have a gap.
    """
    puts, deletes = changes
    number = before.change + 1
    log = read_log(engine)
    first = log.first if log.last == before.change else number
    first = max(first, number - CHANGES_KEPT + 1)
    deletes.extend(_change_keys(log.first, min(first, log.last + 1)))
    puts[change_key(number)] = encode(touched)
    puts[LOG_KEY] = encode(Log(first, number))


def _chain(
    engine: Engine, before: Figures, content: Iterable[bytes], puts: dict[bytes, bytes]
) -> None:
    """Keep what tells the ledger with this change from every other."""
    last = engine.get(digest_key(before.change))
    puts[digest_key(before.change + 1)] = chained(last, before, content)


def _change_keys(first: int, end: int) -> list[bytes]:
    return [change_key(number) for number in range(first, end)]


def _by_account(fresh: Iterable[Transfer]) -> dict[bytes, list[Transfer]]:
    parts: dict[tuple[str, str], list[Transfer]] = {}
    for transfer in fresh:
        if transfer.to_itself:
            continue
        for account in (transfer.debit_account, transfer.credit_account):
            key = (account, transfer.currency)
            if key in parts:
                parts[key].append(transfer)
            else:
                parts[key] = [transfer]
    return {account_part(*key): transfers for key, transfers in parts.items()}


def _heads(engine: Engine, parts: list[bytes]) -> dict[bytes, Head]:
    """Return the head of each account; a new one's is its opening balance before any place."""
    values = engine.get_many([b"A" + part for part in parts])
    new = [part for part, value in zip(parts, values, strict=True) if value is None]
    openings = dict(zip(new, engine.get_many([b"O" + part for part in new]), strict=True))
    return {
        part: decode_head(value) if value is not None else _new_head(openings[part])
        for part, value in zip(parts, values, strict=True)
    }


def _new_head(opening: bytes | None) -> Head:
    balance_minor = None if opening is None else decode_int(opening)
    return Head(START, Balance.opening(balance_minor), 0)


def _extend(part: bytes, head: Head, transfers: list[Transfer], puts: dict[bytes, bytes]) -> None:
    """Add transfers behind the account's last place."""
    account, _ = account_of(part)
    after = head.after
    for block, closing in blocks_of(transfers, account, after):
        puts[block_key(part, block.transfers[0].place)] = encode_sums(block)
        after = closing
    count = head.transfers + len(transfers)
    puts[b"A" + part] = encode_sums(Head(transfers[-1].place, after, count))


def _mend(
    engine: Engine,
    part: bytes,
    head: Head,
    late: list[Transfer],
    puts: dict[bytes, bytes],
    deletes: list[bytes],
) -> None:
    """Put late transfers in their places, and mend the running balances behind them."""
    prefix = b"E" + part
    blocks = _with_next(engine.scan_around(block_key(part, late[0].place), prefix))
    first = next(blocks)
    after = _remake(chain([first], blocks), part, late, first[1].before, (puts, deletes))
    last = max(head.last, late[-1].place)
    closing = head.after if after is None else after
    puts[b"A" + part] = encode_sums(Head(last, closing, head.transfers + len(late)))


def _remake(
    blocks: Iterator[tuple[bytes, Block, Place | None]],
    part: bytes,
    late: list[Transfer],
    before: Balance,
    changes: tuple[dict[bytes, bytes], list[bytes]],
) -> Balance | None:
    """Make blocks anew with `late` among them; return the balance after the last one.

    It ends early, with None, where nothing late is left and the balance is the one written.
    """
    puts, deletes = changes
    account, _ = account_of(part)
    after, done = before, 0
    for key, block, next_place in blocks:
        if done == len(late) and block.before == after:
            return None
        end = len(late) if next_place is None else bisect_left(late, next_place)
        deletes.append(key)
        transfers = sorted([*block.transfers, *late[done:end]])
        for new, closing in blocks_of(transfers, account, after):
            puts[block_key(part, new.transfers[0].place)] = encode_sums(new)
            after = closing
        done = end
    return after


def _with_next(
    scan: Iterator[tuple[bytes, bytes]],
) -> Iterator[tuple[bytes, Block, Place | None]]:
    """Yield each block with its key and the place at which the next block begins."""
    key, value = next(scan)
    for next_key, next_value in scan:
        yield key, decode_block(value), split_block_key(next_key)[1]
        key, value = next_key, next_value
    yield key, decode_block(value), None


def _figures_after(figures: Figures, fresh: list[Transfer], new_accounts: int) -> Figures:
    amounts = dict(figures.amounts_minor)
    for transfer in fresh:
        amounts[transfer.currency] = amounts.get(transfer.currency, 0) + transfer.amount_minor
    first, last = fresh[0].time_us, fresh[-1].time_us
    return Figures(
        change=figures.change + 1,
        transfers=figures.transfers + len(fresh),
        to_itself=figures.to_itself + sum(transfer.to_itself for transfer in fresh),
        accounts=figures.accounts + new_accounts,
        first_us=first if figures.first_us is None else min(first, figures.first_us),
        last_us=last if figures.last_us is None else max(last, figures.last_us),
        amounts_minor=amounts,
    )
