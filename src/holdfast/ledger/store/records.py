"""What stands in the store: keys that sort in the ledger's order, values in MessagePack.

    T transfer_id                               -> the transfer
    E account NUL currency NUL time seq id      -> a block: transfers of one account, in order
    A account NUL currency                      -> the head: where the account's transfers end
    O account NUL currency                      -> the opening balance, where one is known
    C change                                    -> what a change touched
    D change                                    -> a digest of the change and of all before it
    L                                           -> which changes are logged
    M                                           -> the ledger's own figures

A block is keyed by the place of its first transfer and carries the running balance before it,
so the balance at any place is one seek and a fold over at most `BLOCK_TRANSFERS_MAX` transfers.

The log of changes can be missing or end early, in part or altogether: an older program knows no
log and writes none. What is not logged counts as a change of everything, so it needs no format
of its own. Digests can be missing likewise; they are never let go of, so that whoever followed
this ledger can tell it from another, however long ago that was.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import msgspec

from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.transfer import Place, Transfer

FORMAT = 1
"""Raised when an older program could misread what a newer one writes."""

BLOCK_TRANSFERS_MAX = 64
CHANGE_ROWS_MAX = 5_000
"""A change of more new transfers or opening balances is logged without naming what it touched."""
CHANGES_KEPT = 10_000
"""How many of the newest changes stay in the log."""

_CHANGE = struct.Struct(">Q")
_PLACE = struct.Struct(">QQ")
_SEQ_SHIFT = 2**63
_NUL = b"\0"
_LONG = 2**64

META_KEY = b"M"
LOG_KEY = b"L"


class Block(NamedTuple):
    """Some transfers of one account, in order, and its balance before the first of them."""

    before: Balance
    transfers: list[Transfer]


class Head(NamedTuple):
    """Where an account's transfers end: the last place, the balance after it, how many."""

    last: Place
    after: Balance
    transfers: int


class Figures(NamedTuple):
    """What the ledger holds; `change` is the number of the last batch that was acknowledged."""

    change: int = 0
    transfers: int = 0
    to_itself: int = 0
    """Transfers from an account to itself: kept, but on no account's list."""
    accounts: int = 0
    first_us: int | None = None
    last_us: int | None = None
    amounts_minor: dict[str, int] = {}  # noqa: RUF012  (never changed in place)
    """Sum of all amounts by currency."""


class Touched(NamedTuple):
    """What a change touched: account parts, sorted, and new transfers in their order."""

    whole: bool
    parts: list[bytes]
    transfer_ids: list[str]


class Log(NamedTuple):
    """The numbers of the first and of the last change that is logged; none if first > last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one change of the ledger touched."""

    number: int
    """Where `whole`, it may stand for several: all after the one that was told before it."""
    accounts: frozenset[tuple[str, str]] = frozenset()
    """(account, currency) of all that have new transfers or an opening balance."""
    transfer_ids: tuple[str, ...] = ()
    """New transfers, also those to itself, in the ledger's order."""
    whole: bool = False
    """Anything may have changed: what was touched is not told."""


_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
decode_transfer = msgspec.msgpack.Decoder(Transfer).decode
decode_int = msgspec.msgpack.Decoder(int).decode
decode_touched = msgspec.msgpack.Decoder(Touched).decode
decode_log = msgspec.msgpack.Decoder(Log).decode
# Sums that were too long for a number stand as text, and are read as numbers again.
decode_block = msgspec.msgpack.Decoder(Block, strict=False).decode
decode_head = msgspec.msgpack.Decoder(Head, strict=False).decode
decode_figures = msgspec.msgpack.Decoder(Figures, strict=False).decode


def encode_sums(record: Block | Head | Figures) -> bytes:
    """Return the value of a record with sums in it, which may outgrow MessagePack's 64 bits."""
    try:
        return encode(record)
    except OverflowError:
        return encode(_with_long_as_text(record))


def _with_long_as_text(value: object) -> object:
    match value:
        case int() if value >= _LONG:
            return str(value)
        case tuple() | list():
            return [_with_long_as_text(item) for item in value]
        case dict():
            return {key: _with_long_as_text(item) for key, item in value.items()}
    return value


def transfer_key(transfer_id: str) -> bytes:
    """Return the key of a transfer."""
    return b"T" + transfer_id.encode()


def change_key(number: int) -> bytes:
    """Return the key of what a change touched."""
    return b"C" + _CHANGE.pack(number)


def split_change_key(key: bytes) -> int:
    """Return the number of the change whose key this is."""
    return int.from_bytes(key[1:])


def digest_key(number: int) -> bytes:
    """Return the key of the digest of a change and of all before it."""
    return b"D" + _CHANGE.pack(number)


def chained(before: bytes | None, figures: Figures, content: Iterable[bytes]) -> bytes:
    """Return the digest of a change and of all before it: SHA-256, 32 bytes.

    `content` is what the change adds: its transfers in the ledger's order, or its opening
    balances in that of their accounts. `before` is the digest of the change before; where there
    is none, because a program wrote that change that knows no digests, the chain begins with
    what the ledger said of itself before this change.
    """
    digest = sha256(encode_sums(figures) if before is None else before)
    digest.update(b"".join(content))
    return digest.digest()


def account_part(account: str, currency: str) -> bytes:
    """Return what all keys of one account in one currency share behind their first letter."""
    return account.encode() + _NUL + currency.encode() + _NUL


def block_key(part: bytes, place: Place) -> bytes:
    """Return the key of the block of an account whose first transfer stands at `place`."""
    time_us, seq, transfer_id = place
    if time_us < 0:  # No transfer is: such a place stands before all of the first instant.
        time_us, seq, transfer_id = 0, -_SEQ_SHIFT, ""
    return b"E" + part + _PLACE.pack(time_us, seq + _SEQ_SHIFT) + transfer_id.encode()


def split_block_key(key: bytes) -> tuple[bytes, Place]:
    """Return the account part of a block's key and the place of its first transfer."""
    end = key.index(_NUL, key.index(_NUL) + 1) + 1
    time_us, seq = _PLACE.unpack_from(key, end)
    return key[1:end], (time_us, seq - _SEQ_SHIFT, key[end + _PLACE.size :].decode())


def account_of(part: bytes) -> tuple[str, str]:
    """Return (account, currency) of an account part."""
    account, currency, _ = part.split(_NUL)
    return account.decode(), currency.decode()


def blocks_of(
    transfers: list[Transfer], account: str, before: Balance
) -> Iterator[tuple[Block, Balance]]:
    """Cut an account's transfers into blocks; yield each with the balance after it."""
    for start in range(0, len(transfers), BLOCK_TRANSFERS_MAX):
        block = Block(before, transfers[start : start + BLOCK_TRANSFERS_MAX])
        before = balance_after(before, block.transfers, account)
        yield block, before


def changes_of(logged: Iterator[tuple[bytes, bytes]], number: int, last: int) -> Iterator[Change]:
    """Yield the changes after change `number`, as they are logged, up to the last one.

    Those that are missing in a row are told as one change of everything, under the last number.
    """
    for key, value in logged:
        found = split_change_key(key)
        if found > number + 1:
            yield Change(found - 1, whole=True)
        whole, parts, transfer_ids = decode_touched(value)
        yield Change(found, frozenset(map(account_of, parts)), tuple(transfer_ids), whole)
        number = found
    if number < last:
        yield Change(last, whole=True)
