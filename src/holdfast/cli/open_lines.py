"""What `holdfast open` prints: where to go, what to try, and a line for each thing that happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.cli.table_page import padded
from holdfast.core.account import bank_of
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say
from holdfast.simulation.events import Exit
from holdfast.simulation.live import Happened, What
from holdfast.simulation.parameters import parameters

_HAPPENED = {
    What.PAID: N_("a victim paid {amount} from {account} to {other}: payment {payment}"),
    What.PASSED_ON: N_("{amount} of stolen money went from {account} to {other}"),
    What.GONE: N_("{amount} of stolen money left {account}: {way}"),
    What.REPORTED: N_("reported: {amount} paid from {account}; case {other}"),
    What.NOT_TAKEN: N_("the centre took no report of {amount}; the caller tries again"),
    What.ORDERED: N_("{bank} is to hold {asked} on {account}; a person there will answer"),
    What.HELD: N_("{bank} holds {amount} of {asked} ordered on {account}"),
    What.REFUSED: N_("{bank} holds nothing of {asked} ordered on {account}"),
    What.FREED: N_("{bank} let go of what it held on {account}"),
    What.STOPPED: N_("a hold stopped {amount} of {asked} that were to be paid from {account}"),
}
_WAYS = {
    Exit.CASH: N_("as cash"),
    Exit.EXCHANGE: N_("to an exchange"),
    Exit.MERCHANT: N_("spent at a merchant"),
    Exit.ABROAD: N_("abroad"),
    Exit.RETURNED: N_("back to a victim, as bait"),
    Exit.HONEST: N_("to somebody honest, for work or goods"),
    Exit.UNKNOWN: N_("nobody knows how"),
}


@dataclass(frozen=True, slots=True)
class Ways:
    """How whoever plays gets in."""

    url: str
    token: str
    """Of the first administrator's one-time link."""
    keys: Sequence[tuple[str, str]]
    """Institution and the text of a key; the centre's comes first, then a bank's."""
    reports_per_hour: int


def greeting(ways: Ways) -> Iterator[str]:
    """Yield where everything is, once it is there."""
    yield ""
    yield say(
        N_("The country is open, with {rate} reports an hour. Ctrl-C ends it."),
        rate=ways.reports_per_hour,
    )
    yield say(N_("Pages and API: {url}"), url=ways.url)
    yield say(N_("The first administrator chooses a password, once, at"))
    yield f"  {ways.url}/enter/{ways.token}"
    yield say(N_("Keys for programs"))
    yield from (f"  {padded(name, 14)} {key}" for name, key in ways.keys)
    yield say(N_("What waits for a person at the centre waits for you."))
    yield ""


def tries(ways: Ways, payment: str) -> Iterator[str]:
    """Yield three lines for a shell: report a payment, read its case, list a bank's orders."""
    told = {"via": "centre", "scam_type": "investment", "payments": [{"transfer_id": payment}]}
    centre, bank = (f"curl -s -H 'authorization: Bearer {key}'" for _, key in ways.keys[:2])
    yield ""
    yield say(N_("Nobody reports the payment {payment}. You can:"), payment=payment)
    yield (
        f"{centre} -H 'content-type: application/json' -H 'idempotency-key: {payment}' "
        f"-d '{json.dumps(told)}' {ways.url}/v1/reports | tee report.json"
    )
    first_case = """grep -o '"case": *"[^"]*"' report.json | head -1 | cut -d'"' -f4"""
    yield f"{centre} {ways.url}/v1/cases/$({first_case})"
    yield f"{bank} '{ways.url}/v1/hold-orders?state=open'"
    yield ""


def line_of(happened: Happened, currency: str) -> str:
    """Return one thing that happened in words, with its time of day in the country."""
    local_us = happened.time_us + int(parameters().zone_hours * HOUR_US)
    clock = time.strftime("%H:%M:%S", time.gmtime(local_us // SECOND_US))
    words = say(
        _HAPPENED[happened.what],
        amount=_amount(happened.amount_minor, currency),
        asked=_amount(happened.of_minor, currency),
        account=happened.account,
        bank=bank_of(happened.account),
        other=happened.other,
        payment=happened.payment,
        way=say(_WAYS[happened.exit]) if happened.exit else "",
    )
    return f"{clock}  {words}"


def _amount(amount_minor: int, currency: str) -> str:
    return f"{format_minor(amount_minor, currency, grouped=True)} {currency}"
