"""What people at the centre do, and what a program may be allowed to."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What somebody at the centre does."""

    OPERATOR = "operator"  # takes reports on the phone
    REVIEWER = "reviewer"  # decides what can harm one: releases, disputes
    POLICE = "police"  # accepts complaints, seizes
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMINISTRATOR = "administrator"  # looks after people, institutions and keys


class Scope(Enum):
    """What an API key opens; every id in a request is checked besides."""

    REPORTS_WRITE = "reports:write"  # file and complete reports
    REPORTS_CONFIRM = "reports:confirm"  # confirm caller, payment and name as the sending bank
    CASES_READ = "cases:read"  # read the cases one takes part in
    ORDERS_READ = "orders:read"  # poll the orders addressed to one
    ORDERS_ANSWER = "orders:answer"  # answer them
    COMPLAINTS_WRITE = "complaints:write"  # file and confirm police complaints
    REVIEWS_DECIDE = "reviews:decide"  # decide what waits for a person
    NOTICES = "notices:bring"  # read notices, and say that a person was told
    AUDIT_READ = "audit:read"  # read the audit


KINDS = ("bank", "e-money", "exchange", "telco", "police", "centre")
"""What an institution can be."""

_CENTRE_ONLY = frozenset((Scope.REVIEWS_DECIDE, Scope.NOTICES, Scope.AUDIT_READ))
_OF_ANY = frozenset(Scope) - _CENTRE_ONLY - {Scope.COMPLAINTS_WRITE}
_OF_SOME = {"police": _OF_ANY | {Scope.COMPLAINTS_WRITE}, "centre": frozenset(Scope)}


def scopes_of(kind: str) -> frozenset[Scope]:
    """Return what programs of a kind of institution may be allowed at most."""
    return _OF_SOME.get(kind, _OF_ANY)
