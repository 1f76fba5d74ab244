"""`python -m holdfast.banks.agent`: serve a bank's orders, list what waits, answer by hand."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from holdfast.banks.agent.book import Book
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.serve import AgentOptions, serve_agent
from holdfast.banks.poller import Centre
from holdfast.core.errors import HoldfastError


def add_verbs(top: argparse.ArgumentParser) -> None:
    """Tell a parser what the command takes."""
    verbs = top.add_subparsers(dest="verb", required=True)
    serve = verbs.add_parser("serve", help="take orders over HTTP, hold and answer")
    serve.add_argument("--accounts", type=Path, help="CSV of the accounts")
    serve.add_argument("--keys", type=Path, required=True, help="folder of the private key")
    serve.add_argument("--centre-keys", type=Path, required=True, help="CSV of the centre's keys")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--later", action="store_true", help="only acknowledge; a person answers")
    serve.add_argument("--centre", help="where later answers are posted: what stands before /v1")
    serve.add_argument("--bearer-file", type=Path, help="file with the secret for the centre")
    serve.add_argument("--poll-every", type=float, default=0.0, help="seconds; 0 does not poll")
    serve.add_argument(
        "--fault", action="append", default=[], type=_fault, help="NAME or NAME=SECONDS"
    )
    waiting = verbs.add_parser("waiting", help="list the orders that wait for a person")
    answer = verbs.add_parser("answer", help="hold what is there, and answer")
    answer.add_argument("order_id")
    for verb in (serve, waiting, answer):
        verb.add_argument("--institution", required=True, help="such as TH.THCBC.004")
        verb.add_argument("--book", type=Path, required=True, help="file of state")


def _fault(text: str) -> tuple[AgentFault, float]:
    """Read a fault and its value; ValueError is what argparse tells as a wrong word."""
    name, _, value = text.partition("=")
    return AgentFault(name), float(value or 0)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words say and return the exit code."""
    top = argparse.ArgumentParser(prog="python -m holdfast.banks.agent", description=__doc__)
    add_verbs(top)
    try:
        return run(top.parse_args(words))
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def run(options: argparse.Namespace) -> int:
    """Do what was asked and return the exit code.

    Raises:
        HoldfastError: it can't be done.
    """
    if options.verb == "serve":
        return _serve(options)
    with Book(options.book, options.institution) as book:
        if options.verb == "answer":
            answer = book.decide(options.order_id, time.time_ns() // 1000)
            sys.stdout.buffer.write(answer.to_bytes() + b"\n")
        else:
            for state in book.waiting():
                sys.stdout.write(f"{state.order.order_id}\n")
    return 0


def _serve(options: argparse.Namespace) -> int:
    centre = None
    if options.centre is not None:
        secret = options.bearer_file.read_text(encoding="ascii") if options.bearer_file else ""
        centre = Centre(options.centre, secret.strip())
    serve_agent(
        AgentOptions(
            institution=options.institution,
            accounts=options.accounts,
            key_folder=options.keys,
            centre_keys=options.centre_keys,
            book=options.book,
            host=options.host,
            port=options.port,
            later=options.later,
            centre=centre,
            poll_every_s=options.poll_every,
            faults=dict(options.fault),
        ),
        announce=lambda endpoint: print(endpoint, flush=True),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
