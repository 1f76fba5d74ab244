"""The month as it happens: each day's everyday and planned payments, posted in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.core.instant import DAY_US
from holdfast.simulation.chance import Purpose, stream
from holdfast.simulation.parameters import Channel
from holdfast.simulation.payments import CHANNELS, Everyday, Payments
from holdfast.simulation.plot import Planned
from holdfast.simulation.population import SATANG
from holdfast.simulation.posting import EVERYDAY, Books, Posting, post
from holdfast.simulation.scams import Plan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from holdfast.simulation.chance import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A day's transfers in order, a column each; accounts are positions in the country's list."""

    first: int
    """How many transfers came before this batch."""
    times_us: Ints
    debits: Ints
    credits: Ints
    amounts_minor: Ints
    channels: Ints
    """Positions in `CHANNELS`."""
    debit_before_minor: Ints
    credit_before_minor: Ints
    debit_reported: npt.NDArray[np.bool_]
    """Whether the bank reports this balance; where it does not, nobody is to see it."""
    credit_reported: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.times_us)


def month(everyday: Everyday, plan: Plan, openings_minor: Sequence[int]) -> Iterator[Batch]:
    """Yield the days in order, starting from the opening balance of every account."""
    books = Books(
        balances_minor=list(openings_minor),
        reserved_minor=[plan.needs_minor.get(n, 0) for n in range(len(openings_minor))],
        cash=everyday.population.seats.cash.start,
        note_minor=everyday.parameters.cash_note_baht * SATANG,
    )
    first = 0
    for day in range(everyday.size.days):
        batch = _day(everyday, plan, books, day, first)
        first += len(batch)
        yield batch


def places_of_plan(everyday: Everyday, plan: Plan) -> Iterator[tuple[int, Planned]]:
    """Yield the planned rows with how many transfers of the month come before each."""
    import numpy as np

    first = 0
    for day in range(everyday.size.days):
        rows = plan.rows[_rows_of(everyday, plan, day)]
        times_us = np.sort(everyday.times(day))
        before = np.searchsorted(times_us, [row.time_us for row in rows], side="left").tolist()
        for rank, (row, earlier) in enumerate(zip(rows, before, strict=True)):
            yield first + earlier + rank, row
        first += len(times_us) + len(rows)


def _rows_of(everyday: Everyday, plan: Plan, day: int) -> slice:
    start_us = everyday.size.first_day_us + day * DAY_US
    return plan.between(start_us, start_us + DAY_US)


def _day(everyday: Everyday, plan: Plan, books: Books, day: int, first: int) -> Batch:

    payments, earmarks = _ordered(everyday, plan, day)
    posting = Posting(
        debits=payments.debits.tolist(),
        credits=payments.credits.tolist(),
        amounts_minor=payments.amounts_minor.tolist(),
        earmarks_minor=earmarks.tolist(),
    )
    post(posting, books)
    payments.channels[posting.paid_in] = CHANNELS.index(Channel.CASH)
    debits, credits_ = _column(posting.debits), _column(posting.credits)
    rng = stream(everyday.seed, Purpose.REPORTS, day)
    reported = rng.random((2, len(debits))) < everyday.parameters.balance_reported_share
    return Batch(
        first=first,
        times_us=payments.times_us,
        debits=debits,
        credits=credits_,
        amounts_minor=_column(posting.amounts_minor),
        channels=payments.channels,
        debit_before_minor=_column(posting.debit_before_minor),
        credit_before_minor=_column(posting.credit_before_minor),
        debit_reported=reported[0] & (debits != books.cash),
        credit_reported=reported[1] & (credits_ != books.cash),
    )


def _column(cells: Sequence[int]) -> Ints:
    import numpy as np

    return np.array(cells, dtype=np.int64)


def _ordered(everyday: Everyday, plan: Plan, day: int) -> tuple[Payments, Ints]:
    """Return a day's payments in time order, planned ones first where two meet, and earmarks."""
    import numpy as np

    where, drawn = _rows_of(everyday, plan, day), everyday.payments(day)
    rows = plan.rows[where]
    earmarks = np.full(len(rows) + len(drawn.times_us), EVERYDAY)
    earmarks[: len(rows)] = plan.earmarks_minor[where]
    columns = (
        ([row.time_us for row in rows], drawn.times_us),
        ([row.debit for row in rows], drawn.debits),
        ([row.credit for row in rows], drawn.credits),
        ([row.amount_minor for row in rows], drawn.amounts_minor),
        ([CHANNELS.index(row.channel) for row in rows], drawn.channels),
    )
    joined = [np.concatenate((_column(mine), theirs)) for mine, theirs in columns]
    order = np.argsort(joined[0], kind="stable")
    return Payments(*(column[order] for column in joined)), earmarks[order]
