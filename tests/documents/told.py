"""Builds answers by hand for the pictures and tables: a small story of payments, oldest first."""

from __future__ import annotations

from collections import defaultdict

from holdfast.core.instant import SECOND_US, parse_instant
from holdfast.trail.answer import Answer, Claim, Exit, Exposed, Hop, Overheld, Resting
from holdfast.trail.question import Rule

START_US = parse_instant("2026-03-01T02:00:00Z")
BANKS = ("004", "014", "002", "025", "030", "006", "034", "011", "069", "073", "022", "024", "067")


def account(bank: int, number: int) -> str:
    """Return the account `number` at one of the banks of these stories."""
    return f"TH.THCBC.{BANKS[bank % len(BANKS)]}.{number:010d}"


class Story:
    """Moves claimed money, and answers what a trail would answer for it."""

    def __init__(self) -> None:
        self.lots: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.hops: list[Hop] = []
        self.claims: list[Claim] = []
        self.exits: dict[tuple[str, str, str], int] = defaultdict(int)
        self.hop_of: dict[str, int] = {}
        self.held: dict[tuple[str, str], int] = defaultdict(int)
        self.overheld: list[Overheld] = []

    def claim(self, name: str, second: int, debit: str, credit: str, amount_minor: int) -> None:
        """Pay from a victim; the claim is the payment's name."""
        self.claims.append(Claim(name, amount_minor, amount_minor))
        self.hop_of.setdefault(credit, 1)
        self._arrive(name, second, debit, credit, [(name, amount_minor)])

    def pay(
        self, name: str, second: int, debit: str, credit: str, amount_minor: int, ends: str = ""
    ) -> None:
        """Pay on from the oldest money of an account; `ends` is the kind of an exit."""
        carried = self.take(debit, amount_minor)
        if not ends:
            self.hop_of.setdefault(credit, self.hop_of[debit] + 1)
        self._arrive(name, second, debit, credit, carried, ends)

    def leave(self, kind: str, debit: str, amount_minor: int) -> None:
        """Let money leave the trail where it is."""
        for claim, part in self.take(debit, amount_minor):
            self.exits[kind, debit, claim] += part

    def total(self, name: str) -> int:
        """Return the claimed money in an account."""
        return sum(amount for _, amount in self.lots[name])

    def take(self, debit: str, amount_minor: int) -> list[tuple[str, int]]:
        """Take from the oldest lots of an account."""
        carried = []
        while amount_minor and self.lots[debit]:
            claim, amount = self.lots[debit].pop(0)
            part = min(amount, amount_minor)
            if amount > part:
                self.lots[debit].insert(0, (claim, amount - part))
            carried.append((claim, part))
            amount_minor -= part
        return carried

    def _arrive(
        self,
        name: str,
        second: int,
        debit: str,
        credit: str,
        carried: list[tuple[str, int]],
        ends: str = "",
    ) -> None:
        tainted: dict[str, int] = defaultdict(int)
        for claim, part in carried:
            tainted[claim] += part
            if ends:
                self.exits[ends, credit, claim] += part
        if not ends:
            self.lots[credit] += carried
        time_us = START_US + second * SECOND_US
        amount_minor = sum(tainted.values())
        self.hops.append(Hop(name, time_us, debit, credit, amount_minor, dict(tainted)))

    def answer(self, rule: Rule = Rule.FIFO, **more: object) -> Answer:
        """Return the answer of this story."""
        resting: dict[tuple[str, str], int] = defaultdict(int)
        for name, lots in self.lots.items():
            for claim, amount in lots:
                resting[name, claim] += amount
        fields: dict[str, object] = {
            "rule": rule,
            "as_of_us": None,
            "currency": "THB",
            "waiting": (),
            "claims": tuple(self.claims),
            "resting": tuple(
                Resting(name, claim, amount, self.held[name, claim], self.hop_of[name])
                for (name, claim), amount in sorted(resting.items())
            ),
            "exits": tuple(Exit(*key, amount) for key, amount in sorted(self.exits.items())),
            "overheld": tuple(self.overheld),
            "hops": tuple(self.hops),
        }
        return Answer(**(fields | more))  # type: ignore[arg-type]


def small_story() -> Story:
    """Return a story of one claim over three banks, with every common ending."""
    story = Story()
    victim, mule, second, shop, third = (
        account(0, 101),
        account(1, 202),
        account(2, 303),
        account(2, 900),
        account(1, 404),
    )
    story.claim("P-1", 0, victim, mule, 5_000_000)
    story.pay("P-2", 150, mule, second, 3_000_000)
    story.pay("P-3", 170, mule, third, 1_200_000)
    story.pay("P-4", 3600, second, shop, 400_000, "stop")
    story.pay("P-5", 3 * 86400, mule, victim, 100_000, "returned")
    story.leave("unrecorded", third, 200_000)
    story.held[second, "P-1"] = 1_500_000
    return story


def long_story() -> Story:
    """Return a story of three claims, thirty transfers and six banks."""
    story = Story()
    story.claim("S7-000471", 0, account(0, 1101), account(1, 2201), 12_500_000)
    story.pay("T-01", 65, account(1, 2201), account(2, 3301), 5_000_000)
    story.pay("T-02", 80, account(1, 2201), account(3, 4401), 4_900_000)
    story.pay("T-03", 96, account(1, 2201), account(4, 5501), 2_000_000)
    story.claim("S7-000632", 240, account(5, 1201), account(1, 2201), 3_000_000)
    story.pay("T-04", 300, account(2, 3301), account(3, 4402), 2_500_000)
    story.pay("T-05", 330, account(2, 3301), account(5, 6601), 2_400_000)
    story.pay("T-06", 500, account(1, 2201), account(2, 3302), 3_100_000)
    story.claim("S7-000955", 1000, account(2, 1301), account(2, 3302), 800_000)
    story.pay("T-07", 1400, account(3, 4401), account(0, 7701), 4_000_000)
    story.pay("T-08", 1460, account(3, 4402), account(0, 7701), 2_000_000)
    story.pay("T-09", 1500, account(4, 5501), account(4, 90001), 350_000, "stop")
    story.pay("T-10", 2100, account(2, 3302), account(3, 4403), 2_000_000)
    story.pay("T-11", 2160, account(2, 3302), account(4, 5502), 1_500_000)
    story.pay("T-12", 3000, account(0, 7701), account(5, 6602), 3_000_000)
    story.pay("T-13", 3100, account(0, 7701), account(1, 2202), 1_000_000)
    story.pay("T-14", 3200, account(0, 7701), account(4, 5503), 900_000)
    story.pay("T-15", 5000, account(5, 6601), account(5, 6602), 700_000)
    story.pay("T-16", 9000, account(5, 6602), account(3, 90002), 250_000, "stop")
    story.pay("T-17", 14000, account(1, 2202), account(0, 1101), 50_000, "returned")
    story.pay("T-18", 40000, account(5, 6602), account(2, 3303), 1_200_000)
    story.pay("T-19", 41000, account(2, 3303), account(1, 2203), 600_000)
    story.pay("T-20", 41020, account(2, 3303), account(1, 2204), 500_000)
    story.pay("T-21", 41500, account(4, 5502), account(0, 7702), 700_000)
    story.pay("T-22", 90000, account(0, 7702), account(5, 6603), 9_000, "immaterial")
    story.pay("T-23", 91000, account(3, 4403), account(0, 7703), 1_100_000)
    story.pay("T-24", 180000, account(0, 7703), account(2, 3304), 600_000)
    story.pay("T-25", 260000, account(2, 3304), account(4, 5504), 300_000, "beyond")
    story.pay("T-26", 261000, account(4, 5503), account(1, 2205), 400_000)
    story.pay("T-27", 262000, account(4, 5503), account(0, 7701), 200_000)
    story.leave("unrecorded", account(5, 6602), 800_000)
    story.held[account(0, 7701), "S7-000471"] = 1_000_000
    story.held[account(5, 6602), "S7-000471"] = 500_000
    story.held[account(2, 3302), "S7-000632"] = 100_000
    return story


def crowded_story(transfers: int = 400) -> Story:
    """Return a story of twelve claims that spread over hundreds of accounts; no chance in it."""
    story = Story()
    state = 12345
    for place in range(12):
        story.claim(
            f"C-{place:02d}",
            place * 700,
            account(place, 100 + place),
            account(place + 3, 1000 + place % 5),
            400_000 + 731_000 * (place % 4),
        )
    for place in range(transfers):
        state = (state * 1103515245 + 12345) % 2**31
        rich = sorted(
            (name for name in story.lots if story.total(name) > 20_000),
            key=lambda name: -story.total(name),
        )
        debit = rich[state % min(len(rich), 9)]
        credit = account(state // 7, 5000 + state // 11 % 320)
        if credit == debit:
            continue
        amount = story.total(debit) * (2 + state // 13 % 6) // 10
        second = 9000 + place * 97 + (place // 90) * 86_000
        ends = "stop" if state % 23 == 0 else ""
        story.pay(f"X-{place:04d}", second, debit, credit, amount, ends)
    return story


def exposure() -> Answer:
    """Return an answer of `poison`."""
    return Answer(
        rule=Rule.POISON,
        as_of_us=None,
        currency="THB",
        waiting=(),
        claims=(Claim("P-1", 5_000_000, 5_000_000),),
        exposed=tuple(
            Exposed(
                account(place % 4, 100 + place),
                1 + place // 3,
                START_US + place * place * 400 * SECOND_US,
                f"P-{place + 1}",
            )
            for place in range(9)
        ),
    )
