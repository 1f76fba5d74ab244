"""What is written into the plot of a trail picture, each where nothing else is written yet."""

from __future__ import annotations

from holdfast.documents.picture_frame import PLOT_RIGHT
from holdfast.documents.svg_sheet import Sheet
from holdfast.documents.trail_looks import INK, PAPER, draw_exit
from holdfast.documents.trail_plan import Plan
from holdfast.documents.visible_text import text_width

LABELLED_MAX = 150
"""With more ribbons than this, amounts are left to the table and to pointing at a ribbon."""
THICK = 3.0
"""A ribbon thicker than this many pixels is not written on."""
_SIZE = 9.0

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def draw_origins(sheet: Sheet, plan: Plan) -> None:
    """Draw a black circle with the claim's number where each victim's payment begins."""
    for place in plan.drawn:
        flow = plan.flows[place]
        for ribbon in plan.bands.ribbons[place]:
            if ribbon.strand.born:
                x = plan.axis.xs[place] - plan.reach(place) - 6
                y = plan.tops[flow.source] + ribbon.from_offset
                sheet.add("circle", cx=x, cy=y, r=8, fill=INK, stroke=PAPER, stroke_width=1)
                sheet.text(
                    x,
                    y + 3.5,
                    plan.groups[ribbon.strand.group].label,
                    size=10,
                    room=14,
                    whole=True,
                    fill=PAPER,
                    font_weight="bold",
                    text_anchor="middle",
                )


def draw_ways_out(sheet: Sheet, plan: Plan) -> None:
    """Mark the transfers of which the money left on arrival, the largest of each row and kind."""
    marked: set[tuple[int, str]] = set()
    for place in plan.drawn:
        flow = plan.flows[place]
        for ribbon in plan.bands.ribbons[place]:
            key = (flow.target, ribbon.strand.ends)
            if ribbon.strand.ends and key not in marked:
                marked.add(key)
                x = plan.axis.xs[place] + plan.reach(place) + 9
                y = plan.tops[flow.target] + ribbon.to_offset
                draw_exit(sheet, ribbon.strand.ends, x, y, size=0.8)


def draw_amounts(sheet: Sheet, plan: Plan) -> None:
    """Write the amounts of the largest transfers beside their arrival, where there is room."""
    if len(plan.drawn) > LABELLED_MAX:
        return
    taken = _marks(plan)
    for place in plan.drawn:
        words = plan.amount(plan.flows[place].amount_minor)
        width = text_width(words, _SIZE)
        for x, baseline, on_band in _beside_arrival(plan, place):
            box = (x - 1, baseline - 8, x + width + 1, baseline + 2)
            if box[2] < PLOT_RIGHT and not any(_touch(box, other) for other in taken):
                taken.append(box)
                if on_band:
                    _draw_plate(sheet, box)
                sheet.text(
                    x,
                    baseline,
                    words,
                    size=_SIZE,
                    room=width,
                    whole=True,
                    stroke=PAPER,
                    stroke_width=2.4,
                    stroke_linejoin="round",
                    paint_order="stroke",
                )
                break


def _draw_plate(sheet: Sheet, box: Box) -> None:
    left, top, right, bottom = box
    sheet.add(
        "rect", x=left - 1, y=top - 1, width=right - left + 2, height=bottom - top + 2, fill=PAPER
    )


def _beside_arrival(plan: Plan, place: int) -> list[tuple[float, float, bool]]:
    """Return where an amount could be written: above its band, below it, or on it (True)."""
    flow = plan.flows[place]
    row = plan.rows[flow.target]
    x = plan.axis.xs[place] + plan.reach(place) + 5
    top = plan.tops[flow.target] + min(
        ribbon.to_offset - ribbon.width / 2 for ribbon in plan.bands.ribbons[place]
    )
    width = 2 * plan.halves[place]
    within = [
        (x, baseline, False)
        for baseline in (top - 3, top + width + 10)
        if row.top - 4 <= baseline - 8 and baseline <= row.top + row.height + 2
    ]
    return [*within, (x, top + width / 2 + 3, True)] if width > 10 else within


def _marks(plan: Plan) -> list[Box]:
    """Return the boxes of circles, shapes and thick ribbons that are drawn already."""
    boxes = []
    for place in plan.drawn:
        flow = plan.flows[place]
        if plan.halves[place] > THICK / 2:
            boxes.append(_upright(plan, place))
        for ribbon in plan.bands.ribbons[place]:
            if ribbon.strand.born:
                x = plan.axis.xs[place] - plan.reach(place) - 6
                boxes.append(_around(x, plan.tops[flow.source] + ribbon.from_offset))
            x = plan.axis.xs[place] + plan.reach(place)
            y = plan.tops[flow.target] + ribbon.to_offset
            boxes.append(_around(x + 9, y) if ribbon.strand.ends else (x - 6, y - 4, x + 1, y + 4))
    return boxes


def _upright(plan: Plan, place: int) -> Box:
    """Return the box of the part of a ribbon that runs up or down."""
    flow = plan.flows[place]
    x, half = plan.axis.xs[place], plan.halves[place]
    ribbons = plan.bands.ribbons[place]
    ys = [
        *(plan.tops[flow.source] + ribbon.from_offset for ribbon in ribbons),
        *(plan.tops[flow.target] + ribbon.to_offset for ribbon in ribbons),
    ]
    return (x - half, min(ys), x + half, max(ys))


def _around(x: float, y: float) -> Box:
    return (x - 8, y - 8, x + 8, y + 8)


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
