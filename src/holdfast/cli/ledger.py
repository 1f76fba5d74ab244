"""`holdfast ledger`: read transfers in, say what is there, check that it is sound."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.problem_list import ProblemList
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import padded
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant, parse_instant
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.ledger.readers import ReadNotes
    from holdfast.ledger.store.records import Figures
    from holdfast.workflows.import_ledger import ImportReport


def import_files_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast ledger import`."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="CSV, Parquet or pacs.008 XML"
    )
    parser.add_argument(
        "--into",
        type=Path,
        required=True,
        metavar="DIR",
        help="the ledger; a new folder becomes one",
    )
    parser.add_argument(
        "--opening",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="opening balances: CSV with account,currency,balance",
    )
    parser.add_argument(
        "--problems", type=Path, metavar="FILE", help="write every problem to this CSV file"
    )
    parser.add_argument(
        "--now", metavar="TIME", help="what counts as now; rows more than a day later are refused"
    )
    parser.epilog = (
        "example:\n  holdfast ledger import march.csv --into ledger --problems problems.csv"
    )


def import_files(arguments: argparse.Namespace) -> int:
    """Read transfers from files into a ledger: what is new is kept, what is wrong is listed."""
    from holdfast.ledger.store import LedgerWriter
    from holdfast.workflows.import_ledger import Listener, import_ledger

    console = Screen()
    now_us = parse_instant(arguments.now) if arguments.now else time.time_ns() // 1000
    if arguments.problems and arguments.problems.resolve() in {
        f.resolve() for f in arguments.files
    }:
        raise Refused(
            "problems_file_is_input",
            N_("{file} is to be read and would be written over; name another for the problems"),
            file=arguments.problems,
        )
    problems = ProblemList(arguments.problems)
    with (
        LedgerWriter.open(arguments.into) as ledger,
        problems.writing(),
        progress_of_files() as progress,
    ):
        report = import_ledger(
            ledger,
            arguments.files,
            arguments.opening,
            now_us,
            Listener(problems.tell, progress),
        )
        figures = ledger.figures
    _print_report(console, report, figures)
    problems.show(console)
    return NOT_WHOLE if report.problems else DONE


def stats_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast ledger stats`."""
    _ledger_argument(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.epilog = "example:\n  holdfast ledger stats ledger"


def stats(arguments: argparse.Namespace) -> int:
    """Say what a ledger holds: transfers, accounts, time span, sums, its size on the disk."""
    from holdfast.ledger.store import LedgerStore

    with LedgerStore.open(arguments.ledger) as ledger:
        figures = ledger.figures
    size_bytes = sum(_size_bytes(file) for file in arguments.ledger.rglob("*"))
    if arguments.format == "json":
        import json

        print(json.dumps(figures._asdict() | {"size_bytes": size_bytes}, indent=1))
        return DONE
    console = Screen()
    size = (say(N_("size on the disk")), f"{size_bytes / 2**20:,.1f} MiB")
    for name, value in (*_figures_lines(figures), size):
        console.write(f"{padded(name, 28)} {value}")
    return DONE


def verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast ledger verify`."""
    _ledger_argument(parser)
    parser.epilog = "example:\n  holdfast ledger verify ledger && echo sound"


def verify(arguments: argparse.Namespace) -> int:
    """Read a ledger whole, reckon every balance again, and list what is wrong with it."""
    from holdfast.ledger.store import LedgerStore
    from holdfast.ledger.store.verify import verify as verify_ledger

    console = Screen()
    with (
        LedgerStore.open(arguments.ledger) as ledger,
        progress_bar(3 * ledger.figures.transfers) as advance,
    ):
        found = 0
        for problem in verify_ledger(ledger, advance):
            console.write(f"{problem.code}: {problem}")
            found += 1
        figures = ledger.figures
    if found:
        return NOT_WHOLE
    sentence = N_("Sound: {transfers} transfers of {accounts} accounts, at change {change}.")
    console.print(
        say(
            sentence,
            transfers=f"{figures.transfers:,}",
            accounts=f"{figures.accounts:,}",
            change=figures.change,
        )
    )
    return DONE


def _size_bytes(file: Path) -> int:
    with suppress(FileNotFoundError):  # a writer tidies up meanwhile
        return file.stat().st_size if file.is_file() else 0
    return 0


def _ledger_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", type=Path, metavar="DIR", help="the ledger")


def follow_anew_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast ledger follow-anew`."""
    parser.epilog = "example:\n  holdfast ledger follow-anew"


def follow_anew(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Take the centre's ledger for the true one, restored and filled as it is: settle all by it."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.home import this_home
    from holdfast.server.runtime import centre
    from holdfast.workflows.follow_anew import follow_anew as begin_anew

    written = begin_anew(centre(), this_home().ledger, centre().itself)
    Screen().write(
        say(
            N_("wrote {count} transfers that banks told of; the worker now settles every claim"),
            count=written,
        )
    )
    return DONE


def _print_report(console: Screen, report: ImportReport, figures: Figures) -> None:
    lines = [
        (say(N_("transfers read")), f"{report.rows:,}"),
        (say(N_("transfers added")), f"{report.added:,}"),
        (say(N_("known already")), f"{report.known:,}"),
        (say(N_("problems")), f"{report.problems:,}"),
    ]
    if report.openings:
        lines.append((say(N_("opening balances")), f"{report.openings:,}"))
    for file, columns in report.ignored_columns.items():
        lines.append((say(N_("columns left out")), f"{', '.join(columns)} ({file})"))
    for name, value in lines:
        console.write(f"{padded(name, 28)} {value}")
    console.print(say(N_("The ledger now:")))
    for name, value in _figures_lines(figures):
        console.write(f"  {padded(name, 26)} {value}")


def _figures_lines(figures: Figures) -> Iterator[tuple[str, str]]:
    yield say(N_("transfers")), f"{figures.transfers:,}"
    yield say(N_("accounts")), f"{figures.accounts:,}"
    if figures.first_us is not None and figures.last_us is not None:
        span = f"{format_instant(figures.first_us)} – {format_instant(figures.last_us)}"
        yield say(N_("time span")), span
    if figures.to_itself:
        yield say(N_("to the same account")), f"{figures.to_itself:,}"
    for currency, amount_minor in sorted(figures.amounts_minor.items()):
        amount = format_minor(amount_minor, currency, grouped=True)
        yield say(N_("sum of all transfers")), f"{amount} {currency}"
    yield say(N_("last change")), str(figures.change)


@contextmanager
def progress_of_files() -> Iterator[Callable[[Path, ReadNotes], None]]:
    """Draw a bar on standard error while files are read; none where that is no terminal."""
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True, disable=not _on_terminal()) as bar:
        tasks: dict[Path, TaskID] = {}

        def advance(path: Path, notes: ReadNotes) -> None:
            if path not in tasks:
                tasks[path] = bar.add_task(path.name, total=notes.bytes_total or None)
            bar.update(tasks[path], completed=notes.bytes_read)

        yield advance


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar on standard error towards `total`; none where that is no terminal."""
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not _on_terminal()) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def _on_terminal() -> bool:
    return os.isatty(2)
