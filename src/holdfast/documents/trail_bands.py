"""How thick everything in a trail picture is, and where on its row each ribbon leaves and joins.

A row carries a band as thick as the claimed money in its accounts at that time, one stripe a
group of claims; a transfer is a ribbon from one band to another, as thick as what it carried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.trail.answer import Answer, Hop

THICKNESS_MIN = 0.8
"""Pixels; what would be thinner is drawn like this, and the legend says so."""


@dataclass(frozen=True, slots=True)
class Strand:
    """The part of a transfer that belongs to one group of claims."""

    group: int
    amount_minor: int
    born: bool
    """Whether this is the victim's own payment, so that it comes out of no band."""
    ends: str
    """The kind of the exit that it meets where it arrives; empty where it joins the band."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A transfer between two rows of the picture."""

    hop: Hop
    source: int
    target: int
    strands: tuple[Strand, ...]

    @property
    def amount_minor(self) -> int:
        """What it carried of all claims."""
        return sum(strand.amount_minor for strand in self.strands)


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A strand with its place: offsets are pixels below the top of its rows' bands."""

    strand: Strand
    width: float
    from_offset: float
    to_offset: float


@dataclass(frozen=True, slots=True)
class Step:
    """The band of a row after a flow has left or joined it: thickness by group, in order."""

    flow: int
    joined: bool
    thickness: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Bands:
    """The ribbons of each flow, and for each row its steps and the height it needs."""

    ribbons: tuple[tuple[Ribbon, ...], ...]
    steps: Mapping[int, Sequence[Step]]
    heights: Mapping[int, float]


def flows_of(
    answer: Answer, row_of: Mapping[str, int], group_of: Mapping[str, int]
) -> tuple[list[Flow], int]:
    """Return the transfers between two rows, and how many stayed within one row."""
    ends = _ends_on_arrival(answer)
    flows, inside = [], 0
    for hop in answer.hops:
        source, target = row_of[hop.debit_account], row_of[hop.credit_account]
        if source == target:
            inside += 1
            continue
        parts: dict[tuple[int, bool, str], int] = defaultdict(int)
        for claim, amount_minor in hop.tainted.items():
            key = (
                group_of[claim],
                claim == hop.transfer_id,
                ends.get((hop.credit_account, claim), ""),
            )
            parts[key] += amount_minor
        strands = tuple(
            Strand(group, amount_minor, born, end)
            for (group, born, end), amount_minor in sorted(parts.items())
            if amount_minor > 0
        )
        if strands:
            flows.append(Flow(hop, source, target, strands))
    return flows, inside


def _ends_on_arrival(answer: Answer) -> dict[tuple[str, str], str]:
    """Find the accounts and claims of which all that ever arrived left in one way at once."""
    arrived: dict[tuple[str, str], int] = defaultdict(int)
    for hop in answer.hops:
        for claim, amount_minor in hop.tainted.items():
            arrived[hop.credit_account, claim] += amount_minor
    return {
        (way_out.account, way_out.claim): way_out.kind
        for way_out in answer.exits
        if way_out.kind != "unrecorded"
        and way_out.amount_minor == arrived.get((way_out.account, way_out.claim))
    }


def scale_of(flows: Sequence[Flow], thickness_max: float) -> float:
    """Return pixels per minor unit, so that the thickest band or ribbon is `thickness_max`."""
    stacks = _Stacks(1.0, 0.0)
    widest = max((float(flow.amount_minor) for flow in flows), default=0.0)
    for flow in flows:
        stacks.move(flow)
        widest = max(widest, stacks.total(flow.source), stacks.total(flow.target))
    return thickness_max / widest if widest else 0.0


def stack(flows: Sequence[Flow], scale: float) -> Bands:
    """Reckon every ribbon and band at `scale` pixels per minor unit."""
    stacks = _Stacks(scale, THICKNESS_MIN)
    ribbons: list[tuple[Ribbon, ...]] = []
    steps: dict[int, list[Step]] = defaultdict(list)
    heights: dict[int, float] = defaultdict(float)
    for place, flow in enumerate(flows):
        made = stacks.move(flow)
        ribbons.append(made)
        for row, offsets in (
            (flow.source, [ribbon.from_offset for ribbon in made]),
            (flow.target, [ribbon.to_offset for ribbon in made]),
        ):
            thickness = stacks.thickness(row)
            steps[row].append(Step(place, row == flow.target, thickness))
            reach = [
                offset + ribbon.width / 2 for offset, ribbon in zip(offsets, made, strict=True)
            ]
            total = sum(pixels for _, pixels in thickness)
            heights[row] = max(heights[row], total, *reach)
    return Bands(tuple(ribbons), steps, heights)


class _Stacks:
    """The claimed money in every row while the transfers pass, stacked by group of claims."""

    def __init__(self, scale: float, least: float) -> None:
        self._scale = scale
        self._least = least
        self._money: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def move(self, flow: Flow) -> tuple[Ribbon, ...]:
        """Take each strand from its source's stack and put it on its target's."""
        ribbons = []
        below_source, below_target = 0.0, 0.0
        for strand in flow.strands:
            width = self._pixels(strand.amount_minor)
            if strand.born:
                from_offset = self.total(flow.source) + below_source + width / 2
                below_source += width
            else:
                from_offset = max(self._bottom(flow.source, strand.group) - width / 2, width / 2)
                left = self._money[flow.source][strand.group] - strand.amount_minor
                self._money[flow.source][strand.group] = max(0, left)
            if strand.ends:
                to_offset = self.total(flow.target) + below_target + width / 2
                below_target += width
            else:
                to_offset = self._bottom(flow.target, strand.group) + width / 2
                self._money[flow.target][strand.group] += strand.amount_minor
            ribbons.append(Ribbon(strand, width, from_offset, to_offset))
        return tuple(ribbons)

    def total(self, row: int) -> float:
        """Return the thickness of a row's whole band now."""
        return sum(self._pixels(amount) for amount in self._money[row].values())

    def thickness(self, row: int) -> tuple[tuple[int, float], ...]:
        """Return the thickness of each stripe of a row's band now, in order of groups."""
        return tuple(
            (group, self._pixels(amount))
            for group, amount in sorted(self._money[row].items())
            if amount > 0
        )

    def _bottom(self, row: int, group: int) -> float:
        """Return where a group's stripe ends, below the top of the row's band."""
        return sum(
            self._pixels(amount) for other, amount in self._money[row].items() if other <= group
        )

    def _pixels(self, amount_minor: int) -> float:
        return max(amount_minor * self._scale, self._least) if amount_minor > 0 else 0.0
