"""What every picture of a trail has around it: head, lanes with their accounts, time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.account import bank_of
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.core.words import N_, say
from holdfast.documents.svg_sheet import LINE_HEIGHT, Sheet
from holdfast.documents.trail_axis import Axis
from holdfast.documents.trail_rows import Lane, Row
from holdfast.documents.trail_words import as_of_sentence, notices, rule_sentence, time_text
from holdfast.documents.visible_text import cut, cut_middle, text_width, visible, wrap
from holdfast.trail.answer import Answer

WIDTH = 1200.0
LEFT = 16.0
RIGHT = WIDTH - LEFT
PLOT_LEFT = 206.0
PLOT_RIGHT = 826.0
PANEL_LEFT = 842.0
LANE_HEAD = 19.0
AXIS_HEIGHT = 50.0
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
TALL = 700.0
"""From this height on the times are written below the lanes too."""
_NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row with its place on the sheet."""

    row: Row
    top: float
    height: float

    @property
    def middle(self) -> float:
        """The height at which its label stands."""
        return self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class PlacedLane:
    """A lane with its rows on the sheet; its head is the strip above the first row."""

    bank: str
    top: float
    bottom: float
    rows: tuple[PlacedRow, ...]


def place_lanes(lanes: Sequence[Lane], heights: Sequence[float], top: float) -> list[PlacedLane]:
    """Stack lanes from `top` down; `heights` are those of all their rows, in order."""
    placed = []
    remaining = iter(heights)
    for lane in lanes:
        y = top + LANE_HEAD
        rows = []
        for row in lane.rows:
            rows.append(PlacedRow(row, y, next(remaining)))
            y += rows[-1].height
        placed.append(PlacedLane(lane.bank, top, y + 3, tuple(rows)))
        top = y + 3
    return placed


def shown_title(title: str) -> str:
    """Return the title given, or the usual one."""
    return (
        cut(visible(title, words=True), 2 * _NAME_LIMIT)
        if title
        else say(N_("Where the money went"))
    )


def draw_head(sheet: Sheet, answer: Answer, title: str, total: str) -> float:
    """Draw title, rule, time, total and warnings; return the height below them."""
    y = 34.0
    width = RIGHT - LEFT
    y = sheet.paragraph(LEFT, y, shown_title(title), width=width, size=19, font_weight="bold")
    y = sheet.paragraph(LEFT, y - 8, _rests_on(answer), width=width, size=11.5, fill="#333")
    y = sheet.paragraph(LEFT, y + 4, total, width=width, size=13.5, font_weight="bold")
    for sentence in notices(answer):
        y = _draw_notice(sheet, sentence, y - 6)
    return y + 4


def _rests_on(answer: Answer) -> str:
    parts = [
        say(N_("Rule: {rule}."), rule=rule_sentence(answer.rule)),
        say(N_("Transfers count {until}."), until=as_of_sentence(answer)),
    ]
    if answer.currency is not None:
        parts.append(say(N_("Amounts in {currency}."), currency=answer.currency))
    if answer.ledger_change is not None:
        parts.append(say(N_("Ledger change {number}."), number=answer.ledger_change))
    return " ".join(parts)


def _draw_notice(sheet: Sheet, sentence: str, y: float) -> float:
    size, inner = 11.0, RIGHT - LEFT - 44
    lines = wrap(sentence, inner, size)
    height = len(lines) * size * LINE_HEIGHT + 6
    sheet.add(
        "rect",
        x=LEFT,
        y=y,
        width=RIGHT - LEFT,
        height=height,
        fill="#fff",
        stroke="#111",
        stroke_width=1.6,
    )
    sheet.text(LEFT + 15, y + 16, "!", size=15, font_weight="bold", text_anchor="middle")
    sheet.paragraph(LEFT + 32, y + 15.5, sentence, width=inner, size=size)
    return y + height + 12


def draw_lanes(sheet: Sheet, lanes: Sequence[PlacedLane], names: Mapping[str, str]) -> None:
    """Draw the ground of each lane, its bank, and a guide and a label for each of its rows."""
    for place, lane in enumerate(lanes):
        sheet.add(
            "rect",
            x=LEFT,
            y=lane.top,
            width=RIGHT - LEFT,
            height=lane.bottom - lane.top,
            fill="#f6f6f6" if place % 2 else "#fff",
        )
        sheet.add(
            "rect", x=LEFT, y=lane.top, width=RIGHT - LEFT, height=LANE_HEAD - 3, fill="#e4e4e4"
        )
        _line(sheet, LEFT, lane.top, RIGHT, lane.top, stroke="#555")
        sheet.text(
            LEFT + 6,
            lane.top + 12,
            _bank_words(lane, names),
            size=11,
            font_weight="bold",
            room=PLOT_RIGHT - LEFT - 12,
            hint=lane.bank or None,
        )
        for row in lane.rows:
            _draw_row(sheet, row, names)
    if lanes:
        _line(sheet, LEFT, lanes[-1].bottom, RIGHT, lanes[-1].bottom, stroke="#555")


def _line(
    sheet: Sheet,
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str,
    stroke_dasharray: str | None = None,
) -> None:
    sheet.add(
        "line",
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke=stroke,
        stroke_width=0.8,
        stroke_dasharray=stroke_dasharray,
    )


def _bank_words(lane: PlacedLane, names: Mapping[str, str]) -> str:
    if not lane.bank:
        banks = {bank_of(account) for row in lane.rows for account in row.row.accounts}
        return say(N_("Other banks ({count})"), count=len(banks))
    shown = cut_middle(visible(lane.bank), 48)
    name = names.get(lane.bank)
    return f"{shown} {cut(visible(name, words=True), _NAME_LIMIT)}" if name else shown


def _draw_row(sheet: Sheet, placed: PlacedRow, names: Mapping[str, str]) -> None:
    _line(
        sheet,
        PLOT_LEFT,
        placed.middle,
        PANEL_LEFT - 4,
        placed.middle,
        stroke="#bbb",
        stroke_dasharray="1 3",
    )
    room = PLOT_LEFT - LEFT - 18
    x, y = LEFT + 10, placed.middle + 4
    if placed.row.folded:
        words = say(N_("and {count} more accounts"), count=len(placed.row.accounts))
        sheet.text(x, y, words, size=11, room=room, font_style="italic")
        return
    account = placed.row.accounts[0]
    number = cut_middle(visible(account[len(bank_of(account)) :].lstrip(".")), 26)
    name = names.get(account)
    if name:
        sheet.text(x, y - 6, cut(visible(name, words=True), 40), size=11, room=room, hint=name)
        y += 7
    sheet.text(
        x,
        y,
        number or "?",
        size=9.5 if name else 10.5,
        room=room,
        font_family=MONO,
        direction="ltr",
        unicode_bidi="isolate",
        hint=visible(account),
    )


def row_least(row: Row, names: Mapping[str, str]) -> float:
    """Return the least height of a row: two lines where its account has a name."""
    return 31.0 if not row.folded and names.get(row.accounts[0]) else 20.0


def draw_axis(sheet: Sheet, axis: Axis, top: float, bottom: float) -> None:
    """Draw the axis above `top` and its lines down to `bottom`: exact times, quiet stretches."""
    for quiet in axis.quiet:
        sheet.add(
            "rect",
            x=quiet.x_from + 2,
            y=top,
            width=quiet.x_to - quiet.x_from - 4,
            height=bottom - top,
            fill="#000",
            fill_opacity=0.05,
        )
    for tick in axis.ticks:
        _line(sheet, tick.x, top - 19, tick.x, bottom, stroke="#999", stroke_dasharray="2 3")
        day, clock = time_text(tick.time_us).rstrip("Z").split(" ")
        if tick.new_day:
            _tick_text(sheet, tick.x, top - 36, day, font_weight="bold")
        _tick_text(sheet, tick.x, top - 23, clock[:8])
        if bottom - top > TALL:
            _tick_text(sheet, tick.x, bottom + 12, clock[:8])
    _line(sheet, PLOT_LEFT, top - 18, PLOT_RIGHT, top - 18, stroke="#111")
    sheet.text(LEFT + 6, top - 23, say(N_("Time (UTC)")), size=10.5, room=PLOT_LEFT - LEFT - 50)
    _draw_quiet_lengths(sheet, axis, top)


def _tick_text(
    sheet: Sheet, x: float, y: float, words: str, font_weight: str | None = None
) -> None:
    sheet.text(x, y, words, size=10, room=72, text_anchor="middle", font_weight=font_weight)


def _draw_quiet_lengths(sheet: Sheet, axis: Axis, top: float) -> None:
    free_from = PLOT_LEFT
    for quiet in axis.quiet:
        middle = (quiet.x_from + quiet.x_to) / 2
        sheet.add(
            "path",
            d=f"M{middle - 4:.1f} {top - 14:.1f}l4 -8M{middle:.1f} {top - 14:.1f}l4 -8",
            fill="none",
            stroke="#111",
            stroke_width=1.2,
        )
        words = length_words(quiet.length_us)
        half = text_width(words, 9) / 2
        if middle - half >= free_from and middle + half <= PLOT_RIGHT:
            sheet.text(middle, top - 4, words, size=9, text_anchor="middle", font_style="italic")
            free_from = middle + half + 4


def length_words(length_us: int) -> str:
    """Say how long a stretch of time is, in its two largest units."""
    days, rest = divmod(length_us, DAY_US)
    hours, rest = divmod(rest, HOUR_US)
    minutes = rest // (60 * SECOND_US)
    if days:
        return say(N_("{days} d {hours} h"), days=days, hours=hours)
    return say(N_("{hours} h {minutes} min"), hours=hours, minutes=minutes)
