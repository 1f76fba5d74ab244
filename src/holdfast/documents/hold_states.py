"""A picture of the steps that an order to hold can take, drawn from the one table of steps."""

from __future__ import annotations

from math import hypot

from holdfast.cases.hold import HOLDING, STEPS, HoldState
from holdfast.core.words import N_, say
from holdfast.documents.svg_sheet import Sheet

WIDTH, HEIGHT = 980.0, 560.0
BOX_WIDTH, BOX_HEIGHT = 130.0, 44.0
ARROW = 7.0

PLACES = {
    HoldState.REQUESTED: (90.0, 280.0),
    HoldState.ACKNOWLEDGED: (270.0, 280.0),
    HoldState.REFUSED: (270.0, 480.0),
    HoldState.HELD: (435.0, 190.0),
    HoldState.PARTLY_HELD: (505.0, 370.0),
    HoldState.EXTENDED: (650.0, 280.0),
    HoldState.SEIZED: (870.0, 280.0),
    HoldState.RELEASED: (470.0, 480.0),
    HoldState.LAPSED: (470.0, 70.0),
    HoldState.RETURNED: (870.0, 70.0),
    HoldState.PAID_OUT: (870.0, 480.0),
}
"""The middle of each state's box; time goes from left to right."""


def draw_hold_states() -> str:
    """Return the picture as a standalone SVG; ends have a double frame, holding states are grey."""
    sheet = Sheet()
    for state, followings in STEPS.items():
        for following in sorted(followings, key=lambda found: found.value):
            if following is not state:
                _arrow(sheet, PLACES[state], PLACES[following])
    for state, (x, y) in PLACES.items():
        _box(sheet, state, x, y)
    sheet.text(
        20,
        HEIGHT - 16,
        say(N_("Grey: money is held. Double frame: an end; an ended hold never holds again.")),
        size=13,
    )
    return sheet.document(
        width=WIDTH,
        height=HEIGHT,
        title=say(N_("The steps of an order to hold")),
        summary=_told(),
        prefix="hold-states",
    )


def steps_table() -> str:
    """Return the same as a table in Markdown."""
    lines = ["| from | to |", "|---|---|"]
    for state, followings in STEPS.items():
        names = ", ".join(sorted(f"`{following.value}`" for following in followings))
        lines.append(f"| `{state.value}` | {names or 'nothing: an end'} |")
    return "\n".join(lines)


def _told() -> str:
    parts = [
        f"{state.value}: {', '.join(sorted(f.value for f in followings))}"
        for state, followings in STEPS.items()
        if followings
    ]
    return "; ".join(parts)


def _box(sheet: Sheet, state: HoldState, x: float, y: float) -> None:
    left, top = x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2
    fill = "#ddd" if state in HOLDING else "#fff"
    sheet.add(
        "rect", x=left, y=top, width=BOX_WIDTH, height=BOX_HEIGHT, fill=fill, stroke="#111", rx=4.0
    )
    if state.ended:
        sheet.add(
            "rect",
            x=left + 4,
            y=top + 4,
            width=BOX_WIDTH - 8,
            height=BOX_HEIGHT - 8,
            fill="none",
            stroke="#111",
            rx=2.0,
        )
    sheet.text(x, y + 5, state.value, size=14, text_anchor="middle", room=BOX_WIDTH - 16)


def _arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a line from the edge of one box to the edge of another, with a head."""
    x1, y1 = _edge(start, end)
    x2, y2 = _edge(end, start)
    length = hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    sheet.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="#555", stroke_width=1.2)
    back_x, back_y = x2 - ARROW * ux, y2 - ARROW * uy
    points = [
        (x2, y2),
        (back_x - ARROW / 2 * uy, back_y + ARROW / 2 * ux),
        (back_x + ARROW / 2 * uy, back_y - ARROW / 2 * ux),
    ]
    sheet.add("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), fill="#555")


def _edge(middle: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    dx, dy = towards[0] - middle[0], towards[1] - middle[1]
    scale = min(
        BOX_WIDTH / 2 / abs(dx) if dx else float("inf"),
        BOX_HEIGHT / 2 / abs(dy) if dy else float("inf"),
    )
    return middle[0] + dx * scale, middle[1] + dy * scale
