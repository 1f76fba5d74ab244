"""`holdfast registry look-up`: find listings by hand, with why each is shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import TablePage, text_column
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.models import Listing
    from holdfast.registry.names import Reason
    from holdfast.workflows.look_up import Candidate, Found

BY = ("part", "person", "name")
PURPOSES = ("case", "contest", "listing", "enquiry", "oversight")
LIMIT = 20
ASKED_ON_INPUT = "-"


def look_up_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry look-up`."""
    parser.add_argument(
        "text",
        metavar="TEXT",
        help="what is looked for; - reads one line of standard input, so that no list of "
        "commands keeps it",
    )
    parser.add_argument("--by", choices=BY, default="part", help="part if left out")
    parser.add_argument("--purpose", required=True, choices=PURPOSES, help="kept on record")
    parser.add_argument(
        "--about", default="", metavar="ID", help="the case, contest or listing it is for"
    )
    parser.add_argument("--person", required=True, metavar="NAME", help="who looks")
    parser.add_argument(
        "--after", type=int, default=0, metavar="NUMBER", help="go on where a page ended"
    )
    parser.epilog = (
        "example:\n  holdfast registry look-up 081-234 --purpose case --about TH-2026-000001 "
        "--person malee"
    )


def look_up(arguments: argparse.Namespace) -> int:
    """Find listings by a part, a person's id or a name, for a person who looks at each.

    A name is a hint: it leads to what was listed for the cases in which victims were shown it.
    """
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.cli.registry import person_at
    from holdfast.registry.lookup import By, Purpose
    from holdfast.server.runtime import centre
    from holdfast.workflows import look_up as verb

    asked = verb.Asked(
        By(arguments.by),
        _text(arguments.text),
        Purpose(arguments.purpose),
        arguments.about,
        max(arguments.after, 0),
        LIMIT,
    )
    _print(Screen(), verb.look_up(centre(), asked, person_at(arguments.person, None)))
    return DONE


def _text(told: str) -> str:
    """Return what is looked for, read from standard input where it is not told.

    Raises:
        Refused: `look_up_text_unreadable`.
    """
    from holdfast.registry.lookup import TEXT_LENGTH_MAX

    if told != ASKED_ON_INPUT:
        return told
    try:
        # Of a longer line enough is read to be refused by its length.
        return sys.stdin.readline(TEXT_LENGTH_MAX + 2).strip()
    except UnicodeDecodeError:
        raise Refused(
            "look_up_text_unreadable", N_("standard input is not UTF-8; send one line of text")
        ) from None


def _print(console: Screen, found: Found) -> None:
    page = TablePage(console)
    if found.warning:
        page.line(say(found.warning))
    if found.names_cut:
        page.line(say(N_("Only the newest names that victims were shown were compared.")))
    if not found.candidates:
        page.line(say(N_("Nothing was found.")))
    elif found.warning:
        for candidate in found.candidates:
            _print_named(page, candidate)
    else:
        page.line(_said(found.candidates[0].reason))
        _print_listings(page, found.listings)
    if found.next is not None:
        page.line(say(N_("More follow: --after {number}"), number=found.next))


def _print_named(page: TablePage, candidate: Candidate) -> None:
    """Print a name with why it is shown, and what is listed for its cases."""
    if candidate.hint is None:  # which only those found otherwise lack
        raise AssertionError(candidate.reason)
    page.heading(candidate.hint.name)
    fields = {"heard": candidate.hint.heard_as, "likeness": candidate.hint.likeness}
    sentence = N_("{reason}; heard as {heard}, likeness {likeness}")
    page.line(say(sentence, reason=_said(candidate.reason), **fields))
    _print_listings(page, candidate.listings)
    if candidate.is_cut:
        page.line(say(N_("There are more listings of this one than are shown.")))


def _print_listings(page: TablePage, rows: Iterable[Listing]) -> None:
    headings = (N_("Subject"), N_("Tier"), N_("State"), N_("Institution"), N_("Listing"))
    page.table(
        [text_column(say(heading)) for heading in headings],
        (
            [row.subject_key, row.tier, row.state, row.institution_id, row.listing_id]
            for row in rows
        ),
    )


def _said(reason: Reason) -> str:
    from holdfast.registry.names import REASONS

    return say(REASONS[reason])
