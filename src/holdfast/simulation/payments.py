"""Everyday payments: who would pay whom how much on a day, drawn a column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.core.money import allocate
from holdfast.simulation.chance import Purpose, pick, stream
from holdfast.simulation.parameters import Channel, Group, Parameters, PaymentKind
from holdfast.simulation.population import SATANG, Population
from holdfast.simulation.size import CountrySize

if TYPE_CHECKING:
    import numpy as np

    from holdfast.simulation.chance import Floats, Ints

CHANNELS = tuple(Channel)
WEEKDAY_OF_1970 = 3
"""1 January 1970 was a Thursday; Monday is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """Payments, int64 columns side by side; accounts and channels are positions."""

    times_us: Ints
    debits: Ints
    credits: Ints
    amounts_minor: Ints
    channels: Ints
    """Positions in `CHANNELS`."""


@dataclass(frozen=True, slots=True, eq=False)
class Everyday:
    """What makes the everyday payments of each day, again and again the same."""

    seed: int
    size: CountrySize
    population: Population
    parameters: Parameters
    counts: tuple[int, ...]
    """How many payments each day has besides the payroll."""

    def times(self, day: int) -> Ints:
        """Return when a day's payments are made, payroll last, not in order; int64."""
        import numpy as np

        rng = stream(self.seed, Purpose.TIMES, day)
        weights = np.asarray(self.parameters.hour_weights, dtype=np.float64)
        rising = np.concatenate((np.zeros(1), np.cumsum(weights))) / weights.sum()
        hours = np.interp(rng.random(self.counts[day]), rising, np.arange(len(rising)))
        paid = int(np.count_nonzero(self.population.payroll.days == day))
        first, last = self.parameters.payroll_hours
        hours = np.concatenate((hours, first + (last - first) * rng.random(paid)))
        since_us = np.minimum((hours * HOUR_US).astype(np.int64), DAY_US - 1)
        return self.size.first_day_us + day * DAY_US + since_us

    def payments(self, day: int) -> Payments:
        """Return a day's payments as they would be if everybody had the money, not in order."""
        import numpy as np

        times_us = self.times(day)
        rng = stream(self.seed, Purpose.PAYMENTS, day)
        kinds = self.parameters.payments
        counts = allocate(self.counts[day], [kind.weight for kind in kinds])
        parts = [self._of_kind(rng, kind, n) for kind, n in zip(kinds, counts, strict=True)]
        parts.append(self._payroll(day))
        debits, credits_, amounts, channels = (
            np.concatenate(columns) for columns in zip(*parts, strict=True)
        )
        return Payments(times_us, debits, credits_, amounts, channels)

    def _of_kind(
        self, rng: np.random.Generator, kind: PaymentKind, count: int
    ) -> tuple[Ints, Ints, Ints, Ints]:
        import numpy as np

        debits = self._payers(rng, kind.debit, count)
        credits_ = self._payees(rng, kind, debits)
        people = debits if kind.debit is Group.CUSTOMER else credits_
        amounts = self._amounts(rng, kind, self.population.means[people])
        return debits, credits_, amounts, np.full(count, CHANNELS.index(kind.channel))

    def _payers(self, rng: np.random.Generator, group: Group, count: int) -> Ints:
        people = self.population
        if group is Group.CUSTOMER:
            return pick(rng, people.activity, count)
        seats = people.seats.of(group)
        if group is Group.MERCHANT:
            return seats.start + pick(rng, people.popularity, count)
        return rng.integers(seats.start, seats.stop, count)

    def _payees(self, rng: np.random.Generator, kind: PaymentKind, payers: Ints) -> Ints:
        import numpy as np

        people, page = self.population, self.parameters
        if kind.credit is Group.CONTACT:
            nearest_first = (page.circle * rng.random(len(payers)) ** 2).astype(np.int64)
            return people.contacts[payers, nearest_first]
        payees = self._payers(rng, kind.credit, len(payers))
        if kind.credit is Group.MERCHANT and kind.debit is Group.CUSTOMER:
            usual = people.favourites[payers, rng.integers(0, page.favourites, len(payers))]
            return np.where(rng.random(len(payers)) < page.favourite_share, usual, payees)
        seats = people.seats.of(kind.credit)
        another = seats.start + (payees - seats.start + 1) % len(seats)
        return np.where(payees == payers, another, payees)

    def _amounts(self, rng: np.random.Generator, kind: PaymentKind, means: Floats) -> Ints:
        import numpy as np

        baht = kind.baht * means * rng.lognormal(0.0, kind.spread, len(means))
        baht = np.minimum(baht, self.parameters.largest_baht)
        units = np.maximum(np.rint(baht * (SATANG / kind.unit_satang)), 1.0)
        return units.astype(np.int64) * kind.unit_satang

    def _payroll(self, day: int) -> tuple[Ints, Ints, Ints, Ints]:
        import numpy as np

        payroll = self.population.payroll
        due = np.flatnonzero(payroll.days == day)
        channels = np.full(len(due), CHANNELS.index(Channel.PAYROLL))
        return payroll.companies[due], payroll.workers[due], payroll.amounts_minor[due], channels


def day_counts(everyday: int, size: CountrySize, parameters: Parameters) -> tuple[int, ...]:
    """Share a number of payments out among the days by their weekdays."""
    first = (size.first_day_us + parameters.zone_hours * HOUR_US) // DAY_US + WEEKDAY_OF_1970
    weights = parameters.weekday_weights
    return tuple(allocate(everyday, [weights[(first + day) % 7] for day in range(size.days)]))
