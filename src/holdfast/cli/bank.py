"""`holdfast bank`: connect a bank: keys, the bank agent, the kit of checks, orders by file."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    import httpx

    from holdfast.banks.deadline import Timeouts
    from holdfast.banks.rehearsal import Tools, Trial
    from holdfast.people.actor import Actor


def keys_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank keys`."""
    parser.add_argument("key_id", metavar="KEY_ID", help="such as TH.THCBC.004-2026")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="where it is kept")
    parser.epilog = "example:\n  holdfast bank keys TH.THCBC.004-2026 --into keys"


def keys(arguments: argparse.Namespace) -> int:
    """Make a bank's key: the private half stays in DIR, the public half goes to the centre."""
    from holdfast.banks.keys import write_public_keys
    from holdfast.core.keys import SigningKey

    key = SigningKey.new(arguments.key_id)
    try:
        path = key.write(arguments.into)
    except FileExistsError:
        raise Refused(
            "key_exists",
            N_("there is a key {key} in {folder}; choose another id"),
            key=arguments.key_id,
            folder=arguments.into,
        ) from None
    public = path.with_suffix(".csv")
    write_public_keys(public, [key.public()])
    Screen().write(
        say(N_("made {private}; send {public} to the centre"), private=path, public=public)
    )
    return DONE


def connect_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank connect`."""
    parser.add_argument("institution", help="such as TH.THCBC.004")
    parser.add_argument("--name", required=True, help="as people call it")
    parser.add_argument(
        "--kind", default="bank", help="bank, e-money, exchange, telco, police or centre"
    )
    parser.add_argument("--delivery", choices=("push", "poll", "file"), default="poll")
    parser.add_argument("--endpoint", default="", metavar="URL", help="where orders are pushed to")
    parser.add_argument("--keys", type=Path, metavar="FILE.csv", help="its public keys")
    parser.add_argument(
        "--issue",
        action="append",
        default=[],
        metavar="SCOPE",
        help="issue a key for its program that may do this, such as orders:answer",
    )
    parser.add_argument(
        "--person", default="", metavar="NAME", help="who holds the key; needed for reviews:decide"
    )
    parser.add_argument(
        "--expires-days", type=int, metavar="N", help="how long the key is good; 400 if not said"
    )
    parser.epilog = (
        "example:\n  holdfast bank connect TH.THCBC.004 --name 'A bank' --delivery push "
        "--endpoint https://bank.example/holdfast --keys bank.csv --issue orders:answer"
    )


def connect(arguments: argparse.Namespace) -> int:
    """Enter an institution, or change how it is connected; print the key of its program, once."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.banks.keys import read_public_keys
    from holdfast.people.role import Scope
    from holdfast.server.runtime import centre
    from holdfast.workflows.connect_institution import (
        EXPIRES_DAYS,
        Connection,
        add_public_key,
        connect_institution,
        issue_program_key,
    )

    here, name = centre(), arguments.institution
    try:
        scopes = [Scope(word) for word in arguments.issue]
    except ValueError:
        raise Refused(
            "scope_unknown",
            N_("a program may be let do: {right}"),
            right=", ".join(scope.value for scope in Scope),
        ) from None
    connect_institution(
        here,
        Connection(name, arguments.name, arguments.kind, arguments.delivery, arguments.endpoint),
        here.itself,
    )
    for key in read_public_keys(arguments.keys).values() if arguments.keys else ():
        add_public_key(here, name, key, here.itself)
    Screen().write(say(N_("{institution} is connected"), institution=name))
    if scopes:
        text = issue_program_key(
            here,
            name,
            scopes,
            "cli",
            here.itself,
            secrets.token_bytes,
            person=arguments.person,
            expires_days=EXPIRES_DAYS if arguments.expires_days is None else arguments.expires_days,
        )
        print(text)
    return DONE


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank check`."""
    parser.add_argument("url", metavar="URL", help="the bank's endpoint")
    parser.add_argument(
        "--bank-keys", type=Path, required=True, metavar="FILE", help="its public keys (CSV)"
    )
    parser.add_argument(
        "--account", required=True, help="one of its accounts with a little money, for rehearsals"
    )
    parser.add_argument("--unknown", metavar="ACCOUNT", help="one it does not have; number 0 else")
    parser.add_argument("--currency", default="THB", help="of the account, THB if not said")
    parser.add_argument(
        "--key", type=Path, metavar="FILE.pem", help="sign by this key, which the endpoint trusts"
    )
    parser.add_argument(
        "--issuer", metavar="CENTRE", help="with --key: who orders, such as TH.AOC; no home needed"
    )
    parser.epilog = (
        "example:\n  holdfast bank check https://bank.example/holdfast --bank-keys bank.csv "
        "--account TH.THCBC.004.0000000001 --key rehearsal-1.pem --issuer TH.AOC"
    )


def check(arguments: argparse.Namespace) -> int:
    """Rehearse every case with a bank's endpoint, and say what is wrong there."""
    from holdfast.banks.conformance import check as conform
    from holdfast.banks.deadline import http_client

    if (arguments.key is None) != (arguments.issuer is None):
        raise Refused(
            "rehearsal_words", N_("--key and --issuer go together: by whose key, in whose name")
        )
    console = Screen()
    with http_client(_timeouts()) as client:
        findings = conform(arguments.url, _trial(arguments), _tools(arguments, client))
    for row in findings:
        mark = {True: "ok ", False: "!! ", None: "-- "}[row.passed]
        console.write(f"{mark} {row.code:20} {row.came}")
        if row.passed is False:
            sent = say(N_("sent: {sent}"), sent=say(row.sent))
            right = say(N_("right would be: {right}"), right=say(row.right))
            console.write(f"    {'':20} {sent}")
            console.write(f"    {'':20} {right}")
    failed = sum(row.passed is False for row in findings)
    console.write(say(N_("{failed} of {count} checks failed"), failed=failed, count=len(findings)))
    return NOT_WHOLE if failed else DONE


def _timeouts() -> Timeouts:
    from holdfast.banks.deadline import Timeouts

    return Timeouts()


def _trial(arguments: argparse.Namespace) -> Trial:
    """Return whom the rehearsal is for; orders are issued in the name of this centre."""
    from holdfast.banks.rehearsal import Trial
    from holdfast.core.account import bank_of, parse_account
    from holdfast.server.home import this_home

    account = parse_account(arguments.account)
    return Trial(
        issuer=arguments.issuer or this_home().name,
        account=account,
        unknown_account=parse_account(arguments.unknown or f"{bank_of(account)}.0000000000"),
        currency=arguments.currency,
    )


def _tools(arguments: argparse.Namespace, client: httpx.Client) -> Tools:
    """Return what the rehearsal works with: a key that was named signs, else this centre's."""
    from holdfast.banks.keys import read_public_keys
    from holdfast.banks.rehearsal import Tools
    from holdfast.core.keys import SigningKey
    from holdfast.records.signing_key import current_key
    from holdfast.server.home import this_home

    key = SigningKey.read(arguments.key) if arguments.key else current_key(this_home().keys)
    return Tools(
        key=key,
        keys=read_public_keys(arguments.bank_keys).get,
        client=client,
        timeouts=_timeouts(),
        clock=lambda: time.time_ns() // 1000,
        nonces=lambda: secrets.token_urlsafe(16),
    )


def agent_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank agent`."""
    from holdfast.banks.agent.__main__ import add_verbs

    add_verbs(parser)
    parser.epilog = (
        "example:\n  holdfast bank agent serve --institution TH.THCBC.004 --accounts accounts.csv "
        "--keys keys --centre-keys centre.csv --book book.sqlite3 --port 8004"
    )


def agent(arguments: argparse.Namespace) -> int:
    """Serve a bank's orders in front of its own systems, list what waits, answer by hand."""
    from holdfast.banks.agent.__main__ import run

    return run(arguments)


def export_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank orders`."""
    parser.add_argument("institution", help="such as TH.THCBC.004")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE.csv")
    parser.epilog = "example:\n  holdfast bank orders TH.THCBC.004 --to orders.csv"


def export(arguments: argparse.Namespace) -> int:
    """Write the orders that wait for a bank's answer into a file for it."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.banks.files import write_orders
    from holdfast.banks.messages import parse_order

    with arguments.to.open("w", encoding="utf-8", newline="") as file:
        bodies = _open_orders(arguments.institution)
        count = write_orders((parse_order(body.encode()) for body in bodies), file)
    Screen().write(say(N_("{count} orders are in {file}"), count=count, file=arguments.to))
    return DONE


def _open_orders(institution: str) -> Iterator[str]:
    """Yield the bodies of all unanswered orders to hold; being fetched, they count as delivered."""
    from holdfast.server.runtime import centre
    from holdfast.workflows.poll_orders import START, poll_orders

    actor, after, more = _by_file(institution), START, True
    while more:
        page = poll_orders(centre(), actor, 500, after, holds_only=True)
        yield from (row.body for row in page.given)
        more = page.more
        after = page.given[-1].place if page.given else after


def _by_file(institution: str) -> Actor:
    from holdfast.people.actor import Actor
    from holdfast.people.role import Scope

    return Actor(f"file:{institution}", institution, frozenset((Scope.ORDERS_ANSWER,)))


def answers_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank answers`."""
    parser.add_argument("institution", help="such as TH.THCBC.004")
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.epilog = "example:\n  holdfast bank answers TH.THCBC.004 answers.csv"


def answers(arguments: argparse.Namespace) -> int:
    """Read a bank's answers from a file; good rows are recorded, bad ones listed."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.banks.files import read_answers
    from holdfast.core.errors import HoldfastError
    from holdfast.core.problem import Problem
    from holdfast.server.runtime import centre
    from holdfast.workflows.record_answer import record_answer

    actor = _by_file(arguments.institution)
    console, problems = Screen(), 0
    with arguments.file.open("rb") as file:
        for row in read_answers(file, arguments.file.name):
            if isinstance(row, Problem):
                problems += 1
                console.write(f"{row.file}:{row.row} {row} [{row.code}]")
                continue
            try:
                recorded = record_answer(centre(), row.to_bytes(), actor)
            except HoldfastError as error:
                problems += 1
                console.write(f"{row.order_id}: {error} [{error.code}]")
            else:
                console.write(f"{recorded.order_id}: {recorded.outcome}, {recorded.state}")
    return NOT_WHOLE if problems else DONE
