"""Payments as they are made: each against what is there, and against what a bank holds.

Everybody's payments go through one loop, so a day of hundreds of thousands takes seconds. Only
where money is held is the bank's book asked, for it alone decides there: a mule then sends what
is free, the payment of anybody else fails. Crews then go on with the account of another mule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from holdfast.core.account import bank_of
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.crews import Crews
from holdfast.simulation.day_rows import NO_ROWS, DayRows, days_of
from holdfast.simulation.events import Blocked, Moved, PayDesk
from holdfast.simulation.parameters import Channel, parameters
from holdfast.simulation.payments import CHANNELS
from holdfast.simulation.plot import Planned
from holdfast.simulation.population import SATANG
from holdfast.simulation.posting import EVERYDAY
from holdfast.simulation.truth import CROOKED, Carried, Truth, carried_by_plan
from holdfast.simulation.world import World

_CHANNEL_NAMES = [channel.value for channel in CHANNELS]
_CASH = CHANNELS.index(Channel.CASH)


class Teller:
    """Makes a world's payments in order, and remembers what the story needs to know of them."""

    def __init__(self, world: World, desks: Mapping[str, PayDesk]) -> None:
        self.truth = Truth(world.story, world.parts)
        self.balances_minor = list(world.openings_minor)
        self.moved: list[Moved] = []
        self.blocked: list[Blocked] = []
        self.made: dict[int, Transfer] = {}
        """The payments of the story that were made, by the places of their rows."""
        self.unpaid = 0
        """Payments that were not made because the payer's bank did nothing."""
        self.reported: set[str] = set()
        """Scams that somebody has told of."""
        self._world = world
        self._crews = Crews(world)
        self._carries = carried_by_plan(world.story, world.parts)
        self._reserved = [world.plan.needs_minor.get(n, 0) for n in range(len(world.names))]
        self._desks = [desks.get(bank_of(name)) for name in world.names]
        self._cash = world.cash
        self._note_minor = parameters().cash_note_baht * SATANG
        self._watched: set[int] = set()
        self._live: set[int] = set()
        self._held: set[int] = set()
        self._followed: set[int] = set()
        """Accounts that stolen money came to, or that a bank has an order for."""
        self._dead: set[int] = set()
        """Accounts at banks that do nothing now."""
        self._care: set[int] = set()
        """Accounts whose payments are looked at one by one: those two."""
        self._days = days_of(world)
        self._day: DayRows = NO_ROWS
        self._first = self._next = 0
        self._unseen: list[Transfer] = []

    @property
    def count(self) -> int:
        """How many payments were meant to be made so far."""
        return self._first + self._next

    def watch(self, place: int, held_minor: int, *, is_live: bool = True) -> None:
        """Know that a bank has an order for an account, and what it holds there by now.

        A live one is held or waits for an answer, so the centre wants to see what is paid there.
        """
        self.truth.pin(place, held_minor)
        self._watched.add(place)
        self._follow(place)
        (self._held.add if held_minor else self._held.discard)(place)
        (self._live.add if is_live else self._live.discard)(place)

    def stop_bank(self, bank: str) -> None:
        """Let nobody pay from the accounts of a bank; what is paid to them is kept for it."""
        self._dead |= self._places_at(bank)
        self._care |= self._dead

    def start_bank(self, bank: str) -> None:
        """Let a bank's customers pay again."""
        places = self._places_at(bank)
        self._dead -= places
        self._care -= places - self._followed

    def run(self, until_us: int) -> int | None:
        """Make the payments up to an instant, it included.

        Stops behind a payment that a centre at work would want to see, and returns its time.
        """
        while True:
            stopped_us = self._run_day(until_us)
            if stopped_us is not None or self._next < len(self._day.times_us):
                return stopped_us
            day = next(self._days, None)
            if day is None:
                return None
            self._first += len(self._day.times_us)
            self._day, self._next = day, 0

    def visible(self, until_us: int) -> list[Transfer]:
        """Take out the payments made up to an instant that nobody has seen yet, in order."""
        count = bisect_right(self._unseen, until_us, key=lambda transfer: transfer.time_us)
        seen, self._unseen = self._unseen[:count], self._unseen[count:]
        return seen

    def _follow(self, place: int) -> None:
        self._followed.add(place)
        self._care.add(place)

    def _places_at(self, bank: str) -> set[int]:
        return {place for place in self._world.kept if bank_of(self._world.names[place]) == bank}

    def _run_day(self, until_us: int) -> int | None:
        day, balances, reserved = self._day, self.balances_minor, self._reserved
        times, debits, amounts, numbers = day.times_us, day.debits, day.amounts_minor, day.numbers
        care, cash = self._care, self._cash
        for place in range(self._next, len(times)):
            if times[place] > until_us:
                self._next = place
                return None
            payer, amount_minor = debits[place], amounts[place]
            if numbers[place] != EVERYDAY or payer in care:
                self._next = place + 1
                if self._make_with_care(place):
                    return times[place]
            elif balances[payer] - reserved[payer] < amount_minor and payer != cash:
                self._pay_in(place)
            else:
                self._book(place, payer, day.credits[place], amount_minor)
        self._next = len(times)
        return None

    def _make_with_care(self, place: int) -> bool:
        """Make one payment that may be stopped; say whether a centre would want to see it."""
        day = self._day
        number = day.numbers[place]
        if number == EVERYDAY:
            return self._make_everyday(place) and day.debits[place] in self._live
        row = self._crews.meant(self._world.story.rows[number], self._is_stuck)
        day.debits[place], day.credits[place] = row.debit, row.credit
        is_seen = row.scam in self.reported or row.debit in self._live
        return self._make_planned(place, number, row) and is_seen

    def _make_planned(self, place: int, number: int, row: Planned) -> bool:
        asked_minor = self._wanted(number, row)
        self._reserved[row.debit] = max(0, self._reserved[row.debit] - row.amount_minor)
        sends_less = self._world.parts[row.debit] in CROOKED
        if row.debit in self._dead:
            self.unpaid += 1
            transfer = None
        elif row.debit in self._held:
            transfer = self._authorise(place, asked_minor, sends_less=sends_less)
        else:
            free_minor = self.balances_minor[row.debit]
            paid_minor = asked_minor if asked_minor <= free_minor else free_minor * sends_less
            transfer = self._book_some(place, paid_minor)
        if transfer is None:
            return False
        paid_minor = transfer.amount_minor
        missing_minor = row.amount_minor - paid_minor
        earmark_minor = self._world.plan.earmarks_minor[number]
        self._reserved[row.credit] += max(0, earmark_minor - missing_minor)
        self.made[number] = transfer
        left_minor = self.balances_minor[row.debit]
        for part in self.truth.execute(row, paid_minor, left_minor):
            is_claim = row.is_claim and part.scam == row.scam
            self._write_moved(place, part, is_claim=is_claim)
        return True

    def _wanted(self, number: int, row: Planned) -> int:
        """Return what is to be paid: a mule passes on only as much as has come."""
        carries_minor = self._carries[number]
        if self._world.parts[row.debit] not in CROOKED or row.is_claim:
            return row.amount_minor
        there_minor = min(carries_minor, self.truth.at(row.debit, row.scam))
        return row.amount_minor - carries_minor + there_minor

    def _is_stuck(self, account: int) -> bool:
        """Whether nothing can be paid from an account: for what is held there, or for its bank."""
        if account in self._dead:
            return True
        desk = self._desks[account]
        if desk is None or account not in self._held:
            return False
        desk.write_up(self.balances_minor, self._world.names)
        return desk.free_minor(self._world.names[account]) <= 0

    def _make_everyday(self, place: int) -> bool:
        day = self._day
        payer, payee, asked_minor = day.debits[place], day.credits[place], day.amounts_minor[place]
        if payer in self._dead:
            self.unpaid += 1
            return False
        if self.balances_minor[payer] - self._reserved[payer] < asked_minor:
            self._pay_in(place)
            return True
        if payer in self._held:
            if self._authorise(place, asked_minor, sends_less=False) is None:
                return False
        else:
            self._book(place, payer, payee, asked_minor)
        for part in self.truth.spend(payer, payee, asked_minor, self.balances_minor[payer]):
            self._write_moved(place, part, is_claim=False)
        return True

    def _authorise(self, place: int, asked_minor: int, *, sends_less: bool) -> Transfer | None:
        """Let the bank's book decide about a payment from an account where money is held."""
        day, names = self._day, self._world.names
        payer, payee = day.debits[place], day.credits[place]
        desk = self._desks[payer]
        if desk is None or asked_minor <= 0:
            return None
        desk.write_up(self.balances_minor, names)
        paid_minor = asked_minor
        if sends_less:
            paid_minor = self._payable(payee, min(asked_minor, desk.free_minor(names[payer])))
        transfer = self._transfer(place, payer, payee, paid_minor)
        made = paid_minor > 0 and desk.pay(transfer)
        if not made or paid_minor < asked_minor:
            self._crews.stopped(payer)
            self.blocked.append(
                Blocked(
                    day.times_us[place],
                    names[payer],
                    asked_minor,
                    paid_minor if made else 0,
                    self.truth.is_innocent(payer),
                )
            )
        if not made:
            return None
        self._enter(transfer, payer, payee)
        return transfer

    def _payable(self, payee: int, amount_minor: int) -> int:
        """Return what of an amount can be paid: cash comes in whole notes."""
        if payee == self._cash:
            return amount_minor // self._note_minor * self._note_minor
        return max(amount_minor, 0)

    def _book_some(self, place: int, amount_minor: int) -> Transfer | None:
        day = self._day
        payee = day.credits[place]
        paid_minor = self._payable(payee, amount_minor)
        if paid_minor <= 0:
            return None
        return self._book(place, day.debits[place], payee, paid_minor)

    def _pay_in(self, place: int) -> None:
        """Let who can't pay pay in as much cash instead."""
        day, note = self._day, self._note_minor
        paid_minor = -(-day.amounts_minor[place] // note) * note
        day.channels[place] = _CASH
        self._book(place, self._cash, day.debits[place], paid_minor)

    def _book(self, place: int, payer: int, payee: int, amount_minor: int) -> Transfer:
        """Make a payment that nothing stops."""
        transfer = self._transfer(place, payer, payee, amount_minor)
        desk = self._desks[payer]
        if desk is not None:
            desk.rows.append(transfer)
        self._enter(transfer, payer, payee)
        return transfer

    def _transfer(self, place: int, payer: int, payee: int, amount_minor: int) -> Transfer:
        day, world, balances, cash = self._day, self._world, self.balances_minor, self._cash
        number = self._first + place + 1
        return Transfer(
            day.times_us[place],
            0,
            f"{world.id_head}{number:0{world.id_digits}d}",
            world.names[payer],
            world.names[payee],
            amount_minor,
            world.currency,
            balances[payer] if day.debits_reported[place] and payer != cash else None,
            balances[payee] if day.credits_reported[place] and payee != cash else None,
            None,
            _CHANNEL_NAMES[day.channels[place]],
        )

    def _enter(self, transfer: Transfer, payer: int, payee: int) -> None:
        balances, desks = self.balances_minor, self._desks
        balances[payer] -= transfer.amount_minor
        balances[payee] += transfer.amount_minor
        for place in (payer, payee):
            desk = desks[place]
            if desk is not None:
                desk.dirty.add(place)
        self._unseen.append(transfer)

    def _write_moved(self, place: int, part: Carried, *, is_claim: bool) -> None:
        day, names = self._day, self._world.names
        payer, payee = day.debits[place], day.credits[place]
        if part.exit is None:
            self._follow(payee)
        self.moved.append(
            Moved(
                day.times_us[place],
                part.scam,
                names[payer],
                names[payee],
                part.amount_minor,
                part.exit,
                payer in self._watched,
                is_claim,
            )
        )
