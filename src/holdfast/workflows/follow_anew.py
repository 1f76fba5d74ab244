"""Follow anew: take the ledger that stands there for the true one, and settle every claim by it.

For a ledger that was restored from an older copy, after what it lacked was imported again. What
institutions told of is written into it first, which adds nothing where the ledger has it: settled
without, money would seem never to have moved on. Then all its changes are followed as on the first
day. Doing this again, or going on after it broke off, changes nothing more.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from holdfast.cases.models import LearnedTransfer
from holdfast.ledger.store import LedgerWriter
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.records.applied import begin_anew, mark
from holdfast.workflows.centre import Centre
from holdfast.workflows.learn_transfers import learn_transfers
from holdfast.workflows.trace_money import LEDGER


def follow_anew(centre: Centre, ledger: Path, actor: Actor) -> int:
    """Let the worker begin anew with the ledger; return how many told transfers were written.

    Raises:
        LedgerError: the ledger can't be written, or another process is just writing it.
    """
    with LedgerWriter.open(ledger) as writer:
        LearnedTransfer.objects.update(ledger_change=None)
        before = writer.figures.transfers
        learn_transfers(writer)
        written, change = writer.figures.transfers - before, writer.figures.change
    with transaction.atomic():
        followed = mark(LEDGER).number
        begin_anew(LEDGER)
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="follow_anew",
            subject=f"institution:{centre.name}",
            detail={"followed": followed, "ledger": change, "written": written},
        )
    return written
