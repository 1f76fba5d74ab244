"""`holdfast registry`: a template for files of listings, reading one in, listing and approving."""

from __future__ import annotations

import argparse
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from holdfast.cli.ledger import progress_of_files
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.problem_list import ProblemList
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import padded
from holdfast.core.errors import HoldfastError, NotFound, Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.people.actor import Actor
    from holdfast.workflows.import_listings import ImportReport

E = TypeVar("E", bound=StrEnum)


def template_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry template`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file, .xlsx or .csv")
    parser.epilog = "example:\n  holdfast registry template listings.xlsx"


def template(arguments: argparse.Namespace) -> int:
    """Write a file that shows how listings are sent: cases, sub-cases, updates."""
    from holdfast.registry.template import write_template

    write_template(arguments.file)
    Screen().write(say(N_("written: {file}"), file=arguments.file))
    return DONE


def import_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry import`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="Excel (.xlsx) or CSV")
    parser.add_argument(
        "--institution", metavar="ID", help="whose file it is; the centre's own if left out"
    )
    parser.add_argument("--person", required=True, metavar="NAME", help="who sends it")
    parser.add_argument(
        "--problems", type=Path, metavar="FILE", help="write every problem to this new CSV file"
    )
    parser.epilog = (
        "example:\n  holdfast registry import listings.xlsx --institution TH.THCBC.004 "
        "--person somchai --problems problems.csv"
    )


def import_file(arguments: argparse.Namespace) -> int:
    """Read listings from a file: what is right is kept, what is wrong is told row by row."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.import_listings import import_listings

    who = person_at(arguments.person, arguments.institution)
    problems, console = ProblemList(arguments.problems), Screen()
    with problems.writing(), progress_of_files() as progress:
        report = import_listings(
            centre(),
            arguments.file,
            who,
            problems.tell,
            lambda notes: progress(arguments.file, notes),
        )
    _print(console, report)
    problems.show(console)
    return NOT_WHOLE if report.problems else DONE


def list_one_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry list`."""
    parser.add_argument("kind", help="account, proxy, phone, link, wallet, person or handle")
    parser.add_argument("subject", help="such as TH.THCBC.004.0123456789 or 081-234-5678")
    parser.add_argument("--event", required=True, help="such as bank_suspicion, official_list")
    parser.add_argument(
        "--evidence", required=True, help="suspected, reported, confirmed, official"
    )
    parser.add_argument("--case", default="", metavar="NUMBER", help="the case behind it")
    parser.add_argument("--reference", default="", metavar="NUMBER", help="or your own number")
    parser.add_argument("--behaviour", default="", help="what was seen, without names")
    parser.add_argument("--person", required=True, metavar="NAME", help="who decides this")
    parser.epilog = (
        "example:\n  holdfast registry list phone 081-234-5678 --event bank_suspicion "
        "--evidence suspected --reference F-12 --person malee"
    )


def list_one(arguments: argparse.Namespace) -> int:
    """List a subject as the centre; a second person approves where its tier needs one."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.law.tier import Event, Grade
    from holdfast.registry.ground import Ground
    from holdfast.registry.subject import parse_subject
    from holdfast.server.runtime import centre
    from holdfast.workflows.list_subject import ToList, list_subject

    running = centre()
    ground = Ground(
        _word(arguments.event, Event),
        _word(arguments.evidence, Grade),
        behaviour=arguments.behaviour,
        decided_by=arguments.person,
        case_number=arguments.case,
        reference=arguments.reference,
    )
    subject = parse_subject(arguments.kind, arguments.subject, running.country, running.person_key)
    row = list_subject(running, ToList(subject, ground), person_at(arguments.person, None))
    sentence = N_("{listing} is {state} in {tier}")
    Screen().write(say(sentence, listing=row.listing_id, state=row.state, tier=row.tier))
    return DONE


def approve_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry approve`."""
    parser.add_argument("what", metavar="ID", help="a listing, or the file that an import named")
    parser.add_argument("--person", required=True, metavar="NAME", help="who approves")
    parser.add_argument("--reason", required=True, help="why")
    parser.add_argument("--refuse", action="store_true", help="say no instead")
    parser.add_argument(
        "--problems", type=Path, metavar="FILE", help="write what could not be decided to this file"
    )
    parser.epilog = 'example:\n  holdfast registry approve file-019… --person malee --reason "seen"'


def approve(arguments: argparse.Namespace) -> int:
    """Say as a second person whether a listing, or all of a file, may stand."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.approve_listing import approve_batch, approve_listing

    who = person_at(arguments.person, None)
    yes, why = not arguments.refuse, arguments.reason
    problems, console = ProblemList(arguments.problems), Screen()
    count, undecided = 1, 0

    def tell(listing_id: str, error: HoldfastError) -> None:
        nonlocal undecided
        undecided += 1
        problems.tell(Problem.of(error, listing_id, 0))

    with problems.writing():
        if arguments.what.startswith("file-"):
            count = approve_batch(centre(), arguments.what, who, approve=yes, reason=why, tell=tell)
        else:
            approve_listing(centre(), arguments.what, who, approve=yes, reason=why)
    console.write(say(N_("decided: {count} listings"), count=count))
    problems.show(console)
    return NOT_WHOLE if undecided else DONE


def person_at(name: str, institution: str | None) -> Actor:
    """Return a named person who acts for an institution, or for the centre.

    Raises:
        Refused: `person_missing`.
        NotFound: `institution_unknown`.
    """
    from holdfast.people.actor import Actor
    from holdfast.people.keys import NAMED, person_of
    from holdfast.people.models import Institution
    from holdfast.people.role import scopes_of
    from holdfast.server.runtime import centre

    running, person = centre(), person_of(name)
    if not person:
        raise Refused("person_missing", N_("say who does this: a name is needed"))
    if institution is None or institution == running.name:
        known = person if person.startswith("staff:") else f"{NAMED}{person}"
        return Actor(known, running.name, scopes_of("centre"), is_centre=True, person=person)
    found = Institution.objects.filter(institution_id=institution, closed_us=None).first()
    if found is None:
        raise NotFound(
            "institution_unknown",
            N_("there is no institution {institution} here"),
            institution=institution[:60],
        )
    return Actor(
        f"{NAMED}{person}@{institution}", institution, scopes_of(found.kind), person=person
    )


def _word(word: str, kind: type[E]) -> E:
    try:
        return kind(word)
    except ValueError:
        raise Refused(
            "word_unknown",
            N_("{value!r} is not one of {right}"),
            value=word[:40],
            right=", ".join(kind),
        ) from None


def _print(console: Screen, report: ImportReport) -> None:
    lines = (
        (N_("rows read"), report.rows),
        (N_("listed"), report.standing),
        (N_("to be approved by a second person"), report.proposed),
        (N_("known already"), report.known),
        (N_("updated"), report.updated),
        (N_("problems"), report.problems),
    )
    for name, count in lines:
        console.write(f"{padded(say(name), 28)} {count:,}")
    if report.proposed:
        sentence = N_("next, by somebody else: holdfast registry approve {batch}")
        console.write(say(sentence, batch=report.batch))
