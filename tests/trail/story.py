"""Stories of followed money that a caseworker can read, and how they are read by a test.

A story is a title, the question (`claims`, `stop`, `max hops`, `min amount`, `opening`), the
events of a morning one a line, and readings: `by fifo until 09:05` and what must be seen then.
Accounts go by short names, amounts are baht:

    09:00 P: V pays 10 to X                         a payment; P is its transfer id
    09:01 T1: X (shows 12) pays 4 to W (shows 0)    with the balances the banks report before
    09:02 H1: X holds 6 of P                        a hold, and below its release
    09:03 T2: X pays 6 to COURT, executing H1
    09:04 H1: released

    by fifo until 09:02, ignoring balances
    P 6 rests in X, 6 held          what rests, leaves, is overheld, is partly owned (Q owns 0
    P 4 leaves at V: returned       of 5), waits or is exposed must be said completely
    T1 carries P 4                  hops and carried amounts may be left out
    X at hop 1
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.core.instant import parse_instant
from holdfast.core.money import format_minor, parse_minor
from holdfast.ledger.transfer import Transfer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

FOLDER = Path(__file__).parent / "stories"
BANK = "TH.THCBC.001."

_SHOWS = r"(?: \(shows (-?[\d.]+)\))?"
_PAYMENT = re.compile(
    rf"(\S+) (\S+): (\S+){_SHOWS} pays ([\d.]+) to (\w+){_SHOWS}(?:, executing (\S+))?"
)
_HOLD = re.compile(r"(\S+) (\S+): (\S+) holds ([\d.]+) of (\S+)")
_RELEASE = re.compile(r"(\S+) (\S+): released")
_READING = re.compile(r"by (\S+?)(?: until (\S+?))?(, ignoring balances)?")
_OPTIONAL = re.compile(r"\S+ (at hop|carries) .*")


@dataclass(frozen=True)
class Reading:
    """One question asked of a story, and the lines that its answer must give."""

    name: str
    question: Question
    required: list[str]
    optional: list[str]


@dataclass
class Story:
    """What happened, in a ledger's types, and the readings of it."""

    transfers: list[Transfer] = field(default_factory=list)
    openings: dict[str, int] = field(default_factory=dict)
    holds: list[HoldEvent] = field(default_factory=list)
    claims: tuple[str, ...] = ()
    stops: frozenset[str] = frozenset()
    max_hops: int | None = None
    min_amount_minor: int = 1
    readings: list[Reading] = field(default_factory=list)


def read_story(text: str) -> Story:
    """Read a story; a line that is not understood is a ValueError that shows it."""
    story = Story()
    for line in text.splitlines()[1:]:
        if not line.strip():
            continue
        if reading := _READING.fullmatch(line):
            rule, until, ignoring = reading.groups()
            story.readings.append(_reading(story, line, Rule(rule), until, ignoring is not None))
        elif story.readings:
            kept = story.readings[-1]
            (kept.optional if _OPTIONAL.fullmatch(line) else kept.required).append(line)
        elif not (_read_setting(story, line) or _read_event(story, line)):
            msg = f"no line of a story: {line!r}"
            raise ValueError(msg)
    return story


def _reading(
    story: Story, name: str, rule: Rule, until: str | None, ignore_balances: bool
) -> Reading:
    question = Question(
        claims=story.claims,
        rule=rule,
        as_of_us=None if until is None else _instant(until),
        max_hops=story.max_hops,
        min_amount_minor=story.min_amount_minor,
        stops=story.stops,
        holds=tuple(story.holds),
        ignore_balances=ignore_balances,
    )
    return Reading(name, question, [], [])


def _read_setting(story: Story, line: str) -> bool:
    word, _, rest = line.partition(" ")
    match word:
        case "claims":
            story.claims = tuple(rest.split(", "))
        case "stop":
            story.stops |= {BANK + rest}
        case "max":
            story.max_hops = int(rest.removeprefix("hops "))
        case "min":
            story.min_amount_minor = _minor(rest.removeprefix("amount "))
        case "opening":
            account, amount = rest.split()
            story.openings[BANK + account] = _minor(amount)
        case _:
            return False
    return True


def _read_event(story: Story, line: str) -> bool:
    if found := _PAYMENT.fullmatch(line):
        time, name, debit, debit_shows, amount, credit, credit_shows, hold = found.groups()
        story.transfers.append(
            Transfer(
                _instant(time),
                0,
                name,
                BANK + debit,
                BANK + credit,
                _minor(amount),
                "THB",
                None if debit_shows is None else _minor(debit_shows),
                None if credit_shows is None else _minor(credit_shows),
                hold,
            )
        )
    elif found := _HOLD.fullmatch(line):
        time, name, account, amount, claim = found.groups()
        hold = HoldEvent(_instant(time), HoldKind.HOLD, name, BANK + account, claim, _minor(amount))
        story.holds.append(hold)
    elif found := _RELEASE.fullmatch(line):
        story.holds.append(HoldEvent(_instant(found[1]), HoldKind.RELEASE, found[2]))
    return bool(found)


def required_lines(answer: Mapping[str, Any]) -> list[str]:
    """Say in a story's words what an answer's JSON form says and a story must not leave out."""
    lines = [f"{claim} waits" for claim in answer["waiting"]]
    for row in answer["claims"]:
        if row.get("amount", row["reported"]) != row["reported"]:
            owned, reported = _baht(row["amount"]), _baht(row["reported"])
            lines.append(f"{row['transfer_id']} owns {owned} of {reported}")
    for row in answer.get("resting", ()):
        held = f", {_baht(row['held'])} held" if row["held"] else ""
        lines.append(f"{_claimed(row)} rests in {_name(row['account'])}{held}")
    lines += [
        f"{_claimed(row)} leaves at {_name(row['account'])}: {row['kind']}"
        for row in answer.get("exits", ())
    ]
    lines += [
        f"{_claimed(row)} overheld in {_name(row['account'])} by {row['hold']}"
        for row in answer.get("overheld", ())
    ]
    for row in answer.get("exposed", ()):
        since = row["first_time"].removeprefix("2026-03-01T").removesuffix(":00Z")
        way = f"hop {row['hop']}, via {row['via']}"
        lines.append(f"{_name(row['account'])} exposed since {since}, {way}")
    return sorted(lines)


def optional_lines(answer: Mapping[str, Any]) -> list[str]:
    """Say in a story's words what a story may leave out: hops, and what each transfer carries."""
    lines = [f"{_name(row['account'])} at hop {row['hop']}" for row in answer.get("resting", ())]
    for row in answer.get("hops", ()):
        carried = ", ".join(f"{claim} {_baht(minor)}" for claim, minor in row["tainted"].items())
        lines.append(f"{row['transfer_id']} carries {carried}")
    return lines


def _instant(text: str) -> int:
    return parse_instant(f"2026-03-01T{text}:00Z")


def _minor(text: str) -> int:
    return parse_minor(text, "THB")


def _baht(amount_minor: int) -> str:
    return format_minor(amount_minor, "THB").removesuffix(".00")


def _name(account: str) -> str:
    return account.removeprefix(BANK)


def _claimed(row: Mapping[str, Any]) -> str:
    return f"{row['claim']} {_baht(row['amount'])}"
