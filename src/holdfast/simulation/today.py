"""The same story under the process of today: alerts from bank to bank, whole accounts frozen.

Reckoned without a centre, from the same payments and against the same truth. A call makes the
victim's bank alert the banks that were paid, all at once; each freezes the whole account as soon
as somebody there gets to it, and alerts the banks that the account paid since, until as much has
been followed as came in. At night nobody gets to anything. today.yaml has the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random

from holdfast.core.account import bank_of
from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.chance import Purpose, even, plain_stream
from holdfast.simulation.events import Call, Diary, Held, Part, Reported
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US
from holdfast.simulation.teller import Teller
from holdfast.simulation.today_page import today_page
from holdfast.simulation.world import World

UNTOUCHED = frozenset({Part.CASH, Part.ABROAD, Part.EXCHANGE, Part.BILLER, Part.GOVERNMENT})
"""Whose accounts no bank freezes for an alert."""
ENDS = frozenset({Part.MERCHANT, Part.COMPANY})
"""Whose accounts are frozen, and not followed: they pay hundreds."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a bank is told: this much came to an account then."""

    account: str
    since_us: int
    amount_minor: int
    link: int
    """1 for whom the victim paid."""
    call: Call


@dataclass(frozen=True, slots=True)
class Freeze:
    """A whole account that pays nothing until an instant."""

    until_us: int
    scam: str


class FreezingDesk:
    """A bank's book as far as payments go: of a frozen account nothing is free."""

    def __init__(self, balances_minor: Callable[[str], int]) -> None:
        self.dirty: set[int] = set()
        self.rows: list[Transfer] = []
        self.frozen: dict[str, Freeze] = {}
        self._balance_minor = balances_minor

    def write_up(self, balances_minor: Sequence[int], names: Sequence[str]) -> None:
        """Forget what a real book would be told."""
        del balances_minor, names
        self.dirty.clear()
        self.rows.clear()

    def free_minor(self, account: str) -> int:
        """Return what the account's holder can pay with."""
        return 0 if account in self.frozen else self._balance_minor(account)

    def pay(self, transfer: Transfer) -> bool:
        """Say whether a payment is made."""
        return transfer.amount_minor <= self.free_minor(transfer.debit_account)


def play_today(world: World, seed: int) -> Diary:
    """Play a world's story under today's process: the same seed gives the same diary."""
    return _Today(world, plain_stream(seed, Purpose.TODAY)).play()


class _Today:
    """Plays one story: calls, alerts, freezes and thaws in time order, payments between them."""

    def __init__(self, world: World, rng: Random) -> None:
        self._world, self._rng, self._page = world, rng, today_page()
        self._zone_us = parameters().zone_hours * HOUR_US
        self._places = {name: place for place, name in enumerate(world.names)}
        self._desks = {bank: FreezingDesk(self._balance_minor) for bank in world.banks}
        self._teller = Teller(world, self._desks)
        self._watched = {
            world.names[world.story.rows[place].credit]
            for call in world.story.calls
            for place in call.rows
        }
        """Accounts that may be asked what they paid: those told of, and whom they paid."""
        self._paid: dict[str, list[Transfer]] = {}
        self._followed: set[str] = set()
        self._numbers = count()
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._reported: list[Reported] = []
        self._held: list[Held] = []

    def play(self) -> Diary:
        """Go through the story to its end."""
        story = self._world.story
        for call in story.calls:
            self._later(call.time_us, partial(self._report, call))
        while self._due and self._due[0][0] <= story.ends_us:
            now_us, _, work = heappop(self._due)
            self._pay_until(now_us)
            work(now_us)
        self._pay_until(story.ends_us)
        return Diary(
            story=story,
            reported=tuple(self._reported),
            held=tuple(self._held),
            moved=tuple(self._teller.moved),
            blocked=tuple(self._teller.blocked),
            times=(),
            broken=(),
        )

    def _pay_until(self, now_us: int) -> None:
        """Make the payments up to an instant, and see what they mean for accounts at hand."""
        while self._teller.run(now_us) is not None:
            pass
        grown: dict[str, None] = {}
        for transfer in self._teller.visible(now_us):
            if transfer.debit_account in self._watched:
                self._paid.setdefault(transfer.debit_account, []).append(transfer)
                if self._part(transfer.credit_account) not in UNTOUCHED | ENDS:
                    self._watched.add(transfer.credit_account)
            if self._freeze_on(transfer.credit_account) is not None:
                grown[transfer.credit_account] = None
        for account in grown:
            self._note(account, now_us)

    def _report(self, call: Call, now_us: int) -> None:
        """Take a call: the banks that the caller paid are alerted, all at once."""
        truth = self._teller.truth
        case = f"{self._world.story.name}-{len(self._reported) + 1}"
        there_minor = truth.reachable(call.scam)
        self._reported.append(Reported(call, case, truth.stolen(call.scam), there_minor))
        through_us = now_us + int(even(self._rng, self._page.hotline_minutes) * MINUTE_US)
        for place in call.rows:
            paid = self._teller.made.get(place)
            if paid is not None:
                account, amount_minor = paid.credit_account, paid.amount_minor
                self._alert(Alert(account, paid.time_us, amount_minor, 1, call), through_us)

    def _alert(self, alert: Alert, now_us: int) -> None:
        """Tell a bank, which gets to it in its working hours."""
        if self._part(alert.account) not in UNTOUCHED:
            is_frozen = self._freeze_on(alert.account) is not None
            self._teller.watch(self._places[alert.account], int(is_frozen))
            self._later(self._answered_us(now_us), partial(self._freeze, alert))

    def _answered_us(self, now_us: int) -> int:
        opens_us, closes_us = (int(hour * HOUR_US) for hour in self._page.working_hours)
        day, since_us = divmod(now_us + self._zone_us, DAY_US)
        begins_us = max(since_us, opens_us) if since_us < closes_us else DAY_US + opens_us
        minutes = even(self._rng, self._page.link_minutes)
        return day * DAY_US - self._zone_us + begins_us + int(minutes * MINUTE_US)

    def _freeze(self, alert: Alert, now_us: int) -> None:
        """Freeze a whole account, and pass the alert on along what it paid since."""
        account, standing = alert.account, self._freeze_on(alert.account)
        until_us = self._until_us(alert, now_us)
        if until_us > max(now_us, standing.until_us if standing else 0):
            self._desk(account).frozen[account] = Freeze(until_us, alert.call.scam)
            self._teller.watch(self._places[account], 1)
            self._note(account, now_us)
            self._later(until_us, partial(self._thaw, account))
        if alert.link < self._page.links_max and self._part(account) not in ENDS:
            for onward in self._onward(alert):
                self._alert(onward, now_us)

    def _until_us(self, alert: Alert, now_us: int) -> int:
        """Return until when a freeze lasts: by the law, or until an innocent is let go."""
        call = alert.call
        until_us = call.time_us + int(self._page.hold_hours * HOUR_US)
        if call.complains_us is not None and call.complains_us <= until_us:
            until_us = call.complains_us + int(self._page.complaint_hours * HOUR_US)
        if self._teller.truth.is_innocent(self._places[alert.account]):
            let_go_us = now_us + int(even(self._rng, self._page.release_hours) * HOUR_US)
            return min(until_us, let_go_us)
        return until_us

    def _onward(self, alert: Alert) -> Iterator[Alert]:
        """Yield where the money went on, in order, until as much was followed as came in."""
        left_minor = alert.amount_minor
        for paid in self._paid.get(alert.account, ()):
            if left_minor <= 0:
                return
            if paid.time_us >= alert.since_us and paid.transfer_id not in self._followed:
                self._followed.add(paid.transfer_id)
                amount_minor = min(paid.amount_minor, left_minor)
                left_minor -= amount_minor
                account, link = paid.credit_account, alert.link + 1
                yield Alert(account, paid.time_us, amount_minor, link, alert.call)

    def _thaw(self, account: str, now_us: int) -> None:
        freeze = self._freeze_on(account)
        if freeze is not None and freeze.until_us <= now_us:
            self._note(account, now_us, is_over=True)
            self._teller.watch(self._places[account], 0)
            del self._desk(account).frozen[account]

    def _note(self, account: str, now_us: int, *, is_over: bool = False) -> None:
        """Write down what is frozen on an account now."""
        freeze, place = self._desk(account).frozen[account], self._places[account]
        self._held.append(
            Held(
                time_us=now_us,
                account=account,
                scam=freeze.scam,
                held_minor=0 if is_over else max(self._balance_minor(account), 0),
                stolen_minor=self._teller.truth.at(place),
                innocent=self._teller.truth.is_innocent(place),
            )
        )

    def _later(self, time_us: int, work: Callable[[int], None]) -> None:
        heappush(self._due, (time_us, next(self._numbers), work))

    def _balance_minor(self, account: str) -> int:
        return self._teller.balances_minor[self._places[account]]

    def _part(self, account: str) -> Part:
        return self._world.parts[self._places[account]]

    def _desk(self, account: str) -> FreezingDesk:
        return self._desks[bank_of(account)]

    def _freeze_on(self, account: str) -> Freeze | None:
        desk = self._desks.get(bank_of(account))
        return None if desk is None else desk.frozen.get(account)
