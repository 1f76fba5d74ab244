"""Going through a diary in time order: where stolen money is, and how much of it is held.

What a hold stands on is counted from what moved, not from what anybody believes. Of an account
on which several scams left money, what is held counts for the scam that the order serves first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from holdfast.documents.money_picture import MoneyPoint
from holdfast.simulation.events import Caller, Diary, Held, Moved, Reported


class Tally:
    """Where the stolen money of each scam is, after each entry of a diary."""

    def __init__(self, diary: Diary) -> None:
        self.stolen: Counter[str] = Counter()
        """By scam."""
        self.gone: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        """What holds stand on now, by scam."""
        self.most_held: Counter[str] = Counter()
        """The most that they stood on at once, by scam."""
        self.holdable: list[tuple[Reported, int]] = []
        """For each true report what lay in reach of its scam that no earlier one had told of."""
        self._diary = diary
        self._purses: dict[str, Counter[str]] = {}
        self._untold: dict[str, Counter[str]] = {}
        """The part of the purses that came after the last report of its scam; it leaves first."""
        self._holds: dict[str, Held] = {}
        self._standing: dict[str, Counter[str]] = {}
        self._told: dict[str, set[int]] = {}
        self._paid: dict[str, set[str]] = {}
        """The accounts that victims paid, by scam."""
        self._holdable: Counter[str] = Counter()

    def walk(self) -> Iterator[MoneyPoint]:
        """Go through the diary, and yield where the money is after each change."""
        entries: list[tuple[int, Moved | Reported | Held]] = [
            *((moved.time_us, moved) for moved in self._diary.moved),
            *((reported.call.time_us, reported) for reported in self._diary.reported),
            *((held.time_us, held) for held in self._diary.held),
        ]
        for time_us, entry in sorted(entries, key=lambda entry: entry[0]):
            if isinstance(entry, Reported):
                self._report(entry)
                continue
            if isinstance(entry, Moved):
                self._move(entry)
            else:
                self._holds[entry.account] = entry
                self._weigh(entry.account)
            stolen, gone = self.stolen.total(), self.gone.total()
            yield MoneyPoint(time_us, stolen, stolen - gone, self.held.total(), gone)

    def _move(self, moved: Moved) -> None:
        scam, untold_minor = moved.scam, moved.amount_minor
        if moved.is_claim:
            self.stolen[scam] += moved.amount_minor
            self._paid.setdefault(scam, set()).add(moved.credit)
        else:
            untold = self._untold.setdefault(moved.debit, Counter())
            untold_minor = min(moved.amount_minor, untold[scam])
            untold[scam] -= untold_minor
            self._put(moved.debit, scam, -moved.amount_minor)
        if moved.exit is None:
            self._untold.setdefault(moved.credit, Counter())[scam] += untold_minor
            self._put(moved.credit, scam, moved.amount_minor)
        else:
            self.gone[scam] += moved.amount_minor

    def _report(self, reported: Reported) -> None:
        """Count as holdable what rests, but of what several victims paid only what was told of."""
        call = reported.call
        if call.caller is Caller.FALSE:
            return
        told = self._told.setdefault(call.scam, set())
        told.update(call.rows)
        rows = self._diary.story.rows
        room_minor = sum(rows[row].amount_minor for row in told) - self._holdable[call.scam]
        before_minor = room_minor
        for untold in self._told_first(call.scam):
            part_minor = min(untold[call.scam], room_minor)
            untold[call.scam] -= part_minor
            room_minor -= part_minor
        self._holdable[call.scam] += before_minor - room_minor
        self.holdable.append((reported, before_minor - room_minor))

    def _told_first(self, scam: str) -> list[Counter[str]]:
        """Return what nobody has told of by account, those that victims paid before all others."""
        paid = self._paid.get(scam, set())
        places = sorted(self._untold.items(), key=lambda item: item[0] not in paid)
        return [untold for _, untold in places]

    def _put(self, account: str, scam: str, amount_minor: int) -> None:
        self._purses.setdefault(account, Counter())[scam] += amount_minor
        if account in self._holds:
            self._weigh(account)

    def _weigh(self, account: str) -> None:
        """Find what the hold on an account stands on, and remember the most."""
        hold, purse = self._holds[account], self._purses.get(account, Counter())
        self.held -= self._standing.pop(account, Counter())
        standing: Counter[str] = Counter()
        left_minor = hold.held_minor
        for scam in sorted(purse, key=lambda scam: (scam != hold.scam, scam)):
            standing[scam] = max(min(purse[scam], left_minor), 0)
            left_minor -= standing[scam]
        self._standing[account] = standing
        self.held += standing
        for scam in standing:
            self.most_held[scam] = max(self.most_held[scam], self.held[scam])
