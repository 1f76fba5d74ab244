"""HMAC-SHA256 of millions of short records, XORed: compiled, for no other loop is fast enough.

SHA-256 is FIPS 180-4, HMAC RFC 2104. The first blocks of both its hashes are the padded key, the
same for every record, and are taken in once; a record and its padding fill one block more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.registry.index.compiled import compiled
from holdfast.registry.standing import RECORD_BYTES

_BLOCK_BYTES = 64
_U = np.uint32
_INNER_BITS = _U(8 * (_BLOCK_BYTES + RECORD_BYTES))
_OUTER_BITS = _U(8 * (_BLOCK_BYTES + 32))
_END = _U(0x80000000)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def _root_fraction(prime: int, degree: int) -> int:
    """Return the first 32 bits of the fraction of a root, found in whole numbers."""
    wanted = prime << 32 * degree
    low, high = 0, 1 << 40
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= wanted else (low, middle)
    return low & 0xFFFFFFFF


_ROUNDS = np.array([_root_fraction(prime, 3) for prime in _primes(64)], np.uint32)
_START = np.array([_root_fraction(prime, 2) for prime in _primes(8)], np.uint32)


def combined_ids(key: bytes, records: bytes | memoryview) -> bytes:
    """Return the XOR of the HMAC-SHA256 under a key (64 bytes at most) of each record."""
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (
        _absorbed(_START, np.frombuffer(bytes(byte ^ pad for byte in padded), ">u4"))
        for pad in (0x36, 0x5C)
    )
    words = np.frombuffer(records, ">u4").astype(np.uint32).reshape(-1, RECORD_BYTES // 4)
    total = np.zeros(8, np.uint32)
    _combine(words, inner, outer, _ROUNDS, total)
    return total.astype(">u4").tobytes()


def _absorbed(state: Any, block: Any) -> Any:
    schedule = np.zeros(64, np.uint32)
    schedule[:16] = block
    after = state.copy()
    _compress(after, schedule, _ROUNDS)
    return after


def sha256(message: bytes) -> bytes:
    """Return the SHA-256 of a message as this file finds it, to be compared with others'."""
    length = len(message)
    padded = message + b"\x80" + bytes(-(length + 9) % _BLOCK_BYTES)
    padded += (8 * length).to_bytes(8, "big")
    state = _START
    for begin in range(0, len(padded), _BLOCK_BYTES):
        state = _absorbed(state, np.frombuffer(padded[begin : begin + _BLOCK_BYTES], ">u4"))
    return bytes(state.astype(">u4").tobytes())


@compiled
def _combine(records: Any, inner: Any, outer: Any, rounds: Any, total: Any) -> None:
    schedule = np.zeros(64, np.uint32)
    state = np.zeros(8, np.uint32)
    for row in range(len(records)):
        schedule[:16] = 0
        for place in range(6):
            schedule[place] = records[row, place]
        schedule[6] = _END
        schedule[15] = _INNER_BITS
        state[:] = inner
        _compress(state, schedule, rounds)
        schedule[:16] = 0
        schedule[:8] = state
        schedule[8] = _END
        schedule[15] = _OUTER_BITS
        state[:] = outer
        _compress(state, schedule, rounds)
        for place in range(8):
            total[place] ^= state[place]


@compiled
def _turned(word: Any, bits: Any) -> Any:
    return _U((word >> _U(bits)) | (word << _U(32 - bits)))


@compiled
def _compress(state: Any, w: Any, rounds: Any) -> None:
    """Take one block in; its words are the first 16 of `w`, the others are written."""
    for t in range(16, 64):
        x, y = w[t - 15], w[t - 2]
        s0 = _turned(x, 7) ^ _turned(x, 18) ^ (x >> _U(3))
        s1 = _turned(y, 17) ^ _turned(y, 19) ^ (y >> _U(10))
        w[t] = _U(w[t - 16] + s0 + w[t - 7] + s1)
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for t in range(64):
        s1 = _turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)
        first = _U(h + s1 + ((e & f) ^ (~e & g)) + rounds[t] + w[t])
        s0 = _turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)
        second = _U(s0 + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f, e = g, f, e, _U(d + first)
        d, c, b, a = c, b, a, _U(first + second)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h
