"""`holdfast registry apply-list`: an authority's whole list in a new version."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.ledger import progress_of_files
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.problem_list import ProblemList
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import padded
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.workflows.apply_list import ListReport


def apply_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry apply-list`."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="Excel (.xlsx) or CSV with kind and subject"
    )
    parser.add_argument("--source", required=True, metavar="NAME", help="which list, as HR-03")
    parser.add_argument(
        "--version", required=True, metavar="NUMBER", help="which version of it, as 2026-11-20"
    )
    parser.add_argument("--person", required=True, metavar="NAME", help="who enters it")
    parser.add_argument(
        "--may-shrink",
        action="store_true",
        help="take away what the version lacks, also where that is more than a fifth of the list",
    )
    parser.add_argument(
        "--problems", type=Path, metavar="FILE", help="write every problem to this new CSV file"
    )
    parser.epilog = (
        "example:\n  holdfast registry apply-list hr03.csv --source HR-03 --version 2026-11-20 "
        "--person malee"
    )


def apply(arguments: argparse.Namespace) -> int:
    """Do the difference between an authority's list as it is known and a new version of it.

    What is new waits for a second person, what the version lacks is taken back, the rest stays.
    """
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.cli.registry import person_at
    from holdfast.server.runtime import centre
    from holdfast.workflows.apply_list import Version, apply_list

    version = Version(arguments.source, arguments.version)
    who = person_at(arguments.person, None)
    problems, console = ProblemList(arguments.problems), Screen()
    with problems.writing(), progress_of_files() as progress:
        report = apply_list(
            centre(),
            arguments.file,
            version,
            who,
            problems.tell,
            lambda notes: progress(arguments.file, notes),
            may_shrink=arguments.may_shrink,
        )
    _print(console, report)
    problems.show(console)
    return NOT_WHOLE if report.problems else DONE


def _print(console: Screen, report: ListReport) -> None:
    lines = (
        (N_("rows read"), report.rows),
        (N_("new, to be approved"), report.added),
        (N_("renewed, to be approved"), report.renewed),
        (N_("unchanged"), report.unchanged),
        (N_("taken away"), report.removed),
        (N_("problems"), report.problems),
    )
    for name, count in lines:
        console.write(f"{padded(say(name), 28)} {count:,}")
    if report.added or report.renewed:
        sentence = N_("next, by somebody else: holdfast registry approve {batch}")
        console.write(say(sentence, batch=report.batch))
