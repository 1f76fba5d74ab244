"""`holdfast trail`: follow claimed money, and explain how it got to an account."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from holdfast.cli.main import DONE, NOT_WHOLE, complain
from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.problem import Problem
from holdfast.core.words import N_, say
from holdfast.ledger.transfer import Ledger, Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.claims import find_claims
from holdfast.trail.gather import follow
from holdfast.trail.question import Bounds, HoldEvent, Question, Rule
from holdfast.workflows.contradiction import transfer_contradicts

FORMATS = ("table", "json", "csv", "svg")


def trail_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast trail`."""
    _question_arguments(parser, [*(rule.value for rule in Rule), "all"])
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.epilog = (
        "examples:\n"
        "  holdfast trail --ledger ledger --claim S7-000471 --rule fifo\n"
        "  holdfast trail --ledger march.csv --claims claims.csv --stops shops.csv --format svg > trail.svg"
    )


def trail(arguments: argparse.Namespace) -> int:
    """Follow claimed money: where it is now, where it left, and how it went."""
    with _asked_ledger(arguments.ledger) as (ledger, change, whole):
        rules = list(Rule) if arguments.rule == "all" else [Rule(arguments.rule)]
        question = _question(arguments, ledger)
        answers = {
            rule: replace(
                follow(ledger, replace(question, rule=rule), clock=time.monotonic),
                ledger_change=change,
            )
            for rule in rules
        }
    if arguments.rule == "all":
        _print_all(answers, arguments.format)
    else:
        _print_one(answers[rules[0]], arguments.format)
    cut = any(answer.truncated_why for answer in answers.values())
    return NOT_WHOLE if cut or not whole else DONE


def explain_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast trail explain`."""
    _question_arguments(parser, [rule.value for rule in Rule if rule is not Rule.POISON])
    parser.add_argument(
        "--account", required=True, metavar="ACCOUNT", help="the account to explain"
    )
    parser.epilog = (
        "example:\n"
        "  holdfast trail explain --ledger ledger --claim S7-000471 --account TH.THCBC.004.0123456789"
    )


def explain(arguments: argparse.Namespace) -> int:
    """Tell lot by lot, in words, how claimed money got to an account."""
    from holdfast.documents.explanation import explanation_lines
    from holdfast.trail.explain import explain as explain_account

    account = parse_account(arguments.account)
    with _asked_ledger(arguments.ledger) as (ledger, _, whole):
        question = _question(arguments, ledger)
        explanation = explain_account(ledger, question, account, clock=time.monotonic)
    for line in explanation_lines(explanation):
        print(line)
    return NOT_WHOLE if explanation.answer.truncated_why or not whole else DONE


def _question_arguments(parser: argparse.ArgumentParser, rules: list[str]) -> None:
    add = parser.add_argument
    add(
        "--ledger",
        type=Path,
        required=True,
        metavar="DIR|FILE",
        help="a ledger, or one file of transfers",
    )
    add(
        "--claim", nargs="+", default=[], metavar="ID", help="transfer ids of the victims' payments"
    )
    add(
        "--claims",
        type=Path,
        metavar="FILE",
        help="a file of them, one a line or a column transfer_id",
    )
    add("--rule", choices=rules, default="fifo", help="which money leaves first; default: fifo")
    add("--as-of", metavar="TIME", help="read the trail at this instant (RFC 3339 or microseconds)")
    add("--max-hops", type=_count, metavar="N", help="go no further than this many hops")
    add(
        "--min-amount",
        type=_count,
        default=1,
        metavar="MINOR",
        help="in minor units: leave smaller parts; for reading, never for orders",
    )
    add("--stop", nargs="+", default=[], metavar="ACCOUNT", help="accounts where following ends")
    add("--stops", type=Path, metavar="FILE", help="a file of them, one a line or a column account")
    add(
        "--holds",
        type=Path,
        metavar="FILE",
        help="holds: CSV with time,kind,hold_id,account,claim,amount",
    )
    add("--ignore-balances", action="store_true", help="reckon as if no bank reported a balance")
    add(
        "--max-accounts", type=_count, metavar="N", help="stop after this many accounts, and say so"
    )
    add(
        "--max-transfers",
        type=_count,
        metavar="N",
        help="stop after this many transfers, and say so",
    )
    add(
        "--max-seconds", type=_seconds, metavar="S", help="stop after this many seconds, and say so"
    )


def _question(arguments: argparse.Namespace, ledger: Ledger) -> Question:
    from holdfast.ledger.readers.lists import read_claims, read_stops
    from holdfast.ledger.readers.rows import check_id

    claims = tuple(check_id(claim) for claim in arguments.claim)
    if arguments.claims:
        claims += read_claims(arguments.claims)
    if not claims:
        raise Refused("no_claims", N_("no claim is named; give --claim ID or --claims FILE"))
    stops = frozenset(parse_account(account) for account in arguments.stop)
    if arguments.stops:
        stops |= read_stops(arguments.stops)
    question = Question(
        claims=claims,
        as_of_us=parse_instant(arguments.as_of) if arguments.as_of else None,
        max_hops=arguments.max_hops,
        min_amount_minor=arguments.min_amount,
        stops=stops,
        ignore_balances=arguments.ignore_balances,
        bounds=Bounds(arguments.max_accounts, arguments.max_transfers, arguments.max_seconds),
    )
    return replace(question, holds=_holds(arguments.holds, ledger, question))


def _holds(file: Path | None, ledger: Ledger, question: Question) -> tuple[HoldEvent, ...]:
    if file is None:
        return ()
    from holdfast.ledger.readers.source import opened
    from holdfast.workflows.read_holds import read_holds

    currency, _ = find_claims(ledger, question)
    if currency:
        return read_holds(file, currency)
    with opened(file):  # while all claims wait no hold acts, but a file that is not there is told
        return ()


@contextmanager
def _asked_ledger(place: Path) -> Iterator[tuple[Ledger, int | None, bool]]:
    """Open a ledger's folder, or read one file of transfers into memory; say if it is whole."""
    if place.is_file():
        ledger, whole = _read_into_memory(place)
        yield ledger, None, whole
        return
    from holdfast.ledger.store import LedgerStore

    with LedgerStore.open(place) as store:
        yield store, store.figures.change, True


def _read_into_memory(file: Path) -> tuple[Ledger, bool]:
    from holdfast.ledger.memory import MemoryLedger
    from holdfast.ledger.readers import ReadNotes, read_transfers

    notes = ReadNotes()
    transfers: dict[str, Transfer] = {}
    left_out = 0
    first: Problem | None = None
    for item in read_transfers(file, time.time_ns() // 1000, notes):
        if not isinstance(item, Problem):
            if transfers.setdefault(item.transfer_id, item) == item:
                continue
            item = transfer_contradicts(str(file), notes.row, item)  # noqa: PLW2901
        left_out += 1
        first = first or item
    if first is not None:
        complain(_left_out(file, left_out, first))
    return MemoryLedger(transfers.values()), first is None


def _left_out(file: Path, count: int, first: Problem) -> str:
    sentence = N_(
        "{count} rows of {file} are left out, the first at line {row}: {problem} [{code}]; "
        "`holdfast ledger import` lists all of them"
    )
    return say(sentence, count=count, file=file, row=first.row, problem=first, code=first.code)


def _print_one(answer: Answer, form: str) -> None:
    if form == "json":
        print(json.dumps(answer.as_json(), indent=1, ensure_ascii=False))
    elif form == "csv":
        from holdfast.documents.trail_csv import write_csv

        print(write_csv(answer), end="")
    elif form == "svg":
        from holdfast.documents.trail_picture import draw_trail

        print(draw_trail(answer), end="")
    else:
        from holdfast.cli.screen import Screen
        from holdfast.cli.trail_table import print_trail

        print_trail(answer, Screen())


def _print_all(answers: dict[Rule, Answer], form: str) -> None:
    if form == "json":
        rules = {rule.value: answer.as_json() for rule, answer in answers.items()}
        print(json.dumps({"rules": rules}, indent=1, ensure_ascii=False))
    elif form == "table":
        from holdfast.cli.screen import Screen
        from holdfast.cli.trail_table import print_side_by_side

        print_side_by_side(answers, Screen())
    else:
        raise Refused(
            "format_one_rule",
            N_("{format} shows one rule; with --rule all choose --format table or json"),
            format=form,
        )


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if number < 0:
        sentence = N_("{value!r} is not a whole number; write 0, 1, 2 …")
        raise argparse.ArgumentTypeError(say(sentence, value=text[:40]))
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 10**9:
        raise argparse.ArgumentTypeError(
            say(N_("{value!r} is not a number of seconds"), value=text[:40])
        )
    return seconds
