"""Follow live: the same settlement, fed transfer by transfer as the ledger grows."""

from __future__ import annotations

from holdfast.core.errors import TrailError
from holdfast.core.words import N_
from holdfast.ledger.transfer import START, Ledger, Place, Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule
from holdfast.trail.settle import Arrival, Settlement, arrival


class Live:
    """A trail that is followed while its transfers arrive, in the ledger's order.

    The ledger is asked only for the clean balance of an account that is newly reached, so it
    must know each transfer by the time it is posted here. The rule is one that knows amounts.
    """

    def __init__(self, ledger: Ledger, question: Question) -> None:
        if question.rule is Rule.POISON:
            msg = "a live trail follows amounts; poison has none"
            raise ValueError(msg)
        self._ledger = ledger
        self._question = question
        self._settlement = Settlement(question, self._reach)
        self._last: Place = START
        self._closed_us = -1
        self._currency = ""
        self._holds = sorted(question.holds, key=_by_time)
        self._holds_done = 0

    def post(self, transfer: Transfer) -> None:
        """Post the next transfer of the ledger.

        One that stands before the last one posted, or in an instant that an answer has closed,
        is refused: what followed it must be settled anew.

        Raises:
            TrailError: `transfer_out_of_order`, and those of `Settlement.post`.
        """
        if transfer.place <= self._last or transfer.time_us <= self._closed_us:
            raise TrailError(
                "transfer_out_of_order",
                N_("transfer {transfer} stands before what was settled; follow the trail anew"),
                transfer=transfer.transfer_id,
            )
        until = self._question.as_of_us
        if until is not None and transfer.time_us > until:
            return
        self._post_holds(transfer.time_us - 1)
        self._last, self._currency = transfer.place, transfer.currency
        self._settlement.post(transfer)

    def answer(self, at_us: int) -> Answer:
        """Return where the money is once all of an instant has been posted, and close it.

        Holds act after all transfers of their instant, so nothing of it may come later.
        """
        self._closed_us = max(self._closed_us, at_us)
        self._post_holds(at_us)
        return self._settlement.answer()

    def _reach(self, account: str, place: Place) -> Arrival:
        history = self._ledger.histories(
            {account: place},
            self._currency,
            until_us=place[0],
            ignore_balances=self._question.ignore_balances,
        )[account]
        return arrival(history.balance_minor, next(history.transfers, None), place)

    def _post_holds(self, until_us: int) -> None:
        as_of = self._question.as_of_us
        limit = until_us if as_of is None else min(until_us, as_of)
        while self._holds_done < len(self._holds):
            event = self._holds[self._holds_done]
            if event.time_us > limit:
                return
            self._settlement.post_hold(event)
            self._holds_done += 1


def _by_time(event: HoldEvent) -> tuple[int, bool, str]:
    return event.time_us, event.kind is HoldKind.HOLD, event.hold_id
