"""One scam as it is written down: who pays whom, how much, when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import NamedTuple

from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.core.money import allocate
from holdfast.simulation.chance import even, tailed, weighted, whole
from holdfast.simulation.parameters import Channel, End, Parameters, Shape
from holdfast.simulation.population import SATANG, Seats

MINUTE_US = 60 * SECOND_US


class Planned(NamedTuple):
    """A transfer of a scam; accounts are positions in the population."""

    time_us: int
    debit: int
    credit: int
    amount_minor: int
    channel: Channel
    scam: str
    shape: Shape
    is_claim: bool
    """Whether a victim pays: the transfer that is reported."""


@dataclass(frozen=True, slots=True)
class Purse:
    """Stolen money in one account, free to go on from an instant."""

    holder: int
    amount_minor: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Cast:
    """Who can play a part in a scam."""

    seats: Seats
    mules: Sequence[int]
    honest: Sequence[int]
    """Customers who are no mules: victims, workers."""


class Plot:
    """The rows of one scam, written in the words of those who run it."""

    def __init__(
        self, name: str, shape: Shape, cast: Cast, rng: Random, parameters: Parameters
    ) -> None:
        self.rows: list[Planned] = []
        self.rng = rng
        self.parameters = parameters
        self._name = name
        self._shape = shape
        self._seats = cast.seats
        self._mules: Iterator[int] = iter(rng.sample(cast.mules, parameters.mules_min))
        honest_max = parameters.merge_victims[1] + parameters.shell_workers[1]
        self._honest: Iterator[int] = iter(rng.sample(cast.honest, honest_max))

    def mule(self) -> int:
        """Return a mule that this scam has not used yet."""
        return next(self._mules)

    def victim(self) -> int:
        """Return someone honest whom this scam has not met yet."""
        return next(self._honest)

    def shell(self) -> int:
        """Return a company that launders money among its own."""
        return self.rng.choice(self._seats.shells)

    def pay(
        self,
        at_us: int,
        debit: int,
        credit: int,
        amount_minor: int,
        *,
        channel: Channel = Channel.PROMPTPAY,
        is_claim: bool = False,
    ) -> None:
        """Write down one transfer; nothing moves where nothing is left."""
        if amount_minor > 0:
            self.rows.append(
                Planned(
                    at_us, debit, credit, amount_minor, channel, self._name, self._shape, is_claim
                )
            )

    def steal(self, amount_minor: int, at_us: int, mule: int, victim: int | None = None) -> Purse:
        """Let a victim pay a mule: a claim."""
        payer = self.victim() if victim is None else victim
        self.pay(at_us, payer, mule, amount_minor, is_claim=True)
        return Purse(mule, amount_minor, at_us)

    def pass_on(self, purse: Purse, onto: int | None = None) -> Purse:
        """Send most of a purse to another mule; what is left is often fetched later."""
        taker = self.mule() if onto is None else onto
        sent = self.part(purse.amount_minor, self.parameters.drained_share)
        at_us = self.soon(purse.time_us)
        self.pay(at_us, purse.holder, taker, sent)
        self._sweep(Purse(purse.holder, purse.amount_minor - sent, at_us))
        return Purse(taker, sent, at_us)

    def divide(self, purse: Purse, parts: int) -> list[Purse]:
        """Send most of a purse to several mules, one soon after the other."""
        sent = self.part(purse.amount_minor, self.parameters.drained_share)
        at_us = self.soon(purse.time_us)
        purses = []
        for share in self.shares(sent, parts):
            purses.append(Purse(self.mule(), share, at_us))
            self.pay(at_us, purse.holder, purses[-1].holder, share)
            at_us = self._pause(at_us)
        self._sweep(Purse(purse.holder, purse.amount_minor - sent, at_us))
        return purses

    def finish(self, purse: Purse, end: End | None = None) -> None:
        """Take a purse to its end, a drawn one if none is named."""
        ends = self.parameters.ends
        match end or ends[weighted(self.rng, [row.weight for row in ends])].end:
            case End.CASH_OUT:
                self._cash_out(purse)
            case End.EXCHANGE:
                self._ramp_off(purse)
            case End.PURCHASE:
                self._buy(purse)
            case End.REST:
                pass

    def pay_workers(self, purse: Purse) -> None:
        """Let a shell pay workers and a supplier, more than what came in: clean money too."""
        total = self.part(purse.amount_minor, self.parameters.mix_share)
        workers = list(islice(self._honest, whole(self.rng, self.parameters.shell_workers)))
        at_us = purse.time_us + int(even(self.rng, self.parameters.mix_hours) * HOUR_US)
        *wages, supply = self.shares(total, len(workers) + 1)
        for worker, wage in zip(workers, wages, strict=True):
            self.pay(at_us, purse.holder, worker, wage, channel=Channel.PAYROLL)
            at_us = self._pause(at_us)
        self.pay(at_us, purse.holder, self.rng.choice(self._seats.merchants), supply)

    def part(self, amount_minor: int, span: tuple[float, float]) -> int:
        """Return an evenly drawn part of an amount, in whole baht."""
        return int(amount_minor * even(self.rng, span)) // SATANG * SATANG

    def shares(self, amount_minor: int, count: int) -> list[int]:
        """Share an amount out unevenly, no part being more than thrice another's."""
        weights = [self.rng.randint(50, 150) for _ in range(count)]
        return [SATANG * baht for baht in allocate(amount_minor // SATANG, weights)]

    def soon(self, at_us: int) -> int:
        """Return when a mule acts on money that came at `at_us`."""
        page = self.parameters
        if self.rng.random() < page.slow_share:
            return self._later(at_us, page.slow_minutes, page.slow_spread)
        return self._later(at_us, page.fast_minutes, page.fast_spread)

    def _later(self, at_us: int, minutes: float, spread: float) -> int:
        return at_us + SECOND_US + int(tailed(self.rng, minutes, spread) * MINUTE_US)

    def _pause(self, at_us: int) -> int:
        return at_us + int(even(self.rng, self.parameters.pause_seconds) * SECOND_US)

    def _sweep(self, rest: Purse) -> None:
        """Fetch as cash what a mule had kept back, if anybody does."""
        page = self.parameters
        if self.rng.random() < page.swept_share:
            at_us = self._later(rest.time_us, page.sweep_minutes, page.sweep_spread)
            self._withdraw(at_us, rest.holder, self.part(rest.amount_minor, page.swept_part))

    def _withdraw(self, at_us: int, holder: int, amount_minor: int) -> int:
        """Draw whole notes, and return how much they are."""
        note_minor = self.parameters.cash_note_baht * SATANG
        amount_minor = amount_minor // note_minor * note_minor
        cash = self._seats.cash.start
        self.pay(at_us, holder, cash, amount_minor, channel=Channel.CASH)
        return amount_minor

    def _cash_out(self, purse: Purse) -> None:
        """Empty an account at cash machines; what is too much for them goes to an exchange."""
        page = self.parameters
        left = self.part(purse.amount_minor, page.emptied_share)
        piece = page.cash_piece_baht * SATANG
        at_us = self.soon(purse.time_us)
        for _ in range(page.cash_pieces_max):
            left -= self._withdraw(at_us, purse.holder, min(left, piece))
            at_us = self._pause(at_us)
        if left > piece:
            self._ramp_off(Purse(purse.holder, left, at_us))

    def _ramp_off(self, purse: Purse) -> None:
        page = self.parameters
        left = self.part(purse.amount_minor, page.emptied_share)
        piece = left
        if self.rng.random() < page.exchange_in_pieces_share:
            piece = max(page.exchange_piece_baht * SATANG, -(-left // page.exchange_pieces_max))
        exchange = self.rng.choice(self._seats.exchanges)
        at_us = self.soon(purse.time_us)
        while left > 0:
            self.pay(at_us, purse.holder, exchange, min(left, piece))
            left -= min(left, piece)
            at_us = self._pause(at_us)

    def _buy(self, purse: Purse) -> None:
        spent = self.part(purse.amount_minor, self.parameters.emptied_share)
        at_us = self.soon(purse.time_us)
        for price in self.shares(spent, whole(self.rng, self.parameters.purchase_pieces)):
            self.pay(at_us, purse.holder, self.rng.choice(self._seats.merchants), price)
            at_us = self._pause(at_us)
