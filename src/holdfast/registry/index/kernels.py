"""The compiled functions: the keyed hash, and the table of slots that is changed while others read.

All of them are in this one file, because what is kept of a compiled function is known by its own
file: one that called another file's would stay as it was when that file changes.

The hash is SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012; the authors'
reference code). The table is one of open addressing with linear probing. A slot is three numbers of 64 bits: the two halves of a subject's hash, and its standing. Standing
0 is a slot never used, at which a search ends; a standing of tier 0 is a subject listed no more,
which is passed by. A slot's hash is written once, before its standing, and never changes.

What a reader may see rests on two orders, which LLVM keeps on every machine: the standing is
stored with *release* after both halves, and loaded with *acquire* before they are compared. So
whoever sees a standing sees the hash it belongs to. An aligned number of 64 bits is read and
written whole.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from holdfast.registry.index.compiled import compiled, compiled_apart, compiler

HEADER_WORDS = 512
"""Numbers before the first slot: one page."""
SLOT_WORDS = 3
SLOTS_MAX = 1 << 32
"""A place is found with 32 bits of the hash."""
REMOVED = 1 << 9
"""The standing of what is listed no more: tier 0, and yet not 0."""
MOVED = (1 << 64) - 1
"""No standing: this file is retired or about to be, another one has or gets its name."""
RETIRED_WORD = 12
"""Which number of the header is not 0 as soon as readers should look for another file."""

_U = np.uint64
_C0, _C1 = _U(0x736F6D6570736575), _U(0x646F72616E646F6D)
_C2, _C3 = _U(0x6C7967656E657261), _U(0x7465646279746573)
_EE, _DD = _U(0xEE), _U(0xDD)
_13, _16, _17, _21, _32 = _U(13), _U(16), _U(17), _U(21), _U(32)
_43, _47, _48, _51, _56 = _U(43), _U(47), _U(48), _U(51), _U(56)
_TIER = _U(0xFF)
_NEVER = _U(0)
_MOVED = _U(MOVED)
_AHEAD = 16
"""How many keys ahead the memory of a slot is asked for; it answers in the time of some hashes."""


def _intrinsics() -> tuple[Any, Any, Any]:
    """Make what Numba has no words for: loads and stores in order, and memory asked for early."""
    intrinsic = compiler().extending.intrinsic
    types: Any = import_module("numba.core.types")
    tools: Any = import_module("numba.core.cgutils")
    ir: Any = import_module("llvmlite.ir")

    def pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, args[0])
        return tools.get_item_pointer(context, builder, kind, array, [args[1]], wraparound=False)

    def load(_: Any, words: Any, place: Any) -> Any:  # noqa: ARG001  (Numba reads the names)
        def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at = pointer(context, builder, signature, args)
            return builder.load_atomic(at, "acquire", 8)

        return types.uint64(words, types.int64), made

    def store(_: Any, words: Any, place: Any, value: Any) -> Any:  # noqa: ARG001
        def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at = pointer(context, builder, signature, args)
            builder.store_atomic(args[2], at, "release", 8)
            return context.get_dummy_value()

        return types.void(words, types.int64, types.uint64), made

    def prefetch(_: Any, words: Any, place: Any) -> Any:  # noqa: ARG001
        def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at = pointer(context, builder, signature, args)
            octets = tools.pointer_add(builder, at, 0, return_type=ir.IntType(8).as_pointer())
            whole = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [octets.type, whole, whole, whole])
            call = builder.module.declare_intrinsic("llvm.prefetch", [octets.type], kind)
            builder.call(call, [octets, whole(0), whole(3), whole(1)])
            return context.get_dummy_value()

        return types.void(words, types.int64), made

    return intrinsic(load), intrinsic(store), intrinsic(prefetch)


_load, _store, _prefetch = _intrinsics()


@compiled
def hash_one(message: Any, key: Any) -> Any:
    """Return the two halves of the hash of `bytes`."""
    return _absorbed(message, 0, len(message), _U(0), 0, key)


@compiled_apart
def hash_all(
    data: Any, offsets: Any, key: Any, prefix: Any, prefix_length: int, hashes: Any
) -> None:
    """Hash every row of an array, with a prefix before each (its bytes as one number)."""
    for row in range(len(offsets) - 1):
        low, high = _absorbed(data, offsets[row], offsets[row + 1], prefix, prefix_length, key)
        hashes[row, 0] = low
        hashes[row, 1] = high


@compiled
def _absorbed(data: Any, begin: int, end: int, prefix: Any, prefix_length: int, key: Any) -> Any:
    """Hash a prefix and then `data[begin:end]`, eight bytes at a time."""
    k0, k1 = key[0], key[1]
    v0, v1, v2, v3 = k0 ^ _C0, k1 ^ _C1 ^ _EE, k0 ^ _C2, k1 ^ _C3
    length = end - begin + prefix_length
    at = begin
    word = prefix
    filled = prefix_length
    left = length
    while left >= 8:
        if filled == 0:
            word = _eight(data, at)
            at += 8
        else:
            while filled < 8:
                word |= _U(data[at]) << _U(8 * filled)
                at += 1
                filled += 1
            filled = 0
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        word = _U(0)
        left -= 8
    while at < end:
        word |= _U(data[at]) << _U(8 * filled)
        at += 1
        filled += 1
    word |= _U(length & 0xFF) << _56
    v3 ^= word
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0 ^= word
    v2 ^= _EE
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= _DD
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return low, v0 ^ v1 ^ v2 ^ v3


@compiled
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    v0 += v1
    v2 += v3
    v1 = (v1 << _13) | (v1 >> _51)
    v3 = (v3 << _16) | (v3 >> _48)
    v1 ^= v0
    v3 ^= v2
    v0 = (v0 << _32) | (v0 >> _32)
    v2 += v1
    v0 += v3
    v1 = (v1 << _17) | (v1 >> _47)
    v3 = (v3 << _21) | (v3 >> _43)
    v1 ^= v2
    v3 ^= v0
    v2 = (v2 << _32) | (v2 >> _32)
    return v0, v1, v2, v3


@compiled
def _eight(data: Any, at: int) -> Any:
    """Return eight bytes as a number, the first the lowest; the compiler makes one load of it."""
    return (
        _U(data[at])
        | _U(data[at + 1]) << _U(8)
        | _U(data[at + 2]) << _U(16)
        | _U(data[at + 3]) << _U(24)
        | _U(data[at + 4]) << _U(32)
        | _U(data[at + 5]) << _U(40)
        | _U(data[at + 6]) << _U(48)
        | _U(data[at + 7]) << _U(56)
    )


@compiled
def _place(slots: int, high: Any) -> Any:
    """Return where in the file the search for a hash begins: places are in the order of hashes."""
    return HEADER_WORDS + SLOT_WORDS * np.int64(((high >> _32) * _U(slots)) >> _32)


@compiled
def _search(words: Any, slots: int, low: Any, high: Any) -> Any:
    """Return where a subject's slot is, or the unused one where the search ended; its standing."""
    end = HEADER_WORDS + SLOT_WORDS * slots
    at = _place(slots, high)
    while True:
        value = _load(words, at + 2)
        if value == _NEVER or (words[at] == low and words[at + 1] == high):
            return at, value
        at += SLOT_WORDS
        if at == end:
            at = HEADER_WORDS


@compiled
def find_one(words: Any, slots: int, wire: Any, key: Any) -> Any:
    """Return the standing of one subject by its wire form, 0 where it never had one; its hash.

    The standing is `MOVED` in a retired file.
    """
    low, high = _absorbed(wire, 0, len(wire), _U(0), 0, key)
    if _load(words, RETIRED_WORD) != _NEVER:
        return _MOVED, low, high
    return _search(words, slots, low, high)[1], low, high


@compiled_apart
def find_all(words: Any, slots: int, hashes: Any, values: Any) -> None:
    """Write the standing of every hash into `values`, 0 where it never had one."""
    rows = len(hashes)
    for row in range(min(_AHEAD, rows)):
        _prefetch(words, _place(slots, hashes[row, 1]))
    for row in range(rows):
        ahead = row + _AHEAD
        if ahead < rows:
            _prefetch(words, _place(slots, hashes[ahead, 1]))
        values[row] = _search(words, slots, hashes[row, 0], hashes[row, 1])[1]


@compiled_apart
def put_all(words: Any, slots: int, hashes: Any, values: Any) -> int:
    """Give subjects standings; return how many had no slot before.

    There must be a slot unused for each, and one besides.
    """
    rows = len(hashes)
    added = 0
    for row in range(rows):
        ahead = row + _AHEAD
        if ahead < rows:
            _prefetch(words, _place(slots, hashes[ahead, 1]))
        low, high = hashes[row, 0], hashes[row, 1]
        at, value = _search(words, slots, low, high)
        if value == _NEVER:
            words[at] = low
            words[at + 1] = high
            added += 1
        _store(words, at + 2, values[row])
    return added


@compiled_apart
def copy_listed(words: Any, slots: int, into: Any, into_slots: int) -> int:
    """Put every subject that is listed now into another table; return how many they are."""
    copied = 0
    for at in range(HEADER_WORDS, HEADER_WORDS + SLOT_WORDS * slots, SLOT_WORDS):
        value = _load(words, at + 2)
        if value & _TIER:
            place = _search(into, into_slots, words[at], words[at + 1])[0]
            into[place] = words[at]
            into[place + 1] = words[at + 1]
            into[place + 2] = value
            copied += 1
    return copied


@compiled_apart
def count_listed(words: Any, slots: int) -> int:
    """Return how many subjects are listed now."""
    listed = 0
    for at in range(HEADER_WORDS, HEADER_WORDS + SLOT_WORDS * slots, SLOT_WORDS):
        listed += (_load(words, at + 2) & _TIER) != _NEVER
    return listed


@compiled_apart
def differing(
    words: Any,
    slots: int,
    other: Any,
    other_slots: int,
    only_missing: bool,
    begin: int,
    places: Any,
) -> Any:
    """Write where subjects are that another table knows otherwise, or not at all; from `begin` on.

    Returns how many places were written and where to go on, 0 at the end.
    """
    found = 0
    for at in range(begin, HEADER_WORDS + SLOT_WORDS * slots, SLOT_WORDS):
        value = _load(words, at + 2)
        if value == _NEVER:
            continue
        known = _search(other, other_slots, words[at], words[at + 1])[1]
        if only_missing and known != _NEVER:
            continue
        if known == value or (known & _TIER) == (value & _TIER) == _NEVER:
            continue
        if found == len(places):
            return found, at
        places[found] = at
        found += 1
    return found, 0


@compiled
def store_word(words: Any, place: int, value: Any) -> None:
    """Write one number of the header, after everything that was written before it."""
    _store(words, place, value)
