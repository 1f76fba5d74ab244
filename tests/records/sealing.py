"""Audits to be sealed, verified and tampered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from tests.records.guards_off import guards_off

from holdfast.core.instant import SECOND_US
from holdfast.core.keys import SigningKey
from holdfast.core.problem import Problem
from holdfast.records import audit
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead
from holdfast.records.seal import seal
from holdfast.records.verify import verify


@dataclass
class Sealing:
    """A file of heads, a key, and the known public keys."""

    heads: Path
    key: SigningKey
    keys: dict[str, bytes]
    now_us: int = 1_700_000_000 * SECOND_US

    @classmethod
    def of(cls, heads: Path, key: SigningKey) -> Sealing:
        """Know the key that is signed with."""
        return cls(heads, key, {key.key_id: key.private.public_key().public_bytes_raw()})

    def write(self, count: int = 1) -> list[int]:
        """Write entries and return their ids."""
        with transaction.atomic():
            return [
                audit.record(
                    at_us=self.now_us,
                    actor=f"staff:{number}",
                    verb="hold_money",
                    subject=f"case:{number % 3}",
                    basis="TH.decree",
                    detail={"amount_minor": number},
                ).id
                for number in range(count)
            ]

    def seal(self, **words: int) -> SealedHead | None:
        """Seal a second later."""
        self.now_us += SECOND_US
        return seal(now_us=self.now_us, key=self.key, heads=self.heads, **words)

    def fill(self, batches: Sequence[int]) -> None:
        """Begin anew: so many entries, then a head, and so on."""
        with guards_off(connection):
            for model in (AuditEntry, SealedEntry, SealedHead):
                model.objects.all().delete()
        self.heads.unlink(missing_ok=True)
        for count in batches:
            self.write(count)
            self.seal()

    def problems(self) -> list[Problem]:
        """Return what verifying finds; each says its sentence."""
        found = list(verify(heads=self.heads, keys=self.keys))
        assert all(str(problem) for problem in found)
        return found

    def codes(self) -> set[str]:
        """Return the codes of what verifying finds."""
        return {problem.code for problem in self.problems()}
