"""The side of the one who asks about a number: blind it, verify the answer, find it in the bucket."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.wallet import parse_wallet
from holdfast.core.words import N_
from holdfast.registry.blind import blind, finalize, scalar_of, verify
from holdfast.registry.buckets import ROW_BYTES, ROWS_MAX, Found, find, prefix_of
from holdfast.registry.subject import Subject, SubjectKind

_PERSON = re.compile(r"[A-Z]{2}\.[A-Z]{4}\.[0-9A-Z]*[0-9][0-9A-Z]*", re.ASCII).fullmatch
"""An identity document's number with its country and kind; no name of a host ends in a digit."""
ANSWER_BYTES_MAX = 2 * ROW_BYTES * ROWS_MAX

REPORTED = N_("Reported, not proven: somebody has reported this. Be careful, and ask your bank.")
DISPUTED = N_("Reported, not proven. The person concerned says that the report is wrong.")
NOT_REPORTED = N_("Nothing is reported here. That does not make it safe.")


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a subject, blinded by a scalar that nobody else knows."""

    subject: Subject
    scalar: bytes

    @classmethod
    def about(cls, subject: Subject, wide: bytes) -> Question:
        """Return a question, blinded by 64 random bytes that serve for no other."""
        return cls(subject, scalar_of(wide))

    @property
    def body(self) -> Mapping[str, object]:
        """Return what is sent: a bucket and an element, neither of which tells the subject.

        Raises:
            Refused: `check_kind`.
        """
        return {
            "kind": self.subject.kind.value,
            "prefix": prefix_of(self.subject),
            "blinded": base64.b64encode(self._blinded()).decode(),
        }

    def read(self, given: Mapping[str, object], public: bytes) -> Found | None:
        """Return what the answer says of the subject, None where nothing is reported.

        Raises:
            Refused: `check_unreadable`, `check_proof` where another key than the published one
                answered, or `bucket_unreadable`.
        """
        evaluated, proof = _octets(given, "evaluated"), _octets(given, "proof")
        if not verify(public, [self._blinded()], [evaluated], proof):
            raise Refused(
                "check_proof",
                N_(
                    "the answer was not made with the key that is published for everybody; "
                    "it is not to be believed"
                ),
            )
        output = finalize(self.subject.wire, self.scalar, evaluated)
        return find(_octets(given, "rows"), output)

    def _blinded(self) -> bytes:
        return blind(self.subject.wire, self.scalar)


def _octets(given: Mapping[str, object], name: str) -> bytes:
    try:
        return base64.b64decode(str(given[name]), validate=True)
    except (KeyError, binascii.Error, ValueError):
        raise Refused("check_unreadable", N_("what came is no answer to a check")) from None


def sentence_of(found: Found | None) -> str:
    """Return what a citizen is told: never that anybody is guilty, or anything safe."""
    if found is None:
        return NOT_REPORTED
    return DISPUTED if found.disputed else REPORTED


def kind_of(text: str) -> SubjectKind:
    """Return what a text looks like; a wrong guess is refused by the kind's own rules."""
    if "/" in text:
        return SubjectKind.LINK
    if _PERSON(text):
        return SubjectKind.PERSON
    if _is_wallet(text):
        return SubjectKind.WALLET
    parts = text.split(".")
    if len(parts) == 4 and len(parts[0]) == 2 and parts[0].isalpha():
        return SubjectKind.ACCOUNT
    digits = text.replace("-", "").replace(" ", "")
    if text.startswith("+") or digits.isdigit():
        return SubjectKind.PHONE
    return SubjectKind.HANDLE if ":" in text else SubjectKind.LINK


def _is_wallet(text: str) -> bool:
    try:
        parse_wallet(text)
    except Refused:
        return False
    return True
