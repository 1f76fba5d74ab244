"""Accounts at which a trail ends, as far as they are known: merchants, cash, exchanges, the state."""

from __future__ import annotations

from threading import Lock

from django.db.models import Count, Max

from holdfast.cases.models import AccountFact
from holdfast.cases.stop import StopKind


class Stops:
    """The stops in force at an instant; facts are read again only when there are new ones."""

    def __init__(self) -> None:
        self._read_to = (0, 0)
        self._facts: dict[str, AccountFact] = {}
        self._lock = Lock()

    def at(self, now_us: int) -> StopsAt:
        """Return the accounts that are stops at an instant."""
        with self._lock:
            there = AccountFact.objects.aggregate(newest=Max("id"), count=Count("id"))
            found = (there["newest"] or 0, there["count"])
            if found != self._read_to:
                self._facts = self._read(*found)
                self._read_to = found
            return StopsAt(self._facts, now_us)

    def _read(self, newest: int, count: int) -> dict[str, AccountFact]:
        """Return the latest fact of each account; read are only the new ones, where that is all.

        A fact with a smaller id may become visible after a later one: then all are read again.
        """
        read_to, read_count = self._read_to
        facts = AccountFact.objects.filter(id__lte=newest).order_by("id")
        fresh = list(facts.filter(id__gt=read_to)) if read_to else []
        if not read_to or read_count + len(fresh) != count:
            return {fact.account: fact for fact in facts}
        return self._facts | {fact.account: fact for fact in fresh}


class StopsAt:
    """A container of accounts, as a trail's question wants it."""

    def __init__(self, facts: dict[str, AccountFact], now_us: int) -> None:
        self._facts = facts
        self._now_us = now_us

    def __contains__(self, account: object) -> bool:
        return self.kind(str(account)) is not None

    def kind(self, account: str) -> str | None:
        """Return what kind of stop an account is, or None."""
        fact = self._facts.get(account)
        if fact is None or fact.kind == StopKind.NONE.value or fact.from_us > self._now_us:
            return None
        return str(fact.kind)
