"""Everything that is reckoned before a trail picture is drawn: rows, thickness, places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.documents.picture_frame import (
    AXIS_HEIGHT,
    PLOT_LEFT,
    PLOT_RIGHT,
    PlacedLane,
    PlacedRow,
    place_lanes,
    row_least,
)
from holdfast.documents.trail_axis import Axis, lay_out
from holdfast.documents.trail_bands import Bands, Flow, flows_of, scale_of, stack
from holdfast.documents.trail_looks import ClaimGroup, group_claims
from holdfast.documents.trail_panel import LINE
from holdfast.documents.trail_ribbons import bend_of, bundle_width
from holdfast.documents.trail_rows import Outcome, Outcomes, Row, lanes_of, money_scores
from holdfast.documents.trail_words import amount_text
from holdfast.trail.answer import Answer

RIBBONS_MAX = 150
"""Transfers that get a ribbon; of more the largest do, and the next are drawn as faint lines."""
FAINT_MAX = 500
WAY_OUT_ROOM = 20
"""Pixels that the mark of a way out takes beyond the end of a ribbon."""
FEW_ROWS = 14
"""Up to here a picture has room for thick bands and for every line of what became of money."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A picture of which every length is known."""

    groups: Sequence[ClaimGroup]
    lanes: Sequence[PlacedLane]
    rows: Sequence[PlacedRow]
    outcomes: Sequence[Sequence[Outcome]]
    """What became of the money, by row."""
    flows: Sequence[Flow]
    inside: int
    """Transfers between two accounts that were folded into one row."""
    drawn: Sequence[int]
    """The flows that get a ribbon, the thickest first."""
    faint: Sequence[int]
    """The next ones, which get a faint line."""
    bands: Bands
    tops: Mapping[int, float]
    """The upper end of each row's band."""
    axis: Axis
    halves: Sequence[float]
    """Half the thickness of each flow."""
    bend: float
    scale: float
    """Pixels per minor unit."""
    bottom: float
    currency: str | None

    def amount(self, amount_minor: int) -> str:
        """Write an amount of this picture."""
        return amount_text(amount_minor, self.currency)

    def reach(self, flow: int) -> float:
        """Return how far a flow's ends lie from its time, in pixels."""
        return self.halves[flow] + self.bend


def plan_picture(answer: Answer, names: Mapping[str, str], top: float) -> Plan:
    """Reckon a picture of an answer whose time axis begins at height `top`."""
    groups = group_claims(answer.claims)
    lanes = lanes_of(money_scores(answer))
    rows = [row for lane in lanes for row in lane.rows]
    flows, inside = flows_of(
        answer,
        {account: place for place, row in enumerate(rows) for account in row.accounts},
        {claim.transfer_id: place for place, group in enumerate(groups) for claim in group.claims},
    )
    few = len(rows) <= FEW_ROWS
    scale = scale_of(flows, 30.0 if few else 20.0)
    bands = stack(flows, scale)
    found = Outcomes(answer)
    outcomes = [found.of(row, lines_max=8 if few else 3) for row in rows]
    heights = _heights(rows, outcomes, bands, names)
    placed = place_lanes(lanes, heights, top + AXIS_HEIGHT)
    placed_rows = [row for lane in placed for row in lane.rows]
    thickest = sorted(range(len(flows)), key=lambda flow: -flows[flow].amount_minor)
    halves = [bundle_width(ribbons) / 2 for ribbons in bands.ribbons]
    bend, needs = bend_of(flows, bands, PLOT_RIGHT - PLOT_LEFT)
    return Plan(
        groups=groups,
        lanes=placed,
        rows=placed_rows,
        outcomes=outcomes,
        flows=flows,
        inside=inside,
        drawn=thickest[:RIBBONS_MAX],
        faint=thickest[RIBBONS_MAX : RIBBONS_MAX + FAINT_MAX],
        bands=bands,
        tops={
            place: row.middle - bands.heights.get(place, 0.0) / 2
            for place, row in enumerate(placed_rows)
        },
        axis=lay_out(
            [flow.hop.time_us for flow in flows],
            needs,
            left=PLOT_LEFT,
            right=PLOT_RIGHT,
            tail=max(halves, default=0.0) + bend + WAY_OUT_ROOM,
            end_us=answer.as_of_us,
        ),
        halves=halves,
        bend=bend,
        scale=scale,
        bottom=placed[-1].bottom if placed else top + AXIS_HEIGHT,
        currency=answer.currency,
    )


def _heights(
    rows: Sequence[Row],
    outcomes: Sequence[Sequence[Outcome]],
    bands: Bands,
    names: Mapping[str, str],
) -> list[float]:
    return [
        max(
            row_least(row, names),
            bands.heights.get(place, 0.0) + 9,
            len(outcomes[place]) * LINE + 4,
        )
        for place, row in enumerate(rows)
    ]
