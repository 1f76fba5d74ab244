"""A file of listings in the shape of the incumbent portal: cases, sub-cases, updates.

A `case` row opens a bank's case with the account at level 1; `subcase` rows add accounts at
levels 1 to n, and whatever else belongs to the case; `update` rows say what happened to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from holdfast.core.errors import Refused
from holdfast.core.plain import plain
from holdfast.core.words import N_
from holdfast.law.tier import Event, Grade
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.subject import Subject, SubjectKind, parse_subject

LEVEL_MAX = 50
_LENGTHS = {
    "bank_case_id": 60,
    "behaviour": 500,
    "decided_by": 150,
    "paid_from": 100,
    "reason": 300,
    "subject": 2048,
}
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0", "")


class Record(StrEnum):
    """What a row is."""

    CASE = "case"  # a new case, with the account that the victim paid
    SUBCASE = "subcase"  # a further account or identifier of a case
    UPDATE = "update"  # what happened to a case


class Update(StrEnum):
    """What happened to a case."""

    POLICE_COMPLAINT = "police_complaint"  # the police took the victim's complaint
    BANK_CONFIRMED = "bank_confirmed"  # the institution has made sure
    WITHDRAWN = "withdrawn"  # it was a mistake, or is over


COLUMNS: Mapping[str, str] = {
    "record": "case, subcase or update",
    "bank_case_id": "your number of the case; the same in all its rows",
    "level": "1 for an account that the victim paid, 2 and more further along the trail",
    "kind": "account, proxy, phone, link, wallet, person or handle; account if empty",
    "subject": "such as TH.THCBC.004.0123456789; empty in an update of the whole case",
    "ground": "victim_report, bank_suspicion or bank_confirmed",
    "confirmed": "yes where you, as the sending bank, confirm the payment to a level-1 account",
    "paid_from": "the account at your bank that a confirmed payment left; it is not kept",
    "involvement": "organiser, recruiter, paid_mule, … ; unknown if empty",
    "behaviour": "what was seen beyond the receipt of money, from level 2 on, without names",
    "decided_by": "who at your institution decided, from level 2 on",
    "update": "in an update: police_complaint, bank_confirmed or withdrawn",
    "reason": "in an update: why",
}
"""The columns in their order, each with what stands in it."""
REQUIRED = ("record", "bank_case_id", "level", "subject", "ground")
OPTIONAL = tuple(name for name in COLUMNS if name not in REQUIRED)
_CASE = {"bank_case_id": "KB-2026-0001", "level": "1"}
_PAID = _CASE | {"subject": "TH.THCBC.004.0123456789"}
EXAMPLES: tuple[Mapping[str, str], ...] = (
    _PAID
    | {"record": "case", "ground": "victim_report"}
    | {"confirmed": "yes", "paid_from": "TH.THCBC.002.1112223334"},
    _CASE
    | {"record": "subcase", "kind": "phone", "subject": "+66812345678"}
    | {"ground": "victim_report"},
    _CASE
    | {"record": "subcase", "level": "2", "subject": "TH.THCBC.014.9876543210"}
    | {"ground": "bank_suspicion", "involvement": "paid_mule", "decided_by": "desk 12"}
    | {"behaviour": "opened last week; forty payments in and out within minutes"},
    _PAID
    | {"record": "update", "update": "withdrawn"}
    | {"reason": "the victim had mistaken the number"},
)
"""Rows that are right, one of each sort; the subjects are made up."""

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class PortalRow:
    """A row that is whole; what the law and the registry say of it is still to be asked."""

    record: Record
    bank_case_id: str
    subject: Subject | None
    """None in an update of the whole case."""
    ground: Ground | None
    """None in an update that withdraws."""
    reason: str = ""


def read_row(cells: Mapping[str, str], country: str, key: bytes) -> PortalRow:
    """Read one row; `cells` has every column by name, `key` seals ids of people.

    Raises:
        Refused: `portal_word`, `portal_level`, `portal_cell_missing`, `portal_flag`, or what
            `plain` and `parse_subject` refuse.
    """
    record = _word(cells, "record", Record)
    case_id = _text(cells, "bank_case_id", needed=True)
    if record is Record.UPDATE:
        return _update(cells, case_id, country, key)
    level = _level(cells["level"])
    if record is Record.CASE and level != 1:
        raise Refused(
            "portal_level", N_("a case begins at level 1, the account that the victim paid")
        )
    subject = _subject(cells, country, key)
    if subject is None:
        raise _missing("subject")
    ground = Ground(
        _word(cells, "ground", Event),
        Grade.CONFIRMED if _flag(cells, "confirmed") else _grade(cells),
        _word(cells, "involvement", Involvement, Involvement.UNKNOWN),
        _link(subject, level),
        _flag(cells, "confirmed"),
        _text(cells, "behaviour"),
        _text(cells, "decided_by"),
        reference=case_id,
        paid_from=_text(cells, "paid_from"),
    )
    return PortalRow(record, case_id, subject, ground)


def _update(cells: Mapping[str, str], case_id: str, country: str, key: bytes) -> PortalRow:
    update = _word(cells, "update", Update)
    subject = _subject(cells, country, key)
    reason = _text(cells, "reason", needed=update is Update.WITHDRAWN)
    if update is Update.WITHDRAWN:
        return PortalRow(Record.UPDATE, case_id, subject, None, reason)
    ground = Ground(
        Event(update.value),
        Grade.CONFIRMED,
        _word(cells, "involvement", Involvement, Involvement.UNKNOWN),
        behaviour=_text(cells, "behaviour"),
        decided_by=_text(cells, "decided_by"),
        reference=case_id,
    )
    return PortalRow(Record.UPDATE, case_id, subject, ground, reason)


def _grade(cells: Mapping[str, str]) -> Grade:
    """Return how well a ground is known where the payment is not confirmed."""
    event = cells["ground"].strip()
    if event == Event.BANK_CONFIRMED.value:
        return Grade.CONFIRMED
    return Grade.REPORTED if event == Event.VICTIM_REPORT.value else Grade.SUSPECTED


def _link(subject: Subject, level: int) -> Link:
    if subject.kind in (SubjectKind.ACCOUNT, SubjectKind.PROXY):
        return Link.FIRST_ACCOUNT if level == 1 else Link.FURTHER_ACCOUNT
    is_further = subject.kind is SubjectKind.WALLET and level > 1
    return Link.FURTHER_ACCOUNT if is_further else Link.NOT_BY_MONEY


def _subject(cells: Mapping[str, str], country: str, key: bytes) -> Subject | None:
    text = _text(cells, "subject")
    kind = cells["kind"].strip().casefold() or SubjectKind.ACCOUNT.value
    return parse_subject(kind, text, country, key) if text else None


def _level(text: str) -> int:
    written = text.strip()
    if written.isascii() and written.isdigit() and len(written) <= 2:
        level = int(written)
        if 1 <= level <= LEVEL_MAX:
            return level
    raise Refused(
        "portal_level",
        N_("{value!r} is no level; a whole number from 1 to {limit} is"),
        value=text[:20],
        limit=LEVEL_MAX,
    )


def _word(cells: Mapping[str, str], column: str, kind: type[E], default: E | None = None) -> E:
    written = cells[column].strip().casefold()
    if not written and default is not None:
        return default
    try:
        return kind(written)
    except ValueError:
        raise Refused(
            "portal_word",
            N_("{value!r} is not one of {right}"),
            column=column,
            value=written[:40],
            right=", ".join(kind),
        ) from None


def _flag(cells: Mapping[str, str], column: str) -> bool:
    written = cells[column].strip().casefold()
    if written not in (*_YES, *_NO):
        raise Refused(
            "portal_flag", N_("{value!r} is neither yes nor no"), column=column, value=written[:20]
        )
    return written in _YES


def _text(cells: Mapping[str, str], column: str, *, needed: bool = False) -> str:
    written = cells[column]
    if not written.strip():
        if needed:
            raise _missing(column)
        return ""
    return plain(written, _LENGTHS[column], secret=True)


def _missing(column: str) -> Refused:
    return Refused(
        "portal_cell_missing", N_("the column {column} must be filled here"), column=column
    )
