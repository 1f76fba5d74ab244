"""Oblivious evaluation of a keyed function: RFC 9497 with ristretto255-SHA512, verifiable mode.

Somebody who holds `value` learns `output(key, value)` with the help of the one who holds `key`;
the holder of the key learns nothing of the value, and the other nothing of the key:

    blinded = blind(value, scalar)                       the one who asks; scalar by chance
    answer  = blind_evaluate(key, blinded)               the holder of the key
    proof   = prove(key, [blinded], [answer], chance)    that it was the key published
    finalize(value, scalar, answer) == output(key, value)

Keys, scalars and elements are 32 bytes, outputs 64. The proof matters: a server that took another
key for each asker could tell them apart by what they ask about later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cache
from typing import Any

from holdfast.core.errors import Refused
from holdfast.core.words import N_

ELEMENT_BYTES = SCALAR_BYTES = 32
PROOF_BYTES = 2 * SCALAR_BYTES
OUTPUT_BYTES = 64
VALUE_BYTES_MAX = 0xFFFF
_TRIES = 256
_BLOCK_BYTES = 128
"""Of SHA-512, which `expand_message_xmd` of RFC 9380 pads to."""
_WIDE_BYTES = 64


class Mode(IntEnum):
    """How much is asked of the one who holds the key."""

    BASE = 0  # an answer
    VERIFIABLE = 1  # an answer and a proof of the key


def blind(value: bytes, scalar: bytes, mode: Mode = Mode.VERIFIABLE) -> bytes:
    """Return the element to be sent, which tells nothing of `value` to who lacks `scalar`.

    `scalar` is drawn anew for each question: `scalar_of(secrets.token_bytes(64))`.

    Raises:
        Refused: `blind_value_long` or `blind_scalar`.
    """
    return _times(_checked_scalar(scalar), _to_group(value, mode))


def blind_evaluate(key: bytes, blinded: bytes) -> bytes:
    """Return the answer to a blinded element.

    Raises:
        Refused: `blind_element` or `blind_scalar`.
    """
    return _times(_checked_scalar(key), _checked_element(blinded))


def finalize(value: bytes, scalar: bytes, evaluated: bytes) -> bytes:
    """Return the output for `value` from the answer to its blinded element.

    Raises:
        Refused: `blind_element`, `blind_scalar` or `blind_value_long`.
    """
    inverse = bytes(_sodium().crypto_core_ristretto255_scalar_invert(_checked_scalar(scalar)))
    return _output(value, _times(inverse, _checked_element(evaluated)))


def output(key: bytes, value: bytes, mode: Mode = Mode.VERIFIABLE) -> bytes:
    """Return the output for `value` as the holder of the key finds it alone.

    Raises:
        Refused: `blind_scalar` or `blind_value_long`.
    """
    return _output(value, _times(_checked_scalar(key), _to_group(value, mode)))


def derive_key(seed: bytes, info: bytes, mode: Mode = Mode.VERIFIABLE) -> bytes:
    """Return the key that a secret seed of 32 bytes and a name for its use stand for."""
    material = seed + _with_length(info)
    domain = b"DeriveKeyPair" + _context(mode)
    for counter in range(_TRIES):
        key = _to_scalar(material + bytes([counter]), domain)
        if any(key):
            return key
    raise _wrong_scalar()


def public_key(key: bytes) -> bytes:
    """Return the public half, by which proofs are verified.

    Raises:
        Refused: `blind_scalar`.
    """
    return bytes(_sodium().crypto_scalarmult_ristretto255_base(_checked_scalar(key)))


def scalar_of(wide: bytes) -> bytes:
    """Return a scalar from 64 random bytes, all scalars equally likely."""
    return bytes(_sodium().crypto_core_ristretto255_scalar_reduce(wide))


def prove(
    key: bytes,
    blinded: Sequence[bytes],
    evaluated: Sequence[bytes],
    chance: Callable[[int], bytes],
) -> bytes:
    """Return a proof of 64 bytes that each answer was made with `key`, RFC 9497 §2.2.1.

    Raises:
        Refused: `blind_scalar`.
    """
    own = public_key(key)
    weights = _weights(own, blinded, evaluated)
    mixed = _mix(weights, blinded)
    answer = _times(_checked_scalar(key), mixed)
    nonce = scalar_of(chance(_WIDE_BYTES))
    base, other = bytes(_sodium().crypto_scalarmult_ristretto255_base(nonce)), _times(nonce, mixed)
    challenge = _challenge(own, mixed, answer, base, other)
    product = _sodium().crypto_core_ristretto255_scalar_mul(challenge, key)
    return challenge + bytes(_sodium().crypto_core_ristretto255_scalar_sub(nonce, product))


def verify(
    public: bytes, blinded: Sequence[bytes], evaluated: Sequence[bytes], proof: bytes
) -> bool:
    """Whether all answers were made with the key whose public half this is, RFC 9497 §2.2.2.

    Raises:
        Refused: `blind_element` where a part is no element.
    """
    if len(proof) != PROOF_BYTES or len(blinded) != len(evaluated) or not blinded:
        return False
    for element in (public, *blinded, *evaluated):
        _checked_element(element)
    challenge, response = proof[:SCALAR_BYTES], proof[SCALAR_BYTES:]
    if not (_is_scalar(challenge) and _is_scalar(response)):
        return False
    weights = _weights(public, blinded, evaluated)
    mixed, answer = _mix(weights, blinded), _mix(weights, evaluated)
    base = _plus(_base_times(response), _times(challenge, public))
    other = _plus(_times(response, mixed), _times(challenge, answer))
    return hmac.compare_digest(_challenge(public, mixed, answer, base, other), challenge)


@cache
def _sodium() -> Any:
    """Return libsodium's functions of the group.

    Raises:
        Refused: `extra_missing`.
    """
    try:
        import rbcl
    except ImportError:
        raise Refused(
            "extra_missing",
            N_("this needs parts that are not installed; pip install '{extra}' brings them"),
            extra="holdfast[registry]",
        ) from None
    return rbcl


def _context(mode: Mode) -> bytes:
    return b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"


_PROVING = _context(Mode.VERIFIABLE)


def _weights(public: bytes, blinded: Sequence[bytes], evaluated: Sequence[bytes]) -> list[bytes]:
    seed = hashlib.sha512(_with_length(public) + _with_length(b"Seed-" + _PROVING)).digest()
    return [
        _to_scalar(
            _with_length(seed)
            + place.to_bytes(2, "big")
            + _with_length(asked)
            + _with_length(told)
            + b"Composite",
            b"HashToScalar-" + _PROVING,
        )
        for place, (asked, told) in enumerate(zip(blinded, evaluated, strict=True))
    ]


def _mix(weights: Sequence[bytes], elements: Sequence[bytes]) -> bytes:
    terms = [_times(weight, element) for weight, element in zip(weights, elements, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = _plus(total, term)
    return total


def _challenge(*elements: bytes) -> bytes:
    text = b"".join(map(_with_length, elements)) + b"Challenge"
    return _to_scalar(text, b"HashToScalar-" + _PROVING)


def _to_group(value: bytes, mode: Mode) -> bytes:
    wide = _expand(value, b"HashToGroup-" + _context(mode))
    return bytes(_sodium().crypto_core_ristretto255_from_hash(wide))


def _to_scalar(value: bytes, domain: bytes) -> bytes:
    return scalar_of(_expand(value, domain))


def _expand(message: bytes, domain: bytes) -> bytes:
    """Return 64 bytes: `expand_message_xmd` of RFC 9380 §5.3.1 with SHA-512, which is one block."""
    suffix = domain + bytes([len(domain)])
    first = hashlib.sha512(
        bytes(_BLOCK_BYTES) + message + _WIDE_BYTES.to_bytes(2, "big") + b"\0" + suffix
    ).digest()
    return hashlib.sha512(first + b"\x01" + suffix).digest()


def _output(value: bytes, element: bytes) -> bytes:
    return hashlib.sha512(_with_length(value) + _with_length(element) + b"Finalize").digest()


def _with_length(text: bytes) -> bytes:
    if len(text) > VALUE_BYTES_MAX:
        raise Refused(
            "blind_value_long",
            N_("a value of {found} bytes is too long to be asked about; {limit} are right"),
            found=len(text),
            limit=VALUE_BYTES_MAX,
        )
    return len(text).to_bytes(2, "big") + text


def _times(scalar: bytes, element: bytes) -> bytes:
    return bytes(_sodium().crypto_scalarmult_ristretto255_allow_scalar_zero(scalar, element))


def _base_times(scalar: bytes) -> bytes:
    return bytes(_sodium().crypto_scalarmult_ristretto255_base_allow_scalar_zero(scalar))


def _plus(one: bytes, other: bytes) -> bytes:
    return bytes(_sodium().crypto_core_ristretto255_add(one, other))


def _checked_element(element: bytes) -> bytes:
    """Refuse what is no element of the group, and the identity, as RFC 9497 §2.1 asks."""
    if (
        len(element) != ELEMENT_BYTES
        or not any(element)
        or not _sodium().crypto_core_ristretto255_is_valid_point(element)
    ):
        raise Refused("blind_element", N_("these are not the 32 bytes of a ristretto255 element"))
    return element


def _checked_scalar(scalar: bytes) -> bytes:
    if not _is_scalar(scalar) or not any(scalar):
        raise _wrong_scalar()
    return scalar


def _is_scalar(scalar: bytes) -> bool:
    """Whether it is written as the one right text of a scalar."""
    return len(scalar) == SCALAR_BYTES and scalar == scalar_of(scalar + bytes(SCALAR_BYTES))


def _wrong_scalar() -> Refused:
    return Refused("blind_scalar", N_("these are not the 32 bytes of a ristretto255 scalar"))
