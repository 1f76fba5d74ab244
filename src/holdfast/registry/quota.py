"""Quotas against harvesting, as Brazil's Pix directory has them: token buckets.

A question costs tokens of the asker's bucket and, where it is asked for an end customer, of that
customer's: most where nothing was found, because who reads numbers off a list meets mostly those.
A payment that was really sent gives one back. Source: Banco Central do Brasil, Pix, operational
manual of the DICT, limits against scanning (policies for participants and end users).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from holdfast.core.errors import CentreError, HoldfastError
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.core.words import N_

FILE = Path(__file__).resolve().parent / "quota.yaml"
MINUTE_US = 60 * SECOND_US
TOKENS_MAX = 10**12
BANK, PERSON = "bank", "person"
SENT_WITHIN_US = HOUR_US
"""How long after a question its payment may be told to have been sent."""


class QuotaSpent(HoldfastError):
    """The tokens of a bucket are spent; some time later there are more."""

    transient = True


class BucketName(msgspec.Struct, frozen=True, order=True, gc=False):
    """Whose bucket.

    Unseen by the garbage collector: to look through hundreds of thousands of names, which can be
    in no cycle, took it a fifth of a second, in which nobody was answered.
    """

    asker: str
    """The institution that asks."""
    scope: str
    """`bank`: its own; `person`: that of an end customer of it."""
    customer: str = ""
    """A hash of the asker's pseudonym of the customer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How large a bucket is, how fast it fills and what a question costs; all in tokens."""

    size: int
    per_minute: int
    miss: int
    hit: int
    sent: int
    """Given back for a payment that was really sent."""
    lease: int
    """Taken out at once by a worker, which spends them without asking anybody."""

    def cost(self, hits: int, misses: int) -> int:
        """Return what a question about some subjects costs."""
        return hits * self.hit + misses * self.miss


@dataclass(frozen=True, slots=True)
class Level:
    """What is in a bucket at an instant, microseconds since 1970 UTC."""

    tokens: int
    """Below zero where more was spent on credit than there was."""
    at_us: int


def full(rule: Rule, now_us: int) -> Level:
    """Return a bucket that nobody has asked from."""
    return Level(rule.size, now_us)


def filled(level: Level, rule: Rule, now_us: int) -> Level:
    """Return a bucket with what has flowed in until now; parts of a token are not lost.

    A clock that went back adds nothing.
    """
    gained = max(now_us - level.at_us, 0) * rule.per_minute // MINUTE_US
    if level.tokens + gained >= rule.size:
        return Level(rule.size, max(now_us, level.at_us))
    return Level(level.tokens + gained, level.at_us - (-gained * MINUTE_US // rule.per_minute))


def taken(level: Level, rule: Rule, wanted: int, now_us: int) -> tuple[Level, int]:
    """Take out what there is, up to `wanted`; return what is left and how much was taken."""
    level = filled(level, rule, now_us)
    given = max(min(wanted, level.tokens), 0)
    return Level(level.tokens - given, level.at_us), given


def added(level: Level, rule: Rule, tokens: int, now_us: int) -> Level:
    """Give tokens back (or, below zero, spend on credit); a bucket never holds more than its size."""
    level = filled(level, rule, now_us)
    return Level(min(level.tokens + tokens, rule.size), level.at_us)


def ready_us(level: Level, rule: Rule, wanted: int) -> int:
    """Return from when on a bucket holds as many tokens as are wanted."""
    missing = max(wanted - level.tokens, 0)
    return level.at_us + -(-missing * MINUTE_US // rule.per_minute)


def spent(name: BucketName, wanted: int, rule: Rule, when_us: int, now_us: int) -> QuotaSpent:
    """Return the refusal of a question, which says when it can be asked again."""
    if wanted > rule.size:
        return QuotaSpent(
            "quota_too_small",
            N_("this question needs {wanted} tokens, your bucket never holds more than {size}"),
            wanted=wanted,
            size=rule.size,
            wait_s=0,
        )
    fields = {"wait_s": max(-(-(when_us - now_us) // SECOND_US), 1)}
    if name.scope == PERSON:
        return QuotaSpent(
            "quota_customer_spent",
            N_("too much was asked for this customer; ask again in {wait_s} seconds"),
            **fields,
        )
    return QuotaSpent(
        "quota_spent", N_("your questions are spent; ask again in {wait_s} seconds"), **fields
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of every bucket."""

    scopes: Mapping[str, Rule]
    institutions: Mapping[str, Rule]
    """Those with a bucket of their own size."""

    def of(self, name: BucketName) -> Rule:
        """Return the rule of a bucket."""
        if name.scope == BANK and name.asker in self.institutions:
            return self.institutions[name.asker]
        return self.scopes[name.scope]

    @classmethod
    def read(cls, file: Path = FILE, own: Path | None = None) -> Rules:
        """Read the rules; `own` names a file with institutions of one centre, if it exists.

        Raises:
            CentreError: `quota_rules_unreadable`.
        """
        scopes = _read(file)
        institutions = _read(own)["institutions"] if own is not None and own.exists() else {}
        try:
            rules = {name: Rule(**scopes[name]) for name in (BANK, PERSON)}
            found = {name: Rule(**values) for name, values in institutions.items()}
        except (KeyError, TypeError) as error:
            raise _unreadable(file if own is None else own, str(error)) from None
        for rule in (*rules.values(), *found.values()):
            _check(rule, file)
        return cls(rules, found)


def _read(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _unreadable(file, type(error).__name__) from None
    if not isinstance(values, dict):
        raise _unreadable(file, "not a mapping")
    return values


def _check(rule: Rule, file: Path) -> None:
    values = (rule.size, rule.per_minute, rule.miss, rule.hit, rule.sent, rule.lease)
    is_right = all(type(value) is int and 1 <= value <= TOKENS_MAX for value in values)
    if not is_right or rule.miss < rule.hit or rule.lease > rule.size:
        raise _unreadable(file, "numbers from 1 on, a miss no cheaper than a hit, a lease in size")


def _unreadable(file: Path, why: str) -> CentreError:
    return CentreError(
        "quota_rules_unreadable",
        N_("the quotas in {file} can't be read: {why}"),
        file=file,
        why=why,
    )
