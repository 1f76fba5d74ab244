"""What the centre signs for a replica: a head in JSON on one line, rows behind it, a signature.

    {"kind":"delta", …,"key_id":"TH.AOC-2026","rows_bytes":128}⏎ rows … signature (64 bytes)

The signature is Ed25519 over a fixed text and all that stands before it. The head says for which
institution it is and repeats the nonce of the question: neither another's answer nor an old one
passes for an answer to this question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature

from holdfast.core.errors import Refused
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.words import N_

SIGNATURE_BYTES = 64
HEAD_BYTES_MAX = 256 * 1024
NONCE_LENGTH_MAX = 64
KEYS_RENEWED = "replica_keys_renewed"
"""Code of the refusal after which a copy connects again."""
_DOMAIN = b"holdfast registry feed 1\n"

Keys = Callable[[str], PublicKey | None]
"""Finds a key of the centre by its id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a replica asked for, and who it is; what comes must answer this and nothing else."""

    centre: str
    institution_id: str
    nonce: str
    renewal: int = 0
    """How often the institution's keys were renewed, under which it knows subjects."""


def sign(
    kind: str, asked: Asked, head: Mapping[str, object], rows: bytes, key: SigningKey
) -> bytes:
    """Return a signed message of a kind, as the answer to a question."""
    values = {
        **head,
        "kind": kind,
        "centre": asked.centre,
        "for": asked.institution_id,
        "nonce": asked.nonce,
        "renewal": asked.renewal,
        "key_id": key.key_id,
        "rows_bytes": len(rows),
    }
    line = json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return line + rows + key.sign(_DOMAIN + line + rows)


def open_signed(
    kind: str, message: bytes, asked: Asked, keys: Keys, now_us: int
) -> tuple[dict[str, object], bytes]:
    """Return head and rows of a message that the centre signed for this question.

    Raises:
        Refused: `feed_unreadable`, `feed_cut_short`, `feed_key_unknown`, `feed_key_retired`,
            `feed_tampered`, `feed_not_ours`, `feed_replayed` or `replica_keys_renewed`.
    """
    line, ended, _ = message[: HEAD_BYTES_MAX + 1].partition(b"\n")
    if not ended and len(message) <= HEAD_BYTES_MAX:
        raise _cut_short(len(message))
    head = _head(line, kind)
    begin = len(line) + 1
    if len(message) < begin + whole(head, "rows_bytes") + SIGNATURE_BYTES:
        raise _cut_short(len(message))
    _check_signature(message, head, keys, now_us)
    _check_question(head, asked)
    return head, message[begin:-SIGNATURE_BYTES]


def whole(head: Mapping[str, object], name: str) -> int:
    """Return a whole number of a head, not below 0.

    Raises:
        Refused: `feed_unreadable`.
    """
    value = head.get(name)
    if type(value) is not int or not 0 <= value < 2**63:
        raise unreadable()
    return value


def octets(head: Mapping[str, object], name: str, length: int) -> bytes:
    """Return bytes that a head holds in hexadecimal digits.

    Raises:
        Refused: `feed_unreadable`.
    """
    try:
        value = bytes.fromhex(str(head.get(name)))
    except ValueError:
        raise unreadable() from None
    if len(value) != length:
        raise unreadable()
    return value


def unreadable() -> Refused:
    """Return the error for what is no message of the feed."""
    return Refused("feed_unreadable", N_("what came is no message of a registry's feed"))


def _head(line: bytes, kind: str) -> dict[str, object]:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        raise unreadable() from None
    if not isinstance(head, dict) or head.get("kind") != kind:
        raise unreadable()
    return head


def _cut_short(found: int) -> Refused:
    return Refused(
        "feed_cut_short", N_("only the first {found} bytes of a message came"), found=found
    )


def _check_signature(message: bytes, head: Mapping[str, object], keys: Keys, now_us: int) -> None:
    key_id = str(head.get("key_id"))[:80]
    key = keys(key_id)
    if key is None:
        raise Refused(
            "feed_key_unknown",
            N_("the centre signs with the key {key_id}, which is not known here; fetch its keys"),
            key_id=key_id,
        )
    try:
        key.key.verify(message[-SIGNATURE_BYTES:], _DOMAIN + message[:-SIGNATURE_BYTES])
    except InvalidSignature:
        raise Refused(
            "feed_tampered",
            N_("the signature by {key_id} does not fit what came; nothing of it is taken"),
            key_id=key_id,
        ) from None
    if key.retired_us is not None and key.retired_us <= max(now_us, whole(head, "at_us")):
        raise Refused(
            "feed_key_retired",
            N_("what came is signed with the key {key_id}, which the centre has retired"),
            key_id=key_id,
        )


def _check_question(head: Mapping[str, object], asked: Asked) -> None:
    if (head.get("centre"), head.get("for")) != (asked.centre, asked.institution_id):
        raise Refused(
            "feed_not_ours",
            N_("what came is for {found}, not for {right}"),
            found=str(head.get("for"))[:60],
            right=asked.institution_id,
        )
    if head.get("nonce") != asked.nonce:
        raise Refused(
            "feed_replayed",
            N_("what came answers another question than the one asked: an old answer sent again"),
        )
    if head.get("renewal") != asked.renewal:
        raise Refused(
            KEYS_RENEWED,
            N_("the keys of {institution} were renewed; this copy begins anew under the new ones"),
            institution=asked.institution_id,
        )
