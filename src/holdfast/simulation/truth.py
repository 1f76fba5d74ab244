"""The planted truth: which satang at which account are stolen, whatever anybody believes.

Money is stolen when a victim's payment is made, and moves when a payment that moves it is made,
wholly or partly. An account that has stolen and other money pays on what its scam planned to pay
on first, and everything else from its other money as long as that lasts. Money that a bank holds
stays, and is the stolen money as far as there is any. Who is honest and is
paid with stolen money keeps it: a worker of a shell, a seller of goods. So what a shell mixes
leaves it in the order of its own plan, the stolen part before the part that is its own.

Nothing of a centre may read this; the score and whoever plays the world do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.simulation.events import Exit, Part, Story
from holdfast.simulation.plot import Planned

CROOKED = frozenset({Part.MULE, Part.SHELL})
"""Who holds stolen money for others; everybody else who is paid with it keeps it."""
_EXITS = {
    Part.CASH: Exit.CASH,
    Part.EXCHANGE: Exit.EXCHANGE,
    Part.MERCHANT: Exit.MERCHANT,
    Part.BILLER: Exit.MERCHANT,
    Part.GOVERNMENT: Exit.MERCHANT,
    Part.ABROAD: Exit.ABROAD,
}


@dataclass(frozen=True, slots=True)
class Carried:
    """Stolen money that went along with a payment."""

    scam: str
    amount_minor: int
    exit: Exit | None
    """How it left reach; None where it rests at the account that was paid."""


class Truth:
    """Where all stolen money is; accounts are places in the list of a world's accounts."""

    def __init__(self, story: Story, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._purses: dict[int, dict[str, int]] = {}
        self._stolen: Counter[str] = Counter()
        self._gone: dict[str, Counter[Exit]] = {}
        self._pinned_minor: dict[int, int] = {}
        self._victims = {(row.scam, row.debit) for row in story.rows if row.is_claim}

    @property
    def loaded(self) -> Collection[int]:
        """The accounts that have stolen money now; it stays true as money moves."""
        return self._purses.keys()

    def execute(self, row: Planned, paid_minor: int, left_minor: int) -> list[Carried]:
        """Let a planned payment take place with what was paid of it.

        `left_minor` is what the account that paid has afterwards, all money together.
        """
        moved = [] if row.is_claim else [*self._take(row.debit, row.scam, paid_minor)]
        own_minor = paid_minor - sum(amount for _, amount in moved)
        moved += self._overdrawn(row.debit, left_minor, own_minor)
        if row.is_claim:
            fresh_minor = paid_minor - sum(amount for _, amount in moved)
            if fresh_minor:
                self._stolen[row.scam] += fresh_minor
                moved.append((row.scam, fresh_minor))
        return self._put(row.credit, moved)

    def spend(self, debit: int, credit: int, paid_minor: int, left_minor: int) -> list[Carried]:
        """Let a payment of everyday life take place: from other money, as long as that lasts."""
        return self._put(credit, [*self._overdrawn(debit, left_minor, paid_minor)])

    def pin(self, account: int, held_minor: int) -> None:
        """Let so much of what is on an account stay: its bank holds that."""
        self._pinned_minor[account] = held_minor

    def at(self, account: int, scam: str | None = None) -> int:
        """Return the stolen money on an account, of one scam or of all."""
        purse = self._purses.get(account, {})
        return sum(purse.values()) if scam is None else purse.get(scam, 0)

    def stolen(self, scam: str) -> int:
        """Return what a scam has taken from its victims by now."""
        return self._stolen[scam]

    def resting(self, scam: str) -> Mapping[int, int]:
        """Return what of it rests where, at banks."""
        return {account: purse[scam] for account, purse in self._purses.items() if scam in purse}

    def reachable(self, scam: str) -> int:
        """Return how much of it could be held now."""
        return sum(self.resting(scam).values())

    def gone(self, scam: str) -> Mapping[Exit, int]:
        """Return how much of it is out of reach, and how it got there."""
        return dict(self._gone.get(scam, {}))

    def is_innocent(self, account: int) -> bool:
        """Whether the holder has no part in any scam."""
        return self._parts[account] not in CROOKED

    def _take(self, account: int, scam: str, most_minor: int) -> Iterator[tuple[str, int]]:
        purse = self._purses.get(account, {})
        free_minor = max(sum(purse.values()) - self._pinned_minor.get(account, 0), 0)
        taken_minor = min(purse.get(scam, 0), most_minor, free_minor)
        if taken_minor:
            purse[scam] -= taken_minor
            if not purse[scam]:
                del purse[scam]
            if not purse:
                del self._purses[account]
            yield scam, taken_minor

    def _overdrawn(
        self, account: int, left_minor: int, most_minor: int
    ) -> Iterator[tuple[str, int]]:
        """Take what can't be there any more, because the account has less than that left."""
        excess_minor = min(self.at(account) - left_minor, most_minor)
        for scam in list(self._purses.get(account, {})):
            if excess_minor <= 0:
                return
            for taken in self._take(account, scam, excess_minor):
                excess_minor -= taken[1]
                yield taken

    def _put(self, account: int, moved: list[tuple[str, int]]) -> list[Carried]:
        carried = [Carried(scam, amount, self._exit(scam, account)) for scam, amount in moved]
        for part in carried:
            if part.exit is None:
                purse = self._purses.setdefault(account, {})
                purse[part.scam] = purse.get(part.scam, 0) + part.amount_minor
            else:
                self._gone.setdefault(part.scam, Counter())[part.exit] += part.amount_minor
        return carried

    def _exit(self, scam: str, account: int) -> Exit | None:
        part = self._parts[account]
        if part in CROOKED:
            return None
        if (scam, account) in self._victims:
            return Exit.RETURNED
        return _EXITS.get(part, Exit.HONEST)


def carried_by_plan(story: Story, parts: Sequence[Part]) -> tuple[int, ...]:
    """Return how much stolen money each row moves on by itself if nobody stops anything."""
    truth = Truth(story, parts)
    carried = (truth.execute(row, row.amount_minor, 2**62) for row in story.rows)
    return tuple(
        0 if row.is_claim else sum(part.amount_minor for part in moved)
        for row, moved in zip(story.rows, carried, strict=True)
    )
