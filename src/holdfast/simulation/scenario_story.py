"""What the lines of a scenario told, joined into a story: rows, scams, calls, accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from holdfast.simulation.events import NO_SCAM, Call, Caller, Part, Player, Story, Turn
from holdfast.simulation.parameters import Channel, Shape
from holdfast.simulation.plot import Planned

CREWS = frozenset({Part.MULE, Part.SHELL})
"""Those who pass stolen money on; accounts of theirs that pay each other serve one scam."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story with all that it needs: who is in it, and how banks and the centre behave."""

    story: Story
    cast: tuple[Player, ...]
    """The accounts that the story's rows name by their place."""
    turns: tuple[Turn, ...]
    """In time order; every bank answers well until its first."""
    begins_us: int
    """Midnight at which day 1 begins, in the country's own zone."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that a line told of; people are named, times run from the midnight of day 1."""

    time_us: int
    debit: str
    credit: str
    amount_minor: int
    channel: Channel = Channel.PROMPTPAY
    scam_type: str | None = None
    """What kind of scam makes a victim pay, or None."""


@dataclass(frozen=True, slots=True)
class CallTold:
    """A report that a line told of."""

    time_us: int
    name: str
    caller: Caller
    payments: tuple[int, ...]
    """Places in the list of payments."""
    scam_type: str | None
    """What a false report says it was; a true one tells of what the payments were."""
    complains_us: int | None = None
    confirms_us: int | None = None


@dataclass(slots=True)
class Told:
    """What has been told up to a line; everything in time order."""

    people: dict[str, Player] = field(default_factory=dict)
    balances_minor: dict[str, int] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    calls: list[CallTold] = field(default_factory=list)

    def add(self, player: Player) -> None:
        """Make somebody known, with nothing yet beyond the opening."""
        self.people[player.name] = player
        self.balances_minor[player.name] = player.opening_minor

    def open(self, name: str, amount_minor: int) -> None:
        """Give somebody an amount to begin with."""
        self.people[name] = replace(self.people[name], opening_minor=amount_minor)
        self.balances_minor[name] = amount_minor

    def pay(self, payment: Payment) -> None:
        """Move money that is there; who pays a scam becomes a victim."""
        self.payments.append(payment)
        self.balances_minor[payment.debit] -= payment.amount_minor
        self.balances_minor[payment.credit] += payment.amount_minor
        if payment.scam_type is not None:
            self._become(payment.debit, Part.VICTIM)

    def call(self, call: CallTold) -> None:
        """Let somebody report; who does so falsely becomes a competitor."""
        self.calls.append(call)
        if call.caller is Caller.FALSE:
            self._become(call.name, Part.COMPETITOR)

    def met(self, name: str) -> bool:
        """Whether somebody has paid or been paid."""
        return any(name in {row.debit, row.credit} for row in self.payments)

    def paid(self, name: str, *, scams: bool) -> tuple[int, ...]:
        """Return the places of what somebody paid: as a victim, or for something real."""
        return tuple(
            place
            for place, row in enumerate(self.payments)
            if row.debit == name and (row.scam_type is not None) is scams
        )

    def last_call(self, name: str) -> int | None:
        """Return the place of somebody's last call, or None."""
        places = [place for place, call in enumerate(self.calls) if call.name == name]
        return places[-1] if places else None

    def _become(self, name: str, part: Part) -> None:
        player = self.people[name]
        if player.part is Part.PERSON:
            self.people[name] = replace(player, part=part)


def story_of(name: str, told: Told, begins_us: int, ends_us: int) -> Story:
    """Return the story with instants since 1970; `ends_us` runs from the midnight of day 1."""
    seats = {player: seat for seat, player in enumerate(told.people)}
    scams = _scams(told)
    rows = tuple(
        Planned(
            begins_us + row.time_us,
            seats[row.debit],
            seats[row.credit],
            row.amount_minor,
            row.channel,
            scam,
            Shape.CHAIN,  # drawn plots have others; nothing is read from it here
            row.scam_type is not None,
        )
        for row, scam in zip(told.payments, scams, strict=True)
    )
    calls = tuple(_calls(told, scams, begins_us))
    return Story(name, rows, calls, begins_us + ends_us)


def _scams(told: Told) -> list[str]:
    """Return the scam of each payment: one for all victims of mules who pay each other."""
    leaders = {name: name for name in told.people}
    for row in told.payments:
        if _is_crew(told, row.debit) and _is_crew(told, row.credit):
            leaders[_leader(leaders, row.debit)] = _leader(leaders, row.credit)
    names: dict[str, str] = {}
    for row in told.payments:
        if row.scam_type is not None:
            number = len(names) + 1
            names.setdefault(_leader(leaders, row.credit), f"{row.scam_type}-{number:04d}")
    return [
        names.get(_leader(leaders, row.credit if row.scam_type else row.debit), NO_SCAM)
        if row.scam_type or _is_crew(told, row.debit)
        else NO_SCAM
        for row in told.payments
    ]


def _is_crew(told: Told, name: str) -> bool:
    return told.people[name].part in CREWS


def _leader(leaders: dict[str, str], name: str) -> str:
    while leaders[name] != name:
        name = leaders[name]
    return name


def _calls(told: Told, scams: Sequence[str], begins_us: int) -> Iterator[Call]:
    """Yield a call for each scam that a caller was hit by; a false one has a name of its own."""
    for number, call in enumerate(told.calls, start=1):
        by_scam: dict[str, list[int]] = {}
        for place in call.payments:
            scam = f"false-{number:04d}" if call.caller is Caller.FALSE else scams[place]
            by_scam.setdefault(scam, []).append(place)
        for scam, rows in by_scam.items():
            yield Call(
                begins_us + call.time_us,
                scam,
                call.caller,
                call.scam_type or told.payments[rows[-1]].scam_type or "",
                tuple(rows),
                None if call.complains_us is None else begins_us + call.complains_us,
                None if call.confirms_us is None else begins_us + call.confirms_us,
            )
