"""Due: what is done when a piece of due work has come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from holdfast.ledger.store import LedgerWriter
from holdfast.records import due
from holdfast.records.applied import mark
from holdfast.records.models import DueWork
from holdfast.workflows.answers_together import LEARN
from holdfast.workflows.centre import Centre
from holdfast.workflows.follow_ledger import follow_ledger, settle_claim, settle_claims
from holdfast.workflows.hold_money import LAPSE
from holdfast.workflows.lapse_hold import lapse_hold
from holdfast.workflows.learn_transfers import learn_transfers
from holdfast.workflows.mark_holds import mark_holds
from holdfast.workflows.own_holds import OWN_LAPSE, OWN_WARN, lapse_own_hold, warn_of_end
from holdfast.workflows.registry_due import REGISTRY_DOERS, REGISTRY_ENDS, REGISTRY_REST
from holdfast.workflows.remind_victim import REMIND, remind_victim
from holdfast.workflows.step_order import HELD, TRACE
from holdfast.workflows.tell_holder import NOTIFY, tell_holder, tell_holders
from holdfast.workflows.trace_money import LEDGER


def do_due(centre: Centre, ledger: Path, work: DueWork) -> None:
    """Do one piece of due work and say that it is done.

    Each kind may be done again without harm: a worker may die before it says so.

    Raises:
        HoldfastError: it can't be done now.
    """
    _DOERS[work.kind](centre, ledger, work.subject)
    due.finish(work, centre.now_us())


def do_together(centre: Centre, works: Sequence[DueWork]) -> None:
    """Do several pieces of `SETTLING_KINDS`, those of a kind as one; raises as `do_due`."""
    for kind, do in _TOGETHER.items():
        mine = [work for work in works if work.kind == kind]
        if mine:
            do(centre, [work.subject for work in mine])
            due.finish_all(mine, centre.now_us())


def _lapse(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    lapse_hold(centre, subject)


def _trace(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    settle_claim(centre, subject)


def _held(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    mark_holds(centre, [subject])


def _learn(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    with LedgerWriter.open(ledger) as writer:
        followed = mark(LEDGER)
        writer.check_follows(followed.number, followed.digest)
        writer.trim_changes(followed.number)
        learn_transfers(writer)
    follow_ledger(centre)


def _remind(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
    remind_victim(centre, subject)


def _without_ledger(do: Callable[[Centre, str], object]) -> Callable[[Centre, Path, str], None]:
    def done(centre: Centre, ledger: Path, subject: str) -> None:  # noqa: ARG001
        do(centre, subject)

    return done


_DOERS: dict[str, Callable[[Centre, Path, str], None]] = {
    LAPSE: _lapse,
    TRACE: _trace,
    HELD: _held,
    LEARN: _learn,
    REMIND: _remind,
    OWN_LAPSE: _without_ledger(lapse_own_hold),
    OWN_WARN: _without_ledger(warn_of_end),
    NOTIFY: _without_ledger(tell_holder),
    **{kind: _without_ledger(do) for kind, do in REGISTRY_DOERS.items()},
}
_TOGETHER: dict[str, Callable[[Centre, Collection[str]], None]] = {
    HELD: mark_holds,
    TRACE: settle_claims,
    NOTIFY: tell_holders,
}
SETTLING_KINDS = tuple(_TOGETHER)
"""Due work that waits a moment, so that much of it is done at once."""
END_KINDS = (LAPSE, REMIND, OWN_LAPSE, OWN_WARN, *REGISTRY_ENDS)
"""Due work that needs no ledger and waits for nothing: holds end on time whatever else is due."""
REST_KINDS = REGISTRY_REST
"""Due work that needs no ledger and may wait for what ends on time."""
