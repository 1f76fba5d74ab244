"""Due: what is done when a piece of due work has come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from holdfast.ledger.store import LedgerWriter
from holdfast.records import due
from holdfast.records.applied import applied
from holdfast.records.models import DueWork
from holdfast.workflows.centre import Centre
from holdfast.workflows.follow_ledger import follow_ledger, settle_claim
from holdfast.workflows.hold_money import LAPSE
from holdfast.workflows.lapse_hold import lapse_hold
from holdfast.workflows.learn_transfers import learn_transfers
from holdfast.workflows.record_answer import LEARN
from holdfast.workflows.remind_victim import REMIND, remind_victim
from holdfast.workflows.step_order import TRACE
from holdfast.workflows.trace_money import LEDGER


def do_due(centre: Centre, ledger: Path, work: DueWork) -> None:
    """Do one piece of due work and say that it is done.

    Each kind may be done again without harm: a worker may die before it says so.

    Raises:
        HoldfastError: it can't be done now.
    """
    _DOERS[work.kind](centre, ledger, work.subject)
    due.finish(work, centre.now_us())


def _lapse(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    lapse_hold(centre, subject)


def _trace(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    settle_claim(centre, subject)


def _learn(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    with LedgerWriter.open(ledger) as writer:
        writer.trim_changes(applied(LEDGER))
        learn_transfers(writer)
    follow_ledger(centre)


def _remind(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    remind_victim(centre, subject)


_DOERS: dict[str, Callable[[Centre, Path, str], None]] = {
    LAPSE: _lapse,
    TRACE: _trace,
    LEARN: _learn,
    REMIND: _remind,
}
END_KINDS = (LAPSE, REMIND)
"""Due work that needs no ledger and waits for nothing: holds end on time whatever else is due."""
