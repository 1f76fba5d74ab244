"""Victims, mules and the reports about them, for the order benchmark: made from a seed.

Each victim pays a mule, who sends it on over one to five accounts, sometimes in two parts,
sometimes keeping a share; every mule had some money of its own before. One victim in five pays
the same first mule as the one before, so that their trails are settled together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from holdfast.core.instant import SECOND_US, format_instant
from holdfast.core.money import format_minor
from holdfast.ledger.transfer import Transfer

SEED = 1
BANKS = 100
HOPS_MAX = 5
SHARED_FIRST_MULE = 0.2
TWO_PARTS = 0.4
KEEPS_A_SHARE = 0.4
TOLD_BY_FACTS = 0.3
"""Share of reports without a reference: accounts, amount and time instead."""
CURRENCY = "THB"


@dataclass(frozen=True, slots=True)
class Told:
    """A report to be sent, and the payment it tells of."""

    transfer_id: str
    body: bytes


def bank_name(number: int) -> str:
    """Return a bank's institution id; banks count from 0."""
    return f"TH.THCBC.{number + 1:03d}"


class OrdersWorld:
    """Makes victims one after the other; what they pay lies between `begin_us` and `end_us`."""

    def __init__(self, victims: int, begin_us: int, end_us: int) -> None:
        self._random = Random(SEED)  # noqa: S311
        self._accounts = 0
        self._transfers = 0
        self._first_mule = ""
        self.transfers: list[Transfer] = []
        self.reports: list[Told] = []
        apart_us = max((end_us - begin_us) // (victims + 1), 1)
        for number in range(victims):
            self._add_victim(number, begin_us + number * apart_us)

    def _add_victim(self, number: int, paid_us: int) -> None:
        chance = self._random
        victim = self._account()
        if not self._first_mule or chance.random() >= SHARED_FIRST_MULE:
            self._first_mule = self._mule(paid_us)
        amount_minor = chance.randrange(5_000_00, 500_000_00)
        payment = self._pay(victim, self._first_mule, amount_minor, paid_us)
        self._send_on(self._first_mule, amount_minor, paid_us, chance.randint(0, HOPS_MAX - 1))
        self.reports.append(Told(payment.transfer_id, self._told(number, payment)))

    def _send_on(self, holder: str, amount_minor: int, since_us: int, hops: int) -> None:
        """Let a holder send on what came in, until the hops are used up."""
        chance = self._random
        if not hops:
            return
        if chance.random() < KEEPS_A_SHARE:
            amount_minor -= amount_minor * chance.randint(10, 40) // 100
        parts = [amount_minor]
        if chance.random() < TWO_PARTS:
            first = amount_minor * chance.randint(30, 70) // 100
            parts = [first, amount_minor - first]
        for part in parts:
            time_us = since_us + chance.randrange(20, 200) * SECOND_US
            mule = self._mule(since_us)
            self._pay(holder, mule, part, time_us)
            # Of two branches one ends here, so that trails stay chains with splits.
            self._send_on(mule, part, time_us, hops - 1 if part is parts[0] else 0)

    def _told(self, number: int, payment: Transfer) -> bytes:
        told: dict[str, object] = {"transfer_id": payment.transfer_id}
        if self._random.random() < TOLD_BY_FACTS:
            told = {
                "from_account": payment.debit_account,
                "to_account": payment.credit_account,
                "amount": format_minor(payment.amount_minor, payment.currency),
                "currency": payment.currency,
                "time": format_instant(payment.time_us),
            }
        report = {
            "via": "centre",
            "reporter": {"name": f"Caller {number}", "phone": f"+6681{number % 10**7:07d}"},
            "happened": "A caller said that a parcel was held at the customs office.",
            "payments": [told],
        }
        return json.dumps(report).encode()

    def _mule(self, since_us: int) -> str:
        """Return a new account that had a little money of its own an hour before."""
        mule = self._account()
        for _ in range(self._random.randint(1, 3)):
            earlier_us = since_us - self._random.randrange(3600, 7200) * SECOND_US
            self._pay(self._account(), mule, self._random.randrange(10_00, 900_00), earlier_us)
        return mule

    def _account(self) -> str:
        self._accounts += 1
        return f"{bank_name(self._random.randrange(BANKS))}.{self._accounts:010d}"

    def _pay(self, debit: str, credit: str, amount_minor: int, time_us: int) -> Transfer:
        self._transfers += 1
        transfer = Transfer(
            time_us=time_us,
            seq=0,
            transfer_id=f"P{self._transfers:09d}",
            debit_account=debit,
            credit_account=credit,
            amount_minor=amount_minor,
            currency=CURRENCY,
        )
        self.transfers.append(transfer)
        return transfer


def arrivals(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Yield when reports come, in seconds from the begin: at random, `rate` a second on average."""
    chance, at_s = Random(seed), 0.0  # noqa: S311
    while (at_s := at_s + chance.expovariate(rate)) < seconds:
        yield at_s
