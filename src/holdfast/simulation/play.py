"""Play a story: people pay, call and complain, banks and a centre answer, one thing at a time.

Nothing moves while something is still happening, so the same seed leads to the same diary. All
times are the story's; the centre and the banks read them from shared clocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from holdfast.banks.deadline import http_client
from holdfast.core.account import bank_of
from holdfast.core.errors import CentreError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.simulation.agenda import Agenda
from holdfast.simulation.callers import Callers, Case, Decision
from holdfast.simulation.chance import Purpose, plain_stream
from holdfast.simulation.clock_file import SharedClock
from holdfast.simulation.desk import TIMEOUTS
from holdfast.simulation.events import (
    CENTRE,
    Call,
    Caller,
    CanCrash,
    Diary,
    Manner,
    Reported,
    SteppedCentre,
    Times,
    Turn,
)
from holdfast.simulation.links import Links
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US
from holdfast.simulation.sound import broken_books
from holdfast.simulation.teller import Teller
from holdfast.simulation.town import Town
from holdfast.simulation.troubles import Troubles
from holdfast.simulation.watch import Watch
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

    `name` is the centre's own, `seed` decides about everybody who takes their time. Its reviewers
    judge wrongly now and then in days of a country; in a scenario only where a line says so. Whoever
    is dead at the end works once more, reaching nobody, so that what is written can be judged.

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
        share = 1.0 if world.everyday is None else parameters().reviewer_right_share
        callers = Callers(centre, name, keys, chance, share)
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
    links: Links = field(init=False)
    troubles: Troubles = field(default_factory=Troubles)
    agenda: Agenda = field(init=False)
    watch: Watch = field(init=False)
    reported: list[Reported] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    _right_share: float = field(init=False)
    _crash: Turn | None = None
    """Of the centre, as soon as it has work in hand."""
    _failing: set[str] = field(default_factory=set)
    """Who is away or answers wrongly."""
    _tried_us: int = 0
    """When the centre last did all that was due."""
    _taken: list[Case] = field(default_factory=list)
    """Reports that were made just now."""
    _may_ask: bool = False
    """Whether something was said just now after which a person may have to decide."""
    _look_us: int = -1
    """When the centre will look at payments made meanwhile, if that is planned."""

    def __post_init__(self) -> None:
        self.teller = Teller(self.world, self.town.desks)
        self.links = Links(self.town)
        self._right_share = self.callers.right_share
        self.agenda = Agenda(self.world.begins_us)
        self.watch = Watch(self.world, self.teller, self.links, self.agenda, self.chance)

    def play(self, turns: Sequence[Turn]) -> Diary:
        for turn in turns:
            self.agenda.plan(turn.time_us, partial(self._take_turn, turn))
        for call in self.world.story.calls:
            self.agenda.plan(call.time_us, partial(self._call, call))
        while self._step():
            pass
        for who in (CENTRE, *self.town.banks):
            if self.links.is_dead(who):
                self._let(Turn(self.agenda.now_us, who, Manner.CUT))
        self._settle()
        return self._diary()

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
        self.agenda.do_due()
        self._settle()
        self._read_reviews()
        return True

    def _next_us(self) -> int:
        """Return when something happens next, besides payments."""
        planned_us = self.agenda.next_us()
        if planned_us is None:
            planned_us = self.world.story.ends_us
        due_us = None if self.links.is_dead(CENTRE) else self.centre.next_due_us()
        if due_us is None:
            return planned_us
        due_us -= self.clocks.centre() - self.clocks.banks()
        if due_us <= self.agenda.now_us:
            # It was tried just now, and can't be done yet.
            due_us = self.agenda.now_us + MINUTE_US
        if self._failing:
            due_us = max(due_us, self._tried_us + TRIES_APART_US)
        return min(planned_us, due_us)

    def _go_to(self, time_us: int) -> None:
        ahead_us = self.clocks.centre() - self.clocks.banks()
        self.agenda.now_us = time_us
        self.clocks.banks.set(time_us)
        self.clocks.centre.set(time_us + ahead_us)
        self.progress(time_us, self.teller.count)

    def _look_soon(self, paid_us: int) -> None:
        """Let the centre look once the switch has told it of a payment."""
        seen_us = paid_us + int(parameters().feed_seconds * SECOND_US)
        if self._look_us < seen_us:
            self._look_us = seen_us
            self.agenda.plan(seen_us, lambda: None)

    def _feed(self) -> None:
        """Let the switch tell the centre, where it reaches it, of the payments made by now."""
        if not self.links.reach():
            return
        delay_us = int(parameters().feed_seconds * SECOND_US)
        self.centre.feed(self.teller.visible(self.agenda.now_us - delay_us))

    def _settle(self) -> None:
        """Let banks and the centre do all that is due now, and look at what they did."""
        self._feed()
        for bank, desk in self.town.desks.items():
            if not self.links.is_dead(bank):
                desk.write_up(self.teller.balances_minor, self.world.names)
        if not self.links.is_dead(CENTRE):
            self._exchange()
        for desk in self.town.desks.values():
            if desk.changed():
                self.watch.look_at(desk)

    def _exchange(self) -> None:
        self._tried_us = self.agenda.now_us
        self._crash_at_work()
        began_s = time.perf_counter()
        for _ in range(ROUNDS_MAX):
            self.centre.pump()
            desks = [desk for bank, desk in self.town.desks.items() if self.links.reach(bank)]
            if not sum(desk.post_out(self.agenda.now_us) for desk in desks):
                break
        self.troubles.bring(self.centre.delivered_since(began_s))

    def _crash_at_work(self) -> None:
        """Let the centre crash if it is to and something is due, which it then has in hand."""
        due_us = None if self._crash is None else self.centre.next_due_us()
        if self._crash is None or due_us is None or due_us > self.clocks.centre():
            return
        if isinstance(self.centre, CanCrash):
            self.troubles.crash(self._crash, self.centre.crash())
        self._crash = None

    def _through(self, ask: Callable[[], None], *banks: str) -> None:
        """Ask the centre something, once it is reached and these banks reach it."""
        if self.links.reach(*banks):
            ask()
            return
        for who in (CENTRE, *banks):
            self.troubles.meet(who, "not reached")
        self.agenda.plan_in(CALL_AGAIN_US, partial(self._through, ask, *banks))

    def _call(self, call: Call) -> None:
        payer = self.world.names[self.world.story.rows[call.rows[0]].debit]
        banks = [bank_of(payer)] if call.caller is Caller.BANK else []
        self._through(partial(self._report, call), *banks)

    def _report(self, call: Call) -> None:
        paid = [self.teller.made[row] for row in call.rows if row in self.teller.made]
        if not paid:
            return
        truth = self.teller.truth
        stolen_minor, holdable_minor = truth.stolen(call.scam), truth.reachable(call.scam)
        self._feed()
        self.watch.scams.update((transfer.transfer_id, call.scam) for transfer in paid)
        case = self.callers.report(call, paid)
        if case is None:
            return
        self._taken.append(case)
        self._may_ask = True
        self.teller.reported.add(call.scam)
        self.reported.append(Reported(call, case.number, stolen_minor, holdable_minor))
        if call.confirms_us is not None:
            confirm = partial(self.callers.confirm, case)
            banks = sorted({bank for _, bank in case.claims})
            self.agenda.plan(call.confirms_us, partial(self._through, confirm, *banks))
        if call.complains_us is not None:
            complain = partial(self._complain, case)
            self.agenda.plan(call.complains_us, partial(self._through, complain))

    def _complain(self, case: Case) -> None:
        self.callers.complain(case, self.agenda.now_us)

    def _read_reviews(self) -> None:
        """Measure reports that were just taken, and see what is left for a person to decide."""
        self.times += [self._measured(case) for case in self._taken]
        self._taken.clear()
        if self._may_ask and not self.links.is_dead(CENTRE):
            self._may_ask = False
            for decision in self.callers.reviews(self._should_approve):
                self.agenda.plan_in(decision.after_us, partial(self._decide, decision))

    def _measured(self, case: Case) -> Times:
        brought = self.centre.delivered_since(case.sent_s)
        held_s = [row.answered_s for row in brought if row.held_minor]
        return Times(
            _since(case.sent_s, min((row.sent_s for row in brought), default=None)),
            _since(case.sent_s, min(held_s, default=None)),
            _since(case.sent_s, max((row.answered_s for row in brought), default=None)),
        )

    def _decide(self, decision: Decision) -> None:
        if self.links.is_dead(CENTRE):
            self.agenda.plan_in(CALL_AGAIN_US, partial(self._decide, decision))
            return
        self.callers.decide(decision)
        self._may_ask = True

    def _should_approve(self, review: Mapping[str, Any]) -> bool:
        """Whether a review should be approved: the money is stolen, and rests with a crook."""
        account = review["facts"].get("account")
        order = self.watch.standing.get(review["subject"])
        place = self.watch.places.get(account or (order.account if order else ""))
        return place is not None and self.teller.truth.at(place) > 0

    def _take_turn(self, turn: Turn) -> None:
        self.troubles.turn(turn)
        fails = turn.manner in (Manner.DOWN, Manner.CUT, Manner.FAULT)
        (self._failing.add if fails else self._failing.discard)(turn.who)
        self._let(turn)
        if turn.who == CENTRE:
            self._turn_of_centre(turn)
            return
        bank, desk = turn.who, self.town.desks[turn.who]
        self.town.answer_later(bank, later=turn.manner is Manner.BY_HAND)
        self.town.set_ahead(bank, turn.value_us if turn.manner is Manner.CLOCK else 0)
        desk.fail(turn.fault, turn.value_us / SECOND_US)
        if turn.manner is Manner.BY_HAND:
            self.watch.hands_us[bank] = turn.value_us
        elif turn.manner is Manner.CRASH:
            self.troubles.crash(turn, len(list(desk.orders())))
            self.town.crash(bank)

    def _let(self, turn: Turn) -> None:
        """Let a bank or the centre go away, die, or come back and go on."""
        was_dead = self.links.is_dead(turn.who)
        self.links.turn(turn)
        if turn.who == CENTRE:
            return
        if self.links.is_dead(turn.who):
            self.teller.stop_bank(turn.who)
        elif was_dead:
            self.teller.start_bank(turn.who)
            self.town.desks[turn.who].lapse(self.agenda.now_us)

    def _turn_of_centre(self, turn: Turn) -> None:
        ahead_us = turn.value_us if turn.manner is Manner.CLOCK else 0
        self.clocks.centre.set(self.agenda.now_us + ahead_us)
        self.callers.right_share = 0.0 if turn.manner is Manner.MISJUDGE else self._right_share
        if turn.manner is not Manner.CRASH:
            return
        if not isinstance(self.centre, CanCrash):
            raise CentreError(
                "centre_never_crashes", N_("this centre can't be made to crash; play without that")
            )
        self._crash = turn

    def _diary(self) -> Diary:
        balances = dict(zip(self.world.names, self.teller.balances_minor, strict=True))
        openings_minor = sum(self.world.openings_minor)
        if self.teller.unpaid:
            self.troubles.met["bank down: not paid"] = self.teller.unpaid
        broken = broken_books(self.town.desks, balances, openings_minor, self.agenda.now_us)
        return Diary(
            self.world.story,
            tuple(self.reported),
            tuple(self.watch.held),
            tuple(self.teller.moved),
            tuple(self.teller.blocked),
            tuple(self.times),
            (*self.callers.broken, *broken),
            tuple(self.callers.refused),
            dict(sorted(self.troubles.met.items())),
        )


def _since(began_s: float, time_s: float | None) -> float | None:
    return None if time_s is None else time_s - began_s
