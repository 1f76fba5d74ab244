"""Ids of questions: new without asking anybody, and known again by any worker of the house."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from itertools import count
from struct import Struct

from holdfast.core.errors import NotFound, Refused
from holdfast.core.words import N_
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.quota import SENT_WITHIN_US

TOLD_MAX = 1_000_000
"""How many payments sent a worker remembers, so that whoever tells one again hears it at once."""
_BODY = Struct(">QI4s")
_SEAL_BYTES = 8
_LENGTH = 2 * (_BODY.size + _SEAL_BYTES)
_COUNT_MAX = 1 << 32


class QuestionIds:
    """Makes ids that carry when they were made, sealed for the one who asked."""

    def __init__(self, key: HashKey, worker: bytes, now_us: Callable[[], int]) -> None:
        """`worker` is four bytes that no other worker has, such as random ones."""
        self._key = key
        self._worker = worker
        self._now_us = now_us
        self._numbers = count()
        self._told: dict[str, int] = {}

    def new(self, at_us: int, asker: str, customer: str) -> str:
        """Return an id for a question of an institution for a customer (or none)."""
        body = _BODY.pack(at_us, next(self._numbers) % _COUNT_MAX, self._worker)
        return f"q-{(body + self._seal(body, asker, customer)).hex()}"

    def told_sent(self, question_id: str, asker: str, customer: str) -> None:
        """Heed that the payment of a question was sent; each is told once.

        Raises:
            NotFound: `question_unknown`: it is not this asker's for this customer, or too old.
            Refused: `question_sent_already`.
        """
        now_us = self._now_us()
        if not self._is_own(question_id, asker, customer, now_us):
            raise NotFound(
                "question_unknown",
                N_("there is no question of yours under this id that a payment can follow"),
            )
        if question_id in self._told:
            raise Refused(
                "question_sent_already", N_("the payment of this question was told before")
            )
        while self._told and (
            len(self._told) >= TOLD_MAX or next(iter(self._told.values())) < now_us - SENT_WITHIN_US
        ):
            del self._told[next(iter(self._told))]
        self._told[question_id] = now_us

    def _is_own(self, question_id: str, asker: str, customer: str, now_us: int) -> bool:
        text = question_id.removeprefix("q-")
        if len(text) != _LENGTH or not question_id.startswith("q-"):
            return False
        try:
            data = bytes.fromhex(text)
        except ValueError:
            return False
        body, seal = data[: _BODY.size], data[_BODY.size :]
        at_us = _BODY.unpack(body)[0]
        is_own = hmac.compare_digest(seal, self._seal(body, asker, customer))
        return is_own and 0 <= now_us - at_us <= SENT_WITHIN_US

    def _seal(self, body: bytes, asker: str, customer: str) -> bytes:
        message = b"question" + body + f"{asker}\0{customer}".encode()
        return self._key.hashed(message)[:_SEAL_BYTES]
