"""What must be true of a centre's records whatever has happened, and where it is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Count

from holdfast.cases.hold import HoldState
from holdfast.cases.models import BankAnswer, Case, Order
from holdfast.cases.queries import OPEN_VALUES
from holdfast.core.words import N_, say
from holdfast.records.models import OutboxMessage
from holdfast.records.signing_key import public_keys
from holdfast.records.verify import verify
from holdfast.server.home import Home
from holdfast.workflows.messages_out import HOLD


def lost_records(cases: Collection[str], answers: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield in words what a centre acknowledged and does not have.

    `cases` are the numbers that callers were told, `answers` those that it took, by institution
    and id.
    """
    for case in sorted(set(cases) - set(Case.objects.values_list("number", flat=True))):
        yield say(N_("the case {case} was acknowledged and is not kept"), case=case)
    kept = set(BankAnswer.objects.values_list("institution_id", "answer_id"))
    for bank, answer_id in sorted(set(answers) - kept):
        yield say(
            N_("the answer {answer} of {bank} was acknowledged and is not kept"),
            answer=answer_id,
            bank=bank,
        )


def broken_records(home: Home, now_us: int) -> Iterator[str]:
    """Yield in words what is wrong with the records of a centre that has done all that was due."""
    late = Order.objects.filter(state__in=OPEN_VALUES, lapses_us__lte=now_us)
    for order_id in late.exclude(state=HoldState.SEIZED.value).values_list("order_id", flat=True):
        yield say(N_("the order {order} goes on after its time"), order=order_id)
    letters = OutboxMessage.objects.filter(kind=HOLD).values("subject")
    for row in letters.annotate(times=Count("id")).filter(times__gt=1):
        yield say(N_("the order {order} was sent out under two ids"), order=row["subject"])
    yield from _asked_for_twice()
    for problem in verify(heads=home.heads, keys=public_keys(home.keys)):
        yield f"{problem.code}: {problem}"


def _asked_for_twice() -> Iterator[str]:
    """Yield in words where two live orders of a claim ask for the same money in an account.

    That is so where both rest on the same trail and name the same arrival; an order that takes
    over what a bank held by itself stands beside the one for the rest.
    """
    live = Order.objects.filter(state__in=OPEN_VALUES, takes_over="")
    alike = live.values("claim__claim_id", "account", "ledger_change", "arrived_us")
    for row in alike.annotate(times=Count("id")).filter(times__gt=1).order_by("claim__claim_id"):
        yield say(
            N_("the claim {claim} has {count} live orders for the same money in {account}"),
            claim=row["claim__claim_id"],
            count=row["times"],
            account=row["account"],
        )
