"""The picture of exposure: which accounts the money could have reached, when, over how many hops.

It has no thickness, because `poison` reckons no amounts: intelligence only, never a hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core.words import N_, say
from holdfast.documents.picture_frame import (
    AXIS_HEIGHT,
    LEFT,
    PANEL_LEFT,
    PLOT_LEFT,
    PLOT_RIGHT,
    RIGHT,
    WIDTH,
    PlacedRow,
    draw_axis,
    draw_head,
    draw_lanes,
    place_lanes,
    row_least,
    shown_title,
)
from holdfast.documents.svg_sheet import Sheet
from holdfast.documents.trail_axis import Axis, lay_out
from holdfast.documents.trail_looks import INK, PAPER
from holdfast.documents.trail_rows import lanes_of
from holdfast.documents.trail_words import notices, rule_sentence, time_text
from holdfast.documents.visible_text import cut_middle, visible
from holdfast.trail.answer import Answer, Exposed

_STEP = 12.0


def draw_exposure(answer: Answer, *, title: str = "", names: Mapping[str, str] = {}) -> str:
    """Return the exposed accounts by first time and hop as a complete SVG text."""
    sheet = Sheet()
    exposed = sorted(answer.exposed, key=lambda row: (row.first_time_us, row.hop, row.account))
    total = _total(answer, exposed)
    top = draw_head(sheet, answer, title, total) + AXIS_HEIGHT
    lanes = lanes_of({row.account: -row.hop for row in exposed})
    heights = [row_least(row, names) for lane in lanes for row in lane.rows]
    placed = place_lanes(lanes, heights, top)
    bottom = placed[-1].bottom if placed else top
    xs = {}
    if exposed:
        axis = lay_out(
            [row.first_time_us for row in exposed],
            [_STEP * 2, *[_STEP] * (len(exposed) - 1)],
            left=PLOT_LEFT,
            right=PLOT_RIGHT,
            tail=_STEP * 2,
            end_us=answer.as_of_us,
        )
        xs = dict(zip((row.account for row in exposed), axis.xs, strict=True))
        _draw_ground(sheet, axis, top, bottom)
    draw_lanes(sheet, placed, names)
    by_account = {row.account: row for row in exposed}
    for lane in placed:
        for placed_row in lane.rows:
            found = [by_account[account] for account in placed_row.row.accounts]
            _draw_row(sheet, placed_row, found, xs)
    y = _draw_legend(sheet, bottom + 34) if exposed else bottom
    return sheet.document(
        width=WIDTH,
        height=y + 10,
        title=shown_title(title),
        summary=" ".join(
            [say(N_("Rule: {rule}."), rule=rule_sentence(answer.rule)), total, *notices(answer)]
        ),
        prefix=f"trail-{answer.rule.value}",
    )


def _total(answer: Answer, exposed: Sequence[Exposed]) -> str:
    if not answer.claims:
        return say(N_("Nothing to draw yet: none of the claimed payments is in the ledger."))
    return say(
        N_("Exposed accounts: {count}. Intelligence only, never a hold; no amounts are reckoned."),
        count=len(exposed),
    )


def _draw_ground(sheet: Sheet, axis: Axis, top: float, bottom: float) -> None:
    draw_axis(sheet, axis, top, bottom)
    words = say(N_("First reached by"))
    sheet.text(PANEL_LEFT, top - 23, words, size=11, room=RIGHT - PANEL_LEFT, font_weight="bold")


def _draw_row(
    sheet: Sheet, placed: PlacedRow, found: Sequence[Exposed], xs: Mapping[str, float]
) -> None:
    first = min(found, key=lambda row: (row.first_time_us, row.hop))
    y = placed.middle
    sheet.add(
        "line",
        x1=xs[first.account],
        y1=y,
        x2=PLOT_RIGHT,
        y2=y,
        stroke=INK,
        stroke_width=1.2,
        stroke_dasharray="5 2",
    )
    for row in found if len(found) == 1 else ():
        _draw_mark(sheet, xs[row.account], y, row)
    if len(found) > 1:
        for row in found:
            sheet.add("circle", cx=xs[row.account], cy=y, r=2.2, fill=INK)
    words = _row_words(found, first)
    sheet.text(PANEL_LEFT, y + 4, words, size=10, room=RIGHT - PANEL_LEFT - 2)


def _draw_mark(sheet: Sheet, x: float, y: float, row: Exposed) -> None:
    with sheet.group(hint=f"{visible(row.account)} {time_text(row.first_time_us)}"):
        sheet.add("circle", cx=x, cy=y, r=8, fill=PAPER, stroke=INK, stroke_width=1.4)
        sheet.text(x, y + 3.5, str(row.hop), size=10, room=13, text_anchor="middle")


def _row_words(found: Sequence[Exposed], first: Exposed) -> str:
    if len(found) == 1:
        return say(
            N_("{transfer}, {time}"),
            transfer=cut_middle(visible(first.via), 30),
            time=time_text(first.first_time_us),
        )
    return say(
        N_("hops {least} to {most}, from {time} on"),
        least=min(row.hop for row in found),
        most=max(row.hop for row in found),
        time=time_text(first.first_time_us),
    )


def _draw_legend(sheet: Sheet, y: float) -> float:
    sheet.text(LEFT + 6, y, say(N_("How to read this picture")), size=12.5, font_weight="bold")
    words = say(
        N_(
            "A circle stands where money of a claim could first have reached an account, with its "
            "number of hops; from there on the account counts as exposed. Small dots are accounts "
            "that share a row. Time runs from left to right, but not evenly: quiet stretches are "
            "drawn shorter, long ones are shaded and their length is written at //. The times "
            "written at the axis are exact. All accounts are in the table of the same trail."
        )
    )
    return sheet.paragraph(LEFT + 6, y + 20, words, width=RIGHT - LEFT - 12, size=10.5)
