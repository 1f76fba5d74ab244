"""The picture of money over time: stolen, still reachable, held, gone; a panel for each telling.

Three layers lie on each other, so their upper edge is what was stolen. They differ in lightness
and by a line between them, and each is named where it ends; beside each panel stands a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US, format_instant
from holdfast.core.money import exponent
from holdfast.core.words import N_, say
from holdfast.documents.picture_frame import LEFT, RIGHT, WIDTH
from holdfast.documents.svg_sheet import Sheet
from holdfast.documents.trail_words import amount_text
from holdfast.documents.visible_text import cut, visible

PLOT_LEFT = 120.0
PLOT_RIGHT = 800.0
NAMES_LEFT = PLOT_RIGHT + 8
TABLE_LEFT = 965.0
PLOT_HEIGHT = 230.0
PANEL_HEIGHT = PLOT_HEIGHT + 84
PANELS_MAX = 6
TICKS_MAX = 8
NAME_APART = 15.0
"""Names of layers stand at least this far from each other."""
INK = "#111"


@dataclass(frozen=True, slots=True)
class MoneyPoint:
    """Where the stolen money is from an instant on, in minor units."""

    time_us: int
    stolen_minor: int
    reachable_minor: int
    """In accounts where it could be held, with what is held."""
    held_minor: int
    gone_minor: int
    """With the reachable, what was stolen."""


@dataclass(frozen=True, slots=True)
class MoneyOverTime:
    """One telling of what became of stolen money."""

    name: str
    points: tuple[MoneyPoint, ...]
    """In time order."""
    begins_us: int
    ends_us: int
    currency: str


@dataclass(frozen=True, slots=True)
class _Layer:
    """A part of the stolen money, drawn between two heights."""

    sentence: str
    fill: str
    amount: Callable[[MoneyPoint], int]


_LAYERS = (
    _Layer(N_("held"), "#1f4e79", lambda point: point.held_minor),
    _Layer(
        N_("reachable, not held"),
        "#fbe3c0",
        lambda point: point.reachable_minor - point.held_minor,
    ),
    _Layer(N_("gone"), "#b4b4b4", lambda point: point.gone_minor),
)
"""From below; their lightness is far apart, so that they differ in print too."""
_TABLE: tuple[tuple[str, Callable[[MoneyPoint], int]], ...] = (
    (N_("Stolen"), lambda point: point.stolen_minor),
    (N_("Gone"), lambda point: point.gone_minor),
    (N_("Still reachable"), lambda point: point.reachable_minor),
    (N_("of it held"), lambda point: point.held_minor),
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where instants and amounts stand in a panel."""

    top: float
    begins_us: int
    ends_us: int
    most_minor: int

    def x(self, time_us: int) -> float:
        """Return the place of an instant; what lies outside stands at the edge."""
        part = (time_us - self.begins_us) / max(self.ends_us - self.begins_us, 1)
        return PLOT_LEFT + min(max(part, 0.0), 1.0) * (PLOT_RIGHT - PLOT_LEFT)

    def y(self, amount_minor: int) -> float:
        """Return the height of an amount."""
        return self.top + PLOT_HEIGHT * (1 - amount_minor / self.most_minor)


def draw_money(panels: Sequence[MoneyOverTime], *, title: str = "", zone_hours: float = 0.0) -> str:
    """Return the panels below each other, all in one scale, as a complete SVG text.

    Times are written in a zone so many hours ahead of UTC. Only the first `PANELS_MAX` are drawn.
    """
    sheet = Sheet()
    shown = cut(visible(title, words=True), 160) or say(N_("Stolen money over time"))
    panels = panels[:PANELS_MAX]
    y = sheet.paragraph(LEFT, 34.0, shown, width=RIGHT - LEFT, size=19, font_weight="bold")
    legend = say(
        N_(
            "The upper edge is what was stolen by then. Held is stolen money that a bank keeps "
            "under a hold; the part above it could still be held; the top part has left the reach "
            "of the banks. All panels have the same scale."
        )
    )
    y = sheet.paragraph(LEFT, y - 6, legend, width=RIGHT - LEFT, size=11, fill="#333") + 10
    stolen = [point.stolen_minor for panel in panels for point in panel.points]
    for panel in panels:
        _draw_panel(sheet, panel, y, max([*stolen, 1]), zone_hours)
        y += PANEL_HEIGHT
    return sheet.document(
        width=WIDTH,
        height=y,
        title=shown,
        summary=" ".join(_told(panel) for panel in panels) or legend,
        prefix="money",
    )


def _draw_panel(
    sheet: Sheet, panel: MoneyOverTime, top: float, most_minor: int, zone_hours: float
) -> None:
    name = cut(visible(panel.name, words=True), 80)
    words = say(N_("{name}, amounts in {currency}"), name=name, currency=panel.currency)
    sheet.text(LEFT, top + 12, words, size=13.5, room=PLOT_RIGHT - LEFT, font_weight="bold")
    scale = _Scale(top + 26, panel.begins_us, panel.ends_us, most_minor)
    _draw_amounts(sheet, scale, panel.currency)
    if panel.points:
        with sheet.group(hint=_told(panel)):
            _draw_layers(sheet, scale, panel.points)
        _draw_names(sheet, scale, panel)
    _draw_times(sheet, scale, zone_hours)
    _draw_table(sheet, panel, top + 40)


def _draw_layers(sheet: Sheet, scale: _Scale, points: Sequence[MoneyPoint]) -> None:
    """Draw each layer as steps between its two edges, and the line of what was stolen."""
    below = [0] * len(points)
    for layer in _LAYERS:
        above = [low + layer.amount(point) for low, point in zip(below, points, strict=True)]
        edge = _steps(scale, points, above)
        back = _steps(scale, points, below)[::-1]
        sheet.add("path", d=_path([*edge, *back]) + "Z", fill=layer.fill)
        sheet.add("path", d=_path(edge), fill="none", stroke=INK, stroke_width=0.8)
        below = above
    sheet.add("path", d=_path(edge), fill="none", stroke=INK, stroke_width=2)


def _steps(
    scale: _Scale, points: Sequence[MoneyPoint], amounts: Sequence[int]
) -> list[tuple[float, float]]:
    """Return the corners of an edge: an amount stays until the next point, then jumps."""
    corners = []
    height = scale.y(0)
    for point, amount_minor in zip(points, amounts, strict=True):
        x = scale.x(point.time_us)
        corners += [(x, height), (x, scale.y(amount_minor))]
        height = scale.y(amount_minor)
    return [*corners, (PLOT_RIGHT, height)]


def _path(corners: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)


def _draw_names(sheet: Sheet, scale: _Scale, panel: MoneyOverTime) -> None:
    """Name each layer where it ends, from above, none over another."""
    low_minor, places = 0, []
    for layer in _LAYERS:
        amount_minor = layer.amount(panel.points[-1])
        places.append((scale.y(low_minor + amount_minor // 2), layer))
        low_minor += amount_minor
    y = scale.y(0) + NAME_APART
    for height, layer in places:
        y = min(height, y - NAME_APART)
        words = say(layer.sentence)
        sheet.add("rect", x=NAMES_LEFT, y=y - 5, width=10, height=10, fill=layer.fill, stroke=INK)
        room = TABLE_LEFT - NAMES_LEFT - 22
        sheet.text(NAMES_LEFT + 15, y + 4, words, size=11, room=room, hint=words)


def _draw_amounts(sheet: Sheet, scale: _Scale, currency: str) -> None:
    step_minor = _round_step(scale.most_minor, 4, 10 ** exponent(currency))
    for amount_minor in range(0, scale.most_minor + 1, step_minor):
        y = scale.y(amount_minor)
        _line(sheet, PLOT_LEFT, y, PLOT_RIGHT, y, stroke="#bbb" if amount_minor else INK)
        words = amount_text(amount_minor, currency).partition(".")[0]
        sheet.text(PLOT_LEFT - 6, y + 4, words, size=10, room=96, whole=True, text_anchor="end")


def _round_step(most: int, count: int, unit: int) -> int:
    """Return a step of 1, 2 or 5 times a power of ten units that makes at most `count` steps."""
    step = unit
    while True:
        for factor in (1, 2, 5):
            if most <= count * factor * step:
                return factor * step
        step *= 10


def _draw_times(sheet: Sheet, scale: _Scale, zone_hours: float) -> None:
    bottom = scale.top + PLOT_HEIGHT
    _line(sheet, PLOT_LEFT, bottom, PLOT_RIGHT, bottom, stroke=INK)
    zone_us = int(zone_hours * HOUR_US)
    shown_day = ""
    for time_us in _ticks(scale.begins_us + zone_us, scale.ends_us + zone_us):
        x = scale.x(time_us - zone_us)
        _line(sheet, x, bottom, x, bottom + 5, stroke=INK)
        day, _, clock = format_instant(time_us).partition("T")
        sheet.text(x, bottom + 17, clock[:5], size=10, room=60, text_anchor="middle")
        if day != shown_day:
            sheet.text(
                x, bottom + 31, day, size=10, room=84, text_anchor="middle", font_weight="bold"
            )
        shown_day = day
    words = (
        say(N_("Time (UTC{hours})"), hours=f"{zone_hours:+g}")
        if zone_hours
        else say(N_("Time (UTC)"))
    )
    sheet.text(LEFT, bottom + 17, words, size=10, room=PLOT_LEFT - LEFT - 30)


def _ticks(begins_us: int, ends_us: int) -> Iterator[int]:
    """Yield round minutes, hours or days, at most `TICKS_MAX` and one more."""
    steps = [minutes * 60 * SECOND_US for minutes in (1, 5, 10, 15, 30)]
    steps += [hours * HOUR_US for hours in (1, 2, 3, 6, 12)]
    steps += [days * DAY_US for days in (1, 2, 5, 10, 20, 50, 100, 500)]
    step_us = next((one for one in steps if (ends_us - begins_us) <= one * TICKS_MAX), steps[-1])
    yield from range(-(-begins_us // step_us) * step_us, ends_us + 1, step_us)


def _draw_table(sheet: Sheet, panel: MoneyOverTime, y: float) -> None:
    words = say(N_("At the end"))
    sheet.text(TABLE_LEFT, y, words, size=11, room=RIGHT - TABLE_LEFT, font_weight="bold")
    for sentence, amount_minor in _sums(panel):
        y += 21
        _line(sheet, TABLE_LEFT, y - 15, RIGHT, y - 15, stroke="#bbb")
        sheet.text(TABLE_LEFT, y, sentence, size=11, room=112, hint=sentence)
        words = amount_text(amount_minor, panel.currency)
        sheet.text(RIGHT, y, words, size=11, room=104, whole=True, text_anchor="end")


def _sums(panel: MoneyOverTime) -> list[tuple[str, int]]:
    return [
        (say(sentence), amount(panel.points[-1]) if panel.points else 0)
        for sentence, amount in _TABLE
    ]


def _told(panel: MoneyOverTime) -> str:
    """Tell a panel's table in a sentence, for who can't see the picture."""
    sums = [amount_text(amount_minor, panel.currency) for _, amount_minor in _sums(panel)]
    stolen, gone, reachable, held = sums
    return say(
        N_(
            "{name}: {stolen} {currency} stolen, {gone} gone, {reachable} still reachable at the "
            "end, of it {held} held."
        ),
        name=cut(visible(panel.name, words=True), 80),
        currency=panel.currency,
        stolen=stolen,
        gone=gone,
        reachable=reachable,
        held=held,
    )


def _line(sheet: Sheet, x1: float, y1: float, x2: float, y2: float, *, stroke: str) -> None:
    sheet.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=0.8)
