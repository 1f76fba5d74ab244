"""The geometry of ribbons and bands, and how they are drawn.

A transfer happens at one instant, so its ribbon leaves one row to the right, runs straight up or
down at its time, and joins the other row to the right: read along it, time never runs back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.documents.svg_sheet import Sheet, number
from holdfast.documents.trail_bands import Bands, Flow, Ribbon, Step
from holdfast.documents.trail_looks import INK, PAPER, ClaimGroup

BENDS = (13.0, 10.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0)
"""Radii in pixels of a ribbon's inner bends, the roundest that leaves time its room is taken."""
NEEDS_SHARE = 0.6
"""The share of the axis that ribbons may take for themselves; the rest shows how time went."""
THIN = 2.6
"""Below this many pixels a ribbon shows its claims by its dashes, not by its pattern."""
ORIGIN_ROOM = 26
STEP_LEAST = 0.4
STEP_LEAST_CROWDED = 2.5
STEPS_CROWDED = 300
"""Steps of a row from which on they are drawn coarser, so that no trail makes an endless file."""


def bend_of(flows: Sequence[Flow], bands: Bands, room: float) -> tuple[float, list[float]]:
    """Choose how round the ribbons are; return it with each flow's distance to the one before."""
    for bend in BENDS:
        needs = _needs(flows, bands, bend)
        if sum(needs) <= room * NEEDS_SHARE:
            break
    return bend, needs


def _needs(flows: Sequence[Flow], bands: Bands, bend: float) -> list[float]:
    needs: list[float] = []
    joined: dict[int, float] = {}
    x, half_before = 0.0, 0.0
    for flow, ribbons in zip(flows, bands.ribbons, strict=True):
        half = bundle_width(ribbons) / 2
        least = ORIGIN_ROOM + half + bend if not needs else x + half_before + half + 1
        if flow.source in joined:
            least = max(least, joined[flow.source] + half + bend)
        needs.append(least - x)
        x, half_before = least, half
        joined[flow.target] = max(joined.get(flow.target, 0.0), x + half + bend)
    return needs


def bundle_width(ribbons: Sequence[Ribbon]) -> float:
    """Return the thickness of a transfer, all its strands side by side."""
    return sum(ribbon.width for ribbon in ribbons)


def ribbon_path(
    x_from: float, x: float, x_to: float, y_from: float, y_to: float, width: float, bend: float
) -> str:
    """Return the outline of a ribbon that turns into its row's direction with two bends."""
    down = 1 if y_to > y_from else -1
    half = width / 2
    middle = min(bend + half, abs(y_to - y_from) / 2)
    outer, inner = middle + half, max(middle - half, 0.0)
    near, far = x - half, x + half
    first = _edge(x_from, far, x_to, y_from - down * half, y_to - down * half, (outer, inner))
    back = _edge(x_to, near, x_from, y_to + down * half, y_from + down * half, (outer, inner))
    return f"M{first}L{back}Z"


def ribbon_line(
    x_from: float, x: float, x_to: float, y_from: float, y_to: float, bend: float
) -> str:
    """Return the middle line of a ribbon that is too thin for an outline."""
    middle = min(bend, abs(y_to - y_from) / 2)
    return "M" + _edge(x_from, x, x_to, y_from, y_to, (middle, middle))


def _edge(
    x_from: float, x: float, x_to: float, y_from: float, y_to: float, bends: tuple[float, float]
) -> str:
    ahead = 1 if x_to > x_from else -1
    down = 1 if y_to > y_from else -1
    first, second = bends
    return (
        f"{_at(x_from, y_from)}H{number(x - ahead * first)}"
        f"Q{_at(x, y_from)} {_at(x, y_from + down * first)}"
        f"V{number(y_to - down * second)}"
        f"Q{_at(x, y_to)} {_at(x + ahead * second, y_to)}H{number(x_to)}"
    )


def _at(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"


def band_paths(
    steps: Sequence[Step], step_xs: Sequence[float], top: float, end: float
) -> dict[int, str]:
    """Return the outline of each group's stripe along a row, from its steps to the right end."""
    runs: dict[int, list[list[tuple[float, float, float, float]]]] = {}
    x_from = step_xs[0]
    least = STEP_LEAST if len(steps) < STEPS_CROWDED else STEP_LEAST_CROWDED
    for place, step in enumerate(steps):
        last = place + 1 == len(steps)
        x_to = end if last else step_xs[place + 1]
        if x_to - x_from < least and not last:
            continue
        y = top
        for group, thickness in step.thickness:
            piece = (x_from, x_to, y, y + thickness)
            pieces = runs.setdefault(group, [])
            if pieces and abs(pieces[-1][-1][1] - x_from) < 0.02:
                pieces[-1].append(piece)
            else:
                pieces.append([piece])
            y += thickness
        x_from = x_to
    return {group: "".join(_outline(run) for run in pieces) for group, pieces in runs.items()}


def _outline(run: Sequence[tuple[float, float, float, float]]) -> str:
    """Return the outline of one unbroken run of pieces (x_from, x_to, y_top, y_bottom)."""
    upper = "L".join(f"{_at(x_from, y)}L{_at(x_to, y)}" for x_from, x_to, y, _ in run)
    lower = "L".join(f"{_at(x_to, y)}L{_at(x_from, y)}" for x_from, x_to, _, y in reversed(run))
    return f"M{upper}L{lower}Z"


def step_xs(
    steps: Sequence[Step], xs: Sequence[float], halves: Sequence[float], bend: float
) -> list[float]:
    """Return where along the axis each step of a row takes place; they never run back."""
    found: list[float] = []
    for step in steps:
        reach = halves[step.flow] + bend
        x = xs[step.flow] + (reach if step.joined else -reach)
        found.append(max(x, found[-1]) if found else x)
    return found


def draw_flow(
    sheet: Sheet,
    flow: Flow,
    ribbons: Sequence[Ribbon],
    *,
    x: float,
    bend: float,
    tops: Mapping[int, float],
    looks: tuple[Sequence[ClaimGroup], str],
) -> None:
    """Draw a transfer's strands side by side on a white edge that sets them off from others.

    `tops` are the upper ends of the rows' bands; `looks` the groups of claims and the prefix of
    the names of their patterns.
    """
    groups, prefix = looks
    paths = _strand_paths(flow, ribbons, x=x, bend=bend, tops=tops)
    for path, ribbon in zip(paths, ribbons, strict=True):
        edge = 2.4 + (ribbon.width if ribbon.width < THIN else 0.6)
        sheet.add("path", d=path, fill="none", stroke=PAPER, stroke_width=edge)
    for path, ribbon in zip(paths, ribbons, strict=True):
        group = ribbon.strand.group
        look = groups[group].look
        if ribbon.width < THIN:
            sheet.add(
                "path",
                d=path,
                fill="none",
                stroke=look.ink,
                stroke_width=max(ribbon.width, 1.0),
                stroke_dasharray=look.dashes,
            )
        else:
            fill = f"url(#{prefix}-claim-{group})"
            sheet.add("path", d=path, fill=fill, stroke=look.ink, stroke_width=0.8)


def _strand_paths(
    flow: Flow, ribbons: Sequence[Ribbon], *, x: float, bend: float, tops: Mapping[int, float]
) -> list[str]:
    width = bundle_width(ribbons)
    reach = width / 2 + bend
    side = 1 if tops[flow.target] > tops[flow.source] else -1
    shift = (
        side * width / 2
    )  # the first strand is the outermost of a bend down, innermost of one up
    paths = []
    for ribbon in ribbons:
        shift -= side * ribbon.width / 2
        ends = (x - reach, x + shift, x + reach)
        ys = (tops[flow.source] + ribbon.from_offset, tops[flow.target] + ribbon.to_offset)
        if ribbon.width < THIN:
            paths.append(ribbon_line(*ends, *ys, bend))
        else:
            paths.append(ribbon_path(*ends, *ys, ribbon.width, bend))
        shift -= side * ribbon.width / 2
    return paths


def draw_faint(
    sheet: Sheet,
    flow: Flow,
    ribbons: Sequence[Ribbon],
    *,
    x: float,
    bend: float,
    tops: Mapping[int, float],
) -> None:
    """Draw a small transfer of a crowded picture as one thin grey line."""
    reach = bundle_width(ribbons) / 2 + bend
    ys = (
        tops[flow.source] + ribbons[0].from_offset,
        tops[flow.target] + ribbons[0].to_offset,
    )
    line = ribbon_line(x - reach, x, x + reach, *ys, bend)
    sheet.add("path", d=line, fill="none", stroke="#c4c4c4", stroke_width=0.6)


def draw_arrow(sheet: Sheet, x: float, y: float, width: float) -> None:
    """Draw the head of a ribbon whose tip touches (x, y)."""
    wing = min(max(width / 2 + 2, 3.2), 9.0)
    long = min(wing * 1.3, 8.0)
    sheet.add(
        "path",
        d=f"M{_at(x - long, y - wing)}L{_at(x, y)}L{_at(x - long, y + wing)}Z",
        fill=INK,
        stroke=PAPER,
        stroke_width=0.8,
    )
