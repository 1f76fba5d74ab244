"""`holdfast report`: file a report from a file, as an operator's program would over HTTP."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.cases.report import ReportTold
    from holdfast.workflows.add_claims import Taken

REPORT_BYTES_MAX = 1_000_000


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast report`."""
    parser.add_argument("file", metavar="FILE.json", help="the report; - reads standard input")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.epilog = "example:\n  holdfast report report.json"


def report(arguments: argparse.Namespace) -> int:
    """File a report: its case number, what was found, and the orders made at once."""
    body = _read(arguments.file)
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.take_report import take_report

    here = centre()
    taken = take_report(here, _parse(body), here.itself)
    if arguments.format == "json":
        print(json.dumps(_as_json(taken), ensure_ascii=False, indent=1))
    else:
        _print(taken, Screen())
    return NOT_WHOLE if taken.not_followed or taken.several else DONE


def _read(name: str) -> bytes:
    try:
        if name == "-":
            body = sys.stdin.buffer.read(REPORT_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                body = file.read(REPORT_BYTES_MAX + 1)
    except OSError as error:
        raise Refused(
            "file_unreadable", N_("{file} can't be read: {why}"), file=name, why=error.strerror
        ) from None
    if len(body) > REPORT_BYTES_MAX:
        raise Refused(
            "report_too_long", N_("a report has at most {limit} bytes"), limit=REPORT_BYTES_MAX
        )
    return body


def _parse(body: bytes) -> ReportTold:
    from pydantic import ValidationError

    from holdfast.cases.report import ReportTold

    try:
        return ReportTold.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Refused(
            "report_field",
            N_("{field}: {why}"),
            field=".".join(str(part) for part in first["loc"]) or "report",
            why=first["msg"],
        ) from None


def _as_json(taken: Taken) -> dict[str, object]:
    return {
        "case": taken.case.number,
        "report": taken.report.report_id,
        "missing": taken.report.missing,
        "claims": [
            {"claim": claim.claim_id, "state": claim.state, "transfer_id": claim.transfer_id}
            for claim in (*taken.claims, *taken.known)
        ],
        "orders": [
            {
                "order": order.order_id,
                "institution": order.institution_id,
                "account": order.account,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "lapses_at": format_instant(order.lapses_us),
            }
            for order in taken.orders
        ],
        "not_followed": taken.not_followed,
    }


def _print(taken: Taken, console: Screen) -> None:
    console.write(say(N_("case {case}"), case=taken.case.number))
    for claim in taken.claims:
        console.write(
            say(
                N_("payment {transfer}: {state}"),
                transfer=claim.transfer_id or "?",
                state=claim.state,
            )
        )
    for claim in taken.known:
        console.write(say(N_("payment {transfer} was reported before"), transfer=claim.transfer_id))
    for order in taken.orders:
        console.write(
            say(
                N_("ordered {institution} to hold {amount} {currency} in {account} until {until}"),
                institution=order.institution_id,
                amount=format_minor(order.amount_minor, order.currency, grouped=True),
                currency=order.currency,
                account=order.account,
                until=format_instant(order.lapses_us),
            )
        )
    for number, count in taken.several.items():
        console.write(
            say(
                N_("payment {number}: {count} transfers fit; a reference would tell which"),
                number=number + 1,
                count=count,
            )
        )
    if taken.not_followed:
        console.write(say(N_("the money will be followed later: {code}"), code=taken.not_followed))
    if taken.report.missing:
        console.write(say(N_("still to ask: {fields}"), fields=", ".join(taken.report.missing)))
