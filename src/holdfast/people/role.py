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
    REGISTRY_ASK = "registry:ask"  # ask whether somebody or something is listed
    REGISTRY_REPLICATE = "registry:replicate"  # keep a copy of the registry
    REGISTRY_LIST = "registry:list"  # list, and withdraw what one has listed
    REGISTRY_APPROVE = "registry:approve"  # approve as the second person
    REGISTRY_CONTEST = "registry:contest"  # take contests in, and decide them


KINDS = ("bank", "e-money", "exchange", "telco", "police", "centre")
"""What an institution can be."""

PERSONAL = frozenset((Scope.REVIEWS_DECIDE, Scope.REGISTRY_APPROVE, Scope.REGISTRY_CONTEST))
"""What only a key does that belongs to one person, who is named."""
_CENTRE_ONLY = PERSONAL | {Scope.NOTICES, Scope.AUDIT_READ}
_OF_ANY = frozenset(Scope) - _CENTRE_ONLY - {Scope.COMPLAINTS_WRITE, Scope.REGISTRY_LIST}
_LISTS = _OF_ANY | {Scope.REGISTRY_LIST}
_OF_SOME = {
    "bank": _LISTS,
    "e-money": _LISTS,
    "exchange": _LISTS,
    "police": _LISTS | {Scope.COMPLAINTS_WRITE},
    "centre": frozenset(Scope),
}


def scopes_of(kind: str) -> frozenset[Scope]:
    """Return what programs of a kind of institution may be allowed at most."""
    return _OF_SOME.get(kind, _OF_ANY)
