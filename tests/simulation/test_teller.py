"""Tests of payments as they are made: as planned where nothing is held, and less where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.play_kit import (
    CASH,
    DANG,
    MEE,
    NOK,
    PLOY,
    call,
    row,
    small_country,
    world_with,
)

from holdfast.core.account import bank_of
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.events import Exit, Part, PayDesk, Story
from holdfast.simulation.teller import Teller
from holdfast.simulation.world import World, world_of

FOR_EVER = 2**62


@dataclass(slots=True)
class HoldingDesk:
    """A bank that holds an amount of one account."""

    account: str = ""
    held_minor: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    rows: list[Transfer] = field(default_factory=list)

    def write_up(self, balances_minor: Sequence[int], names: Sequence[str]) -> None:
        """Learn all balances."""
        self.balances = dict(zip(names, balances_minor, strict=True))

    def free_minor(self, account: str) -> int:
        """Return what is not held."""
        return self.balances[account] - self.held_minor * (account == self.account)

    def pay(self, transfer: Transfer) -> bool:
        """Pay what is free."""
        return transfer.amount_minor <= self.free_minor(transfer.debit_account)


def _held(world: World, place: int, held_baht: int) -> Teller:
    desks: dict[str, PayDesk] = {
        bank_of(name): HoldingDesk(world.names[place], held_baht * 100) for name in world.names
    }
    teller = Teller(world, desks)
    teller.watch(place, held_baht * 100)
    return teller


def _baht(teller: Teller) -> list[int]:
    while teller.run(FOR_EVER) is not None:
        pass
    return [transfer.amount_minor // 100 for transfer in teller.visible(FOR_EVER)]


def test_without_banks_a_country_is_paid_as_its_month_says() -> None:
    """The same transfers, to the last balance: playing changes nothing by itself."""
    country = small_country()
    story = Story("plan", country.plan.rows, (), FOR_EVER)
    teller = Teller(world_of(country, story), {})
    assert teller.run(FOR_EVER) is None
    assert teller.visible(FOR_EVER) == list(country.transfers())
    assert teller.count == country.size.transfers


def test_payments_are_seen_in_time_and_once() -> None:
    """What is not asked for yet waits; what was seen is gone."""
    world = world_with([row(0, NOK, MEE, 1000, claim=True), row(5, MEE, DANG, 800)])
    teller = Teller(world, {})
    first_us = world.story.rows[0].time_us
    teller.run(first_us)
    assert teller.visible(first_us - 1) == []
    assert [transfer.amount_minor for transfer in teller.visible(first_us)] == [1000_00]
    assert teller.visible(FOR_EVER) == []
    assert _baht(teller) == [800]


def test_a_mule_sends_what_is_free_and_its_followers_what_came() -> None:
    """Held are 900 of 1000: 100 and the mule's own 300 are free; the 100 go on to the last hand."""
    rows = [row(0, NOK, MEE, 1000, claim=True), row(5, MEE, DANG, 800), row(9, DANG, CASH, 700)]
    teller = _held(world_with(rows), MEE, 900)
    assert _baht(teller) == [1000, 400, 100]
    [blocked] = teller.blocked
    assert (blocked.asked_minor, blocked.paid_minor, blocked.innocent) == (800_00, 400_00, False)
    assert teller.truth.resting("job-0001") == {MEE: 900_00}
    assert teller.truth.gone("job-0001") == {Exit.CASH: 100_00}
    assert [moved.after_notice for moved in teller.moved] == [False, True, False]


def test_somebody_honest_can_not_pay_at_all_from_what_is_held() -> None:
    """A payment is made as it was meant or not; that it failed is counted as harm."""
    teller = _held(world_with([row(3, PLOY, DANG, 500, "false-0001")]), PLOY, 600)
    assert _baht(teller) == []
    [blocked] = teller.blocked
    assert (blocked.asked_minor, blocked.paid_minor, blocked.innocent) == (500_00, 0, True)


def test_a_mule_to_whom_nothing_came_sends_nothing() -> None:
    """Without a hold of its own, too; own money is not put in its place."""
    rows = [row(0, NOK, DANG, 1000, claim=True), row(5, DANG, MEE, 800), row(9, MEE, CASH, 700)]
    teller = _held(world_with(rows), DANG, 1000)
    assert _baht(teller) == [1000]
    assert teller.truth.resting("job-0001") == {DANG: 1000_00}


def test_running_stops_behind_what_a_centre_wants_to_see() -> None:
    """A mule's payment of a scam that was reported; not of one that nobody has told of."""
    rows = [row(0, NOK, MEE, 1000, claim=True), row(5, MEE, DANG, 800)]
    world = world_with(rows, call(3, 0))
    teller = Teller(world, {})
    assert teller.run(FOR_EVER) is None
    teller = Teller(world, {})
    teller.run(rows[0].time_us)
    teller.reported.add("job-0001")
    assert teller.run(FOR_EVER) == rows[1].time_us
    assert teller.run(FOR_EVER) is None


def test_a_crew_drops_an_account_from_which_nothing_can_be_paid() -> None:
    """What was paid there before stays; the scam after it uses a mule that was in none so far."""
    country = small_country()
    first = next(row for row in country.plan.rows if row.is_claim)
    second = first._replace(time_us=first.time_us + 1, scam="later-0001")
    story = Story("plan", (first, second), (), FOR_EVER)
    world = world_of(country, story)
    desk = HoldingDesk(world.names[first.credit], FOR_EVER)
    teller = Teller(world, dict.fromkeys(world.banks, desk))
    teller.run(first.time_us)
    teller.watch(first.credit, FOR_EVER)
    teller.run(second.time_us)
    assert teller.truth.resting(first.scam) == {first.credit: first.amount_minor}
    [place] = teller.truth.resting(second.scam)
    assert place != first.credit
    assert world.parts[place] is Part.MULE
    assert teller.made[1].credit_account == world.names[place]
