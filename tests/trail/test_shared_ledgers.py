"""The engine gives what the oracle gives on two large generated ledgers, all claims at once."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.trail.plain import plain_answer
from tests.trail.worlds import comparable

from holdfast.core.instant import parse_instant
from holdfast.core.money import parse_minor
from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import Transfer
from holdfast.trail.gather import follow, follow_in_rounds
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
HOUR_US = 3_600_000_000


class MuleStops:
    """The shops and the cash point of the mules ledger."""

    def __contains__(self, account: object) -> bool:
        number = str(account).rsplit(".", 1)[-1]
        return number.startswith("00009") or account == "TH.THCBC.000.CASH"


@dataclass(frozen=True, eq=False)
class Case:
    """A ledger and the claims made in it."""

    transfers: tuple[Transfer, ...]
    claims: tuple[str, ...]
    stops: Container[str]

    @property
    def holds(self) -> tuple[HoldEvent, ...]:
        """Holds on every third claim where it was paid in, an hour later; each second is released."""
        by_id = {transfer.transfer_id: transfer for transfer in self.transfers}
        return tuple(self._hold_events([by_id[claim] for claim in self.claims[::3]]))

    def _hold_events(self, claims: list[Transfer]) -> Iterator[HoldEvent]:
        for number, claim in enumerate(claims):
            name, time_us = f"H{number}", claim.time_us + HOUR_US
            amount = claim.amount_minor * 2 // 3 + 1
            yield HoldEvent(
                time_us, HoldKind.HOLD, name, claim.credit_account, claim.transfer_id, amount
            )
            if number % 2:
                yield HoldEvent(time_us + 24 * HOUR_US, HoldKind.RELEASE, name)


def _rows(name: str) -> list[dict[str, str]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data folder has no {name} beside this checkout")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _transfer(row: dict[str, str]) -> Transfer:
    before = [
        parse_minor(row[name], row["currency"]) if row[name] else None
        for name in ("debit_balance_before", "credit_balance_before")
    ]
    return Transfer(
        parse_instant(row["time"]),
        int(row.get("seq") or 0),
        row["transfer_id"],
        row["debit_account"],
        row["credit_account"],
        parse_minor(row["amount"], row["currency"]),
        row["currency"],
        before[0],
        before[1],
    )


@cache
def _case(name: str) -> Case:
    rows = _rows(f"{name}/ledger.csv")
    transfers = tuple(_transfer(row) for row in rows)
    if name == "mules":
        claims = tuple(row["transfer_id"] for row in _rows("mules/claims.csv"))
        return Case(transfers, claims, MuleStops())
    chosen = [
        transfer.transfer_id
        for number, (row, transfer) in enumerate(zip(rows, transfers, strict=True))
        if (row["label"] or number % 20 == 0) and not transfer.to_itself
    ]
    return Case(transfers, tuple(chosen), frozenset())


@pytest.fixture(params=["amlgentex", "mules"])
def case(request: pytest.FixtureRequest) -> Case:
    """One of the two ledgers."""
    return _case(request.param)


@cache
def _ledger(case: Case) -> MemoryLedger:
    return MemoryLedger(case.transfers)


def _agrees(case: Case, question: Question) -> dict[str, Any]:
    wanted = comparable(plain_answer(case.transfers, question))
    assert comparable(follow(_ledger(case), question)) == wanted
    return wanted


@pytest.mark.parametrize("ignore_balances", [False, True])
@pytest.mark.parametrize("rule", Rule)
def test_all_claims_together_are_followed_as_the_oracle_does(
    case: Case, rule: Rule, ignore_balances: bool
) -> None:
    """With and without the balances that banks report, by each rule, the answers are equal."""
    question = Question(case.claims, rule, stops=case.stops, ignore_balances=ignore_balances)
    answer = _agrees(case, question)
    assert answer["resting" if rule is not Rule.POISON else "exposed"]


@pytest.mark.parametrize("rule", Rule)
def test_rounds_give_what_following_gives(case: Case, rule: Rule) -> None:
    """Asking for all missing accounts at once gives the same answer as asking one by one."""
    question = Question(case.claims, rule, stops=case.stops, holds=case.holds)
    assert follow_in_rounds(_ledger(case), question) == follow(_ledger(case), question)


@pytest.mark.parametrize("rule", [Rule.FIFO, Rule.LIFO, Rule.PRO_RATA])
def test_holds_stop_the_trail_as_the_oracle_says(case: Case, rule: Rule) -> None:
    """With holds on every third claim, some released, the answers are equal."""
    question = Question(case.claims, rule, stops=case.stops, holds=case.holds)
    answer = _agrees(case, question)
    assert any(row["held"] for row in answer["resting"])


@pytest.mark.parametrize("rule", [Rule.FIFO, Rule.POISON])
def test_bounded_pictures_are_those_of_the_oracle(case: Case, rule: Rule) -> None:
    """Few hops, no small slices, and an instant in the middle: the answers are equal."""
    middle = sorted(case.transfers)[len(case.transfers) // 2].time_us
    question = Question(
        case.claims, rule, as_of_us=middle, max_hops=3, min_amount_minor=5000, stops=case.stops
    )
    answer = _agrees(case, question)
    assert answer["waiting"]
