"""People and banks of a made-up country in real time, beside a centre that runs by itself.

Every payment is decided about by its bank's book, which the bank's process holds money in at the
same time. What waits for a person at the centre waits for whoever plays.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import count, islice
from random import Random

from holdfast.core.instant import SECOND_US
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.callers import Callers
from holdfast.simulation.chance import even
from holdfast.simulation.desk import Desk, Standing
from holdfast.simulation.events import Blocked, Call, Exit, Manner, Moved, SteppedCentre, Turn
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US, Planned
from holdfast.simulation.present import UNTOLD
from holdfast.simulation.teller import Teller
from holdfast.simulation.town import Town
from holdfast.simulation.world import World

LAPSES_EVERY_US = 5 * SECOND_US
CALL_AGAIN_US = 20 * SECOND_US
"""After how long somebody calls again whom the centre did not answer."""
CALLS_MAX = 5
CERTAIN_US = 8 * SECOND_US
"""So long after a payment its switch has told the centre of it, and the centre has read it."""


class What(Enum):
    """What a person sees happen."""

    PAID = "paid"  # a victim paid a mule
    PASSED_ON = "passed_on"  # stolen money went on to another account
    GONE = "gone"  # stolen money left the reach of banks
    REPORTED = "reported"  # the centre opened a case
    NOT_TAKEN = "not_taken"  # the centre did not take a report; the caller tries again
    ORDERED = "ordered"  # an order came to a bank
    HELD = "held"  # a bank holds money, or holds another amount than before
    REFUSED = "refused"  # a bank holds nothing
    FREED = "freed"  # nothing is held any more
    STOPPED = "stopped"  # a hold stopped a payment, wholly or partly


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened; amounts in minor units, time in microseconds since 1970 UTC."""

    time_us: int
    what: What
    account: str
    """From which was paid, or on which is held."""
    amount_minor: int
    other: str = ""
    """The account that was paid, the case, or why not."""
    of_minor: int = 0
    """What was asked for, where less can have been done."""
    payment: str = ""
    exit: Exit | None = None
    is_untold: bool = False
    """Whether this is the payment that no victim reports."""


@dataclass(slots=True)
class Live:
    """A world that goes on in real time; `step` does what has come by now."""

    world: World
    town: Town
    centre: SteppedCentre
    callers: Callers
    chance: Random
    teller: Teller = field(init=False)
    _agenda: list[tuple[int, int, Callable[[int], None]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _standing: dict[str, Standing] = field(default_factory=dict)
    _told: tuple[int, int, int] = (0, 0, 0)
    """How many payments, moves of stolen money and stops were told of."""
    _lapsed_us: int = 0
    _happened: list[Happened] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.teller = Teller(self.world, self.town.desks)
        for place in self.world.kept:
            # An order can come at any instant, so the book is asked about every payment.
            self.teller.watch(place, 1, is_live=False)
        for call in self.world.story.calls:
            self._plan(call.time_us, partial(self._call, call, CALLS_MAX))

    def step(self, now_us: int) -> Sequence[Happened]:
        """Do what people and banks do up to an instant, and return what happened meanwhile."""
        while self.teller.run(now_us) is not None:
            pass
        for desk in self.town.desks.values():
            desk.write_up(self.teller.balances_minor, self.world.names)
        self.centre.feed(self.teller.visible(now_us - int(parameters().feed_seconds * SECOND_US)))
        self._tell_of_payments()
        while self._agenda and self._agenda[0][0] <= now_us:
            heapq.heappop(self._agenda)[2](now_us)
        is_time = now_us - self._lapsed_us >= LAPSES_EVERY_US
        self._lapsed_us = now_us if is_time else self._lapsed_us
        for desk in self.town.desks.values():
            if is_time:
                desk.lapse(now_us)
            desk.post_out(now_us)
            if desk.changed():
                self._look_at(desk, now_us)
        happened, self._happened = self._happened, []
        return happened

    def _plan(self, time_us: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (time_us, next(self._order), action))

    def _tell_of_payments(self) -> None:
        made, moved, blocked = self.teller.made, self.teller.moved, self.teller.blocked
        counts = len(made), len(moved), len(blocked)
        if counts == self._told:
            return
        paid = islice(made.items(), self._told[0], None)
        happened = [self._paid(row, transfer) for row, transfer in paid if self._row(row).is_claim]
        happened += [_moved(part) for part in moved[self._told[1] :] if not part.is_claim]
        happened += [_stopped(stop) for stop in blocked[self._told[2] :]]
        self._told = counts
        self._happened += sorted(happened, key=lambda one: one.time_us)

    def _row(self, place: int) -> Planned:
        return self.world.story.rows[place]

    def _paid(self, row: int, transfer: Transfer) -> Happened:
        return Happened(
            transfer.time_us,
            What.PAID,
            transfer.debit_account,
            transfer.amount_minor,
            transfer.credit_account,
            payment=transfer.transfer_id,
            is_untold=self._row(row).scam == UNTOLD,
        )

    def _call(self, call: Call, calls: int, now_us: int) -> None:
        """Let somebody report; who is not answered calls again, `calls` times at most."""
        paid = [self.teller.made[row] for row in call.rows if row in self.teller.made]
        if not paid or not calls:
            return
        amount_minor = sum(transfer.amount_minor for transfer in paid)
        account = paid[0].debit_account
        case = self.callers.report(call, paid)
        if case is None:
            self._happened.append(Happened(now_us, What.NOT_TAKEN, account, amount_minor))
            self._plan(now_us + CALL_AGAIN_US, partial(self._call, call, calls - 1))
            return
        self._happened.append(Happened(now_us, What.REPORTED, account, amount_minor, case.number))
        if call.confirms_us is not None:
            self._plan(call.confirms_us, lambda _: self.callers.confirm(case))
        if call.complains_us is not None:
            complain = self.callers.complain
            self._plan(call.complains_us, lambda at: complain(case, at))

    def _look_at(self, desk: Desk, now_us: int) -> None:
        for order in desk.orders():
            before = self._standing.get(order.order_id)
            if order == before:
                continue
            self._standing[order.order_id] = order
            what = _change(order, before)
            if what is not None:
                asked_minor, held_minor = order.asked_minor, order.held_minor
                self._happened.append(
                    Happened(now_us, what, order.account, held_minor, of_minor=asked_minor)
                )
            if order.waits and before is None:
                minutes = even(self.chance, parameters().by_hand_minutes)
                decide = partial(desk.decide, order.order_id)
                self._plan(now_us + int(minutes * MINUTE_US), decide)


def behave(town: Town, turns: Sequence[Turn]) -> None:
    """Let banks answer by hand, or fail in some way, from now on."""
    for turn in turns:
        town.answer_later(turn.who, later=turn.manner is Manner.BY_HAND)
        town.desks[turn.who].fail(turn.fault, turn.value_us / SECOND_US)


def _change(order: Standing, before: Standing | None) -> What | None:
    """Return what a person sees in it that an order stands otherwise than before."""
    held_minor = before.held_minor if before else 0
    if order.waits:
        return What.ORDERED if before is None else None
    if order.held_minor != held_minor:
        return What.HELD if order.held_minor else What.FREED
    is_new = before is None or before.waits
    return What.REFUSED if is_new and not order.held_minor else None


def _moved(part: Moved) -> Happened:
    what = What.PASSED_ON if part.exit is None else What.GONE
    return Happened(part.time_us, what, part.debit, part.amount_minor, part.credit, exit=part.exit)


def _stopped(stop: Blocked) -> Happened:
    missing_minor = stop.asked_minor - stop.paid_minor
    return Happened(
        stop.time_us, What.STOPPED, stop.account, missing_minor, of_minor=stop.asked_minor
    )
