"""The story of a country: what its scams do, and who notices, calls, complains or lies, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.simulation.chance import Purpose, even, plain_stream, tailed, weighted, whole
from holdfast.simulation.country import Country
from holdfast.simulation.events import Call, Caller, Story
from holdfast.simulation.parameters import Channel, Parameters, Shape, parameters
from holdfast.simulation.plot import MINUTE_US, Planned
from holdfast.simulation.population import SATANG

FALSE = "false"
"""What the name of a scam begins with that is none: somebody lies about a real payment."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A call before its rows have places: who will tell of which rows."""

    rows: tuple[Planned, ...]
    call: Call


def story_of(country: Country, seed: int) -> Story:
    """Draw what people do in a country: the same seed gives the same story.

    Calls after the country's last day are not in it.
    """
    return _Drawing(country, seed).story()


class _Drawing:
    """Draws one story, every decision from one stream in one order."""

    def __init__(self, country: Country, seed: int) -> None:
        self._country = country
        self._people = country.everyday.population
        self._mules = frozenset(self._people.mules)
        self._page: Parameters = parameters()
        self._rng: Random = plain_stream(seed, Purpose.CALLS)
        self._kinds = {kind.name: kind for kind in self._page.scam_kinds}
        size = country.size
        self._ends_us = size.first_day_us + size.days * DAY_US

    def story(self) -> Story:
        rows = list(self._rows())
        told = [call for call in self._calls(rows) if call.call.time_us < self._ends_us]
        false = list(self._false_claims(len(told)))
        rows += [row for claim in false for row in claim.rows]
        rows.sort(key=lambda row: row.time_us)
        places = {row: place for place, row in enumerate(rows)}
        calls = [
            replace(one.call, rows=tuple(places[row] for row in one.rows))
            for one in (*told, *false)
            if one.call.time_us < self._ends_us
        ]
        calls.sort(key=lambda call: call.time_us)
        return Story(f"country-{self._country.seed}", tuple(rows), tuple(calls), self._ends_us)

    def _rows(self) -> Iterator[Planned]:
        """Yield the planned rows, some of them to honest sellers and to banks abroad instead."""
        seats, abroad = self._people.seats, len(self._country.accounts)
        ways: dict[tuple[str, int], bool] = {}
        for row in self._country.plan.rows:
            if row.debit in self._mules and row.credit in seats.merchants:
                sells = self._rng.random() < self._page.honest_seller_share
                yield row._replace(credit=self._honest(row.debit)) if sells else row
            elif row.credit in seats.exchanges:
                way = row.scam, row.debit
                if way not in ways:
                    ways[way] = self._rng.random() < self._page.abroad_share
                yield row._replace(credit=abroad) if ways[way] else row
            else:
                yield row

    def _calls(self, rows: list[Planned]) -> Iterator[_Told]:
        """Yield the calls of those victims who notice and report."""
        paid: dict[tuple[str, int], list[Planned]] = {}
        for row in rows:
            if row.is_claim:
                paid.setdefault((row.scam, row.debit), []).append(row)
        for (scam, _), losses in paid.items():
            kind = self._kinds[scam.rpartition("-")[0]]
            delay = self._page.notice_minutes[weighted(self._rng, kind.notice)]
            after_us = int(tailed(self._rng, delay.minutes, delay.spread) * MINUTE_US)
            if self._rng.random() < self._page.reporting_share:
                yield self._call(scam, kind.name, losses, losses[-1].time_us + after_us)

    def _call(self, scam: str, scam_type: str, losses: list[Planned], at_us: int) -> _Told:
        page, rng = self._page, self._rng
        through_bank = rng.random() < page.through_bank_share
        confirms_us = at_us + int(even(rng, page.confirm_minutes) * MINUTE_US)
        is_believed = rng.random() < page.believed_share
        complains_us = at_us + int(even(rng, page.complaint_hours) * HOUR_US)
        complains = rng.random() < page.complaint_share
        call = Call(
            time_us=at_us,
            scam=scam,
            caller=Caller.BANK if through_bank else Caller.VICTIM,
            scam_type=scam_type,
            rows=(),
            complains_us=complains_us if complains else None,
            confirms_us=confirms_us if is_believed and not through_bank else None,
        )
        return _Told(tuple(losses), call)

    def _false_claims(self, reports: int) -> Iterator[_Told]:
        """Yield lies about real payments; a bank can only confirm that they were made."""
        page, rng, size = self._page, self._rng, self._country.size
        count = round(reports * page.false_claims_share / (1 - page.false_claims_share))
        for number in range(count):
            payer = self._honest()
            paid_us = size.first_day_us + rng.randrange(size.days * DAY_US)
            row = Planned(
                paid_us,
                payer,
                self._honest(payer),
                whole(rng, page.false_claim_baht) * SATANG,
                Channel.PROMPTPAY,
                f"{FALSE}-{number + 1:04d}",
                Shape.PURCHASE,
                is_claim=False,
            )
            at_us = paid_us + int(even(rng, page.false_claim_hours) * HOUR_US)
            kind = page.scam_kinds[weighted(rng, [kind.weight for kind in page.scam_kinds])]
            confirms_us = at_us + int(even(rng, page.confirm_minutes) * MINUTE_US) + SECOND_US
            call = Call(at_us, row.scam, Caller.FALSE, kind.name, (), None, confirms_us)
            yield _Told((row,), call)

    def _honest(self, other_than: int = -1) -> int:
        while True:
            place = self._rng.randrange(len(self._people.seats.customers))
            if place not in self._mules and place != other_than:
                return place
