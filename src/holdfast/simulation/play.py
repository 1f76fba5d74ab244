"""Play a story: people pay, call and complain, banks and a centre answer, one thing at a time.

Nothing moves while something is still happening, so the same seed leads to the same diary. All
times are the story's; the centre and the banks read them from shared clocks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from typing import Any

from holdfast.banks.deadline import http_client
from holdfast.core.errors import CentreError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.simulation.callers import Callers, Case, Decision
from holdfast.simulation.chance import Purpose, even, plain_stream
from holdfast.simulation.clock_file import SharedClock
from holdfast.simulation.desk import TIMEOUTS, Desk, Standing
from holdfast.simulation.events import (
    CENTRE,
    Call,
    CanCrash,
    Diary,
    Held,
    Manner,
    Reported,
    SteppedCentre,
    Times,
    Turn,
)
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US
from holdfast.simulation.sound import broken_books
from holdfast.simulation.teller import Teller
from holdfast.simulation.town import Town
from holdfast.simulation.world import World

ROUNDS_MAX = 100
"""How often banks and the centre may answer each other at one instant."""
TRIES_APART_US = 20 * MINUTE_US
"""How often the centre tries again, at most, while a bank is away or answers wrongly: each order
has a time of its own to be tried again, and none of them can succeed."""
CALL_AGAIN_US = 5 * MINUTE_US
"""After how long somebody calls again whom the centre did not answer."""

Progress = Callable[[int, int], None]
"""Told now and then: the story's time, and how many payments were meant to be made by then."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The times that the banks and the centre go by; they differ only where a story says so."""

    banks: SharedClock
    centre: SharedClock


def play(
    world: World,
    town: Town,
    centre: SteppedCentre,
    clocks: Clocks,
    *,
    name: str,
    seed: int,
    turns: Sequence[Turn] = (),
    progress: Progress = lambda _time, _count: None,
) -> Diary:
    """Play a world's story with banks that run and a centre in lockstep; return what happened.

    `name` is the centre's own, `seed` decides about everybody who takes their time.

    Raises:
        CentreError: a bank's process ended by itself, or `centre_never_crashes`: a turn wants a
            centre to crash that is none of those that `CanCrash`.
    """
    with ExitStack() as stack:
        clocks.banks.set(world.begins_us)
        clocks.centre.set(world.begins_us)
        chance = plain_stream(seed, Purpose.HANDS)
        keys = {
            bank: centre.connect(bank, "bank", site.endpoint, site.key)
            for bank, site in town.sites.items()
        }
        client = stack.enter_context(http_client(TIMEOUTS))
        for bank, desk in town.desks.items():
            desk.meet(centre.url, keys[bank], client, clocks.banks)
        callers = Callers(centre, name, keys, chance)
        playing = _Playing(world, town, centre, clocks, callers, chance, progress)
        return playing.play(turns)


@dataclass(slots=True)
class _Playing:
    """One story while it is played."""

    world: World
    town: Town
    centre: SteppedCentre
    clocks: Clocks
    callers: Callers
    chance: Random
    progress: Progress
    teller: Teller = field(init=False)
    now_us: int = field(init=False)
    reported: list[Reported] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    standing: dict[str, Standing] = field(default_factory=dict)
    """Every order that a bank has, by its id, as it was when last looked at."""
    held_minor: dict[str, int] = field(default_factory=dict)
    """By account."""
    centre_is_cut: bool = False
    _failing: set[str] = field(default_factory=set)
    """Banks that are away or answer wrongly."""
    _tried_us: int = 0
    """When the centre last did all that was due."""
    _agenda: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _taken: list[Case] = field(default_factory=list)
    """Reports that were made just now."""
    _may_ask: bool = False
    """Whether something was said just now after which a person may have to decide."""
    _order: count[int] = field(default_factory=count)
    _look_us: int = -1
    """When the centre will look at payments made meanwhile, if that is planned."""
    _hands: dict[str, int] = field(default_factory=dict)
    """How long a clerk takes, by bank; zero is drawn anew each time."""
    _scams: dict[str, str] = field(default_factory=dict)
    """The scam of a payment, by its id."""
    _places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.teller = Teller(self.world, self.town.desks)
        self.now_us = self.world.begins_us
        self._places = {name: place for place, name in enumerate(self.world.names)}

    def play(self, turns: Sequence[Turn]) -> Diary:
        for turn in turns:
            self._plan(turn.time_us, partial(self._take_turn, turn))
        for call in self.world.story.calls:
            self._plan(call.time_us, partial(self._call, call))
        while self._step():
            pass
        self._settle()
        return self._diary()

    def _plan(self, time_us: int, action: Callable[[], None]) -> None:
        """Do something at an instant, or now where that has passed."""
        heapq.heappush(self._agenda, (max(time_us, self.now_us), next(self._order), action))

    def _step(self) -> bool:
        """Go on to the next thing that happens; False where the story ends before it."""
        ends_us = self.world.story.ends_us
        next_us = min(self._next_us(), ends_us)
        seen_us = self.teller.run(next_us)
        if seen_us is not None:
            self._look_soon(seen_us)
            return True
        self._go_to(next_us)
        if next_us >= ends_us:
            return False
        while self._agenda and self._agenda[0][0] <= next_us:
            heapq.heappop(self._agenda)[2]()
        self._settle()
        self._read_reviews()
        return True

    def _next_us(self) -> int:
        """Return when something happens next, besides payments."""
        planned_us = self._agenda[0][0] if self._agenda else self.world.story.ends_us
        due_us = None if self.centre_is_cut else self.centre.next_due_us()
        if due_us is None:
            return planned_us
        due_us -= self.clocks.centre() - self.clocks.banks()
        if due_us <= self.now_us:
            # It was tried just now, and can't be done yet.
            due_us = self.now_us + MINUTE_US
        if self._failing:
            due_us = max(due_us, self._tried_us + TRIES_APART_US)
        return min(planned_us, due_us)

    def _go_to(self, time_us: int) -> None:
        ahead_us = self.clocks.centre() - self.clocks.banks()
        self.now_us = time_us
        self.clocks.banks.set(time_us)
        self.clocks.centre.set(time_us + ahead_us)
        self.progress(time_us, self.teller.count)

    def _look_soon(self, paid_us: int) -> None:
        """Let the centre look once the switch has told it of a payment."""
        seen_us = paid_us + int(parameters().feed_seconds * SECOND_US)
        if self._look_us < seen_us:
            self._look_us = seen_us
            self._plan(seen_us, lambda: None)

    def _feed(self) -> None:
        """Let the switch tell the centre of the payments that it has to tell of by now."""
        delay_us = int(parameters().feed_seconds * SECOND_US)
        self.centre.feed(self.teller.visible(self.now_us - delay_us))

    def _settle(self) -> None:
        """Let banks and the centre do all that is due now, and look at what they did."""
        self._feed()
        for desk in self.town.desks.values():
            desk.write_up(self.teller.balances_minor, self.world.names)
        if not self.centre_is_cut:
            self._exchange()
        for desk in self.town.desks.values():
            if desk.changed():
                self._look_at(desk)

    def _exchange(self) -> None:
        self._tried_us = self.now_us
        for _ in range(ROUNDS_MAX):
            self.centre.pump()
            desks = [desk for bank, desk in self.town.desks.items() if self.town.is_open(bank)]
            if not sum(desk.post_out(self.now_us) for desk in desks):
                return

    def _look_at(self, desk: Desk) -> None:
        for order in desk.orders():
            before = self.standing.get(order.order_id)
            if order == before:
                continue
            self.standing[order.order_id] = order
            change_minor = order.held_minor - (0 if before is None else before.held_minor)
            self._write_held(order, change_minor, is_new=before is None)
            if order.waits and before is None:
                self._plan_clerk(desk, order)
            if order.held_minor and not _lapses_alike(order, before):
                self._plan(order.expires_us, partial(desk.lapse, order.expires_us))

    def _write_held(self, order: Standing, change_minor: int, *, is_new: bool) -> None:
        place = self._places[order.account]
        held_minor = self.held_minor.get(order.account, 0) + change_minor
        self.held_minor[order.account] = held_minor
        is_live = held_minor > 0 or order.waits
        self.teller.watch(place, held_minor, is_live=is_live)
        if change_minor or is_new:
            truth = self.teller.truth
            self.held.append(
                Held(
                    self.now_us,
                    order.account,
                    self._scam_of(order),
                    held_minor,
                    truth.at(place),
                    truth.is_innocent(place),
                )
            )

    def _scam_of(self, order: Standing) -> str:
        return self._scams.get(order.payment or "", "")

    def _plan_clerk(self, desk: Desk, order: Standing) -> None:
        after_us = self._hands.get(desk.institution, 0)
        if not after_us:
            minutes = even(self.chance, parameters().by_hand_minutes)
            after_us = int(minutes * MINUTE_US)
        answer = partial(self._answer_by_hand, desk, order.order_id)
        self._plan(self.now_us + after_us, answer)

    def _answer_by_hand(self, desk: Desk, order_id: str) -> None:
        if self.town.is_open(desk.institution):
            desk.decide(order_id, self.now_us)
        else:
            again = partial(self._answer_by_hand, desk, order_id)
            self._plan(self.now_us + CALL_AGAIN_US, again)

    def _call(self, call: Call) -> None:
        if self.centre_is_cut:
            self._plan(self.now_us + CALL_AGAIN_US, partial(self._call, call))
            return
        paid = [self.teller.made[row] for row in call.rows if row in self.teller.made]
        if not paid:
            return
        truth = self.teller.truth
        stolen_minor, holdable_minor = truth.stolen(call.scam), truth.reachable(call.scam)
        self._feed()
        self._scams.update((transfer.transfer_id, call.scam) for transfer in paid)
        case = self.callers.report(call, paid)
        if case is None:
            return
        self._taken.append(case)
        self._may_ask = True
        self.teller.reported.add(call.scam)
        self.reported.append(Reported(call, case.number, stolen_minor, holdable_minor))
        if call.confirms_us is not None:
            self._plan(call.confirms_us, partial(self.callers.confirm, case))
        if call.complains_us is not None:
            self._plan(call.complains_us, lambda: self.callers.complain(case, self.now_us))

    def _read_reviews(self) -> None:
        """Measure reports that were just taken, and see what is left for a person to decide."""
        self.times += [self._measured(case) for case in self._taken]
        self._taken.clear()
        if self._may_ask:
            self._may_ask = False
            for decision in self.callers.reviews(self._should_approve):
                self._plan(self.now_us + decision.after_us, partial(self._decide, decision))

    def _measured(self, case: Case) -> Times:
        brought = self.centre.delivered_since(case.sent_s)
        held_s = [row.answered_s for row in brought if row.held_minor]
        return Times(
            _since(case.sent_s, min((row.sent_s for row in brought), default=None)),
            _since(case.sent_s, min(held_s, default=None)),
            _since(case.sent_s, max((row.answered_s for row in brought), default=None)),
        )

    def _decide(self, decision: Decision) -> None:
        self.callers.decide(decision)
        self._may_ask = True

    def _should_approve(self, review: Mapping[str, Any]) -> bool:
        """Whether a review should be approved: the money is stolen, and rests with a crook."""
        account = review["facts"].get("account")
        order = self.standing.get(review["subject"])
        place = self._places.get(account or (order.account if order else ""))
        return place is not None and self.teller.truth.at(place) > 0

    def _take_turn(self, turn: Turn) -> None:
        if turn.who == CENTRE:
            self._turn_of_centre(turn)
            return
        bank, desk = turn.who, self.town.desks[turn.who]
        fails = turn.manner in (Manner.DOWN, Manner.CUT, Manner.FAULT)
        (self._failing.add if fails else self._failing.discard)(bank)
        self.town.open(bank)
        self.town.answer_later(bank, later=turn.manner is Manner.BY_HAND)
        self.town.set_ahead(bank, turn.value_us if turn.manner is Manner.CLOCK else 0)
        desk.fail(turn.fault, turn.value_us / SECOND_US)
        if turn.manner is Manner.BY_HAND:
            self._hands[bank] = turn.value_us
        elif turn.manner in (Manner.DOWN, Manner.CUT):
            self.town.close(bank)
        elif turn.manner is Manner.CRASH:
            self.town.crash(bank)

    def _turn_of_centre(self, turn: Turn) -> None:
        ahead_us = turn.value_us if turn.manner is Manner.CLOCK else 0
        self.clocks.centre.set(self.now_us + ahead_us)
        self.centre_is_cut = turn.manner in (Manner.DOWN, Manner.CUT)
        if turn.manner is not Manner.CRASH:
            return
        if not isinstance(self.centre, CanCrash):
            raise CentreError(
                "centre_never_crashes", N_("this centre can't be made to crash; play without that")
            )
        self.centre.crash()

    def _diary(self) -> Diary:
        balances = dict(zip(self.world.names, self.teller.balances_minor, strict=True))
        openings_minor = sum(self.world.openings_minor)
        broken = broken_books(self.town.desks, balances, openings_minor, self.now_us)
        return Diary(
            self.world.story,
            tuple(self.reported),
            tuple(self.held),
            tuple(self.teller.moved),
            tuple(self.teller.blocked),
            tuple(self.times),
            (*self.callers.broken, *broken),
        )


def _lapses_alike(order: Standing, before: Standing | None) -> bool:
    """Whether a hold was there before and had the same end."""
    return before is not None and before.held_minor > 0 and before.expires_us == order.expires_us


def _since(began_s: float, time_s: float | None) -> float | None:
    return None if time_s is None else time_s - began_s
