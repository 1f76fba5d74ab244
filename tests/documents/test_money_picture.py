"""The picture of money over time: sound, told in words, in one scale, safe against names."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.instant import DAY_US, HOUR_US, parse_instant
from holdfast.documents.money_picture import (
    PANELS_MAX,
    TICKS_MAX,
    MoneyOverTime,
    MoneyPoint,
    draw_money,
)
from holdfast.documents.visible_text import text_width

SVG = "{http://www.w3.org/2000/svg}"
BEGINS_US = parse_instant("2026-03-02T03:00:00Z")


def panel(
    *points: tuple[int, int, int, int], name: str = "With the centre", hours: int = 6
) -> MoneyOverTime:
    """Return a panel of (minutes, reachable, held, gone)."""
    return MoneyOverTime(
        name,
        tuple(
            MoneyPoint(BEGINS_US + minutes * 60_000_000, reachable + gone, reachable, held, gone)
            for minutes, reachable, held, gone in points
        ),
        BEGINS_US,
        BEGINS_US + hours * HOUR_US,
        "THB",
    )


SMALL = panel(
    (0, 5_000_000, 0, 0), (20, 4_000_000, 0, 1_000_000), (40, 4_000_000, 3_000_000, 1_000_000)
)


def words(picture: str) -> list[str]:
    """Return all that is written in a picture, without what is shown when pointing at it."""
    return [
        (text[0].tail if len(text) else text.text) or ""
        for text in fromstring(picture).iter(f"{SVG}text")
    ]


def layers(picture: str) -> list[list[tuple[float, float]]]:
    """Return the corners of the filled areas, in drawing order."""
    return [
        [
            (float(x), float(y))
            for x, y in (corner.split(" ") for corner in path.get("d", "")[1:-1].split("L"))
        ]
        for path in fromstring(picture).iter(f"{SVG}path")
        if path.get("fill") != "none"
    ]


def test_says_all_amounts_in_words_too() -> None:
    """Who can't see the picture is told the same sums as the table beside it."""
    picture = draw_money([SMALL], title="Day of seed 7", zone_hours=7)
    root = fromstring(picture)
    assert root.findtext(f"{SVG}title") == "Day of seed 7"
    assert root.findtext(f"{SVG}desc") == (
        "With the centre: 50,000.00 THB stolen, 10,000.00 gone, 40,000.00 still reachable at the "
        "end, of it 30,000.00 held."
    )
    written = words(picture)
    table = written[written.index("At the end") :]
    assert table == [
        "At the end",
        "Stolen",
        "50,000.00",
        "Gone",
        "10,000.00",
        "Still reachable",
        "40,000.00",
        "of it held",
        "30,000.00",
    ]


def test_layers_lie_on_each_other_up_to_what_was_stolen() -> None:
    """At the end the layers' heights are as the amounts, and their upper edge is the whole."""
    held, free, gone = layers(draw_money([SMALL]))
    right = [max(corner[0] for corner in area) for area in (held, free, gone)]
    assert len(set(right)) == 1
    edges = [
        sorted({y for x, y in area if x == right[0]}, reverse=True) for area in (held, free, gone)
    ]
    heights = [low - high for low, high in edges]
    assert heights == pytest.approx([138, 46, 46])
    assert edges[0][1] == edges[1][0]
    assert edges[1][1] == edges[2][0]


def test_every_layer_is_named_and_no_name_lies_on_another() -> None:
    """Names stand beside the layers' ends, apart from each other, even where a layer is empty."""
    for points in ((0, 0, 0, 1), (0, 1, 0, 0), (0, 1, 1, 0), (0, 0, 0, 0)):
        root = fromstring(draw_money([panel(points)]))
        places = {
            (text[0].tail if len(text) else text.text): float(text.get("y", "0"))
            for text in root.iter(f"{SVG}text")
        }
        ys = [places[name] for name in ("gone", "reachable, not held", "held")]
        assert ys[1] - ys[0] >= 14
        assert ys[2] - ys[1] >= 14


def test_panels_share_a_scale() -> None:
    """The same amount is as high in each panel, and each is named; too many are left out."""
    large = panel((0, 0, 0, 10_000_000), name="Today")
    areas = layers(draw_money([SMALL, large]))
    small_top, large_top = (min(y for _, y in areas[place]) for place in (2, 5))
    bottoms = [max(y for _, y in areas[place]) for place in (0, 3)]
    assert bottoms[1] - large_top == pytest.approx(2 * (bottoms[0] - small_top))
    many = draw_money([replace(SMALL, name=f"Panel {number}") for number in range(PANELS_MAX + 2)])
    named = [line for line in words(many) if line.startswith("Panel")]
    assert named == [f"Panel {number}, amounts in THB" for number in range(PANELS_MAX)]


def test_times_are_those_of_the_zone() -> None:
    """10:00 in Bangkok is written so, with its day once."""
    written = words(draw_money([SMALL], zone_hours=7))
    assert "Time (UTC+7)" in written
    assert written.count("2026-03-02") == 1
    assert {"10:00", "16:00"} <= set(written)
    assert "Time (UTC)" in words(draw_money([SMALL]))


def test_an_empty_story_is_drawn() -> None:
    """Where nothing was stolen there are axes and zeros, and no panel is a picture too."""
    assert "0.00" in words(draw_money([panel()]))
    assert fromstring(draw_money([])).findtext(f"{SVG}desc")


def test_names_from_outside_are_text() -> None:
    """A name can't bring markup or hidden signs into the picture."""
    picture = draw_money(
        [replace(SMALL, name='<script>alert("1")</script>\u202e' * 9)], title="<b>"
    )
    assert "<script" not in picture
    assert "\u202e" not in picture
    fromstring(picture)


def test_the_same_input_gives_the_same_bytes() -> None:
    """Nothing in a picture varies by itself."""
    assert draw_money([SMALL]) == draw_money([SMALL])


@given(
    st.lists(st.tuples(*[st.integers(0, 10**14)] * 3), max_size=12),
    st.integers(0, 400 * DAY_US),
    st.sampled_from([0.0, 7.0, 6.5, -3.0]),
)
def test_whatever_happens_stays_on_the_sheet(
    amounts: list[tuple[int, int, int]], lasts_us: int, zone_hours: float
) -> None:
    """Areas, ticks and words keep within the sheet for any amounts and any length of time."""
    points = tuple(
        MoneyPoint(
            BEGINS_US + lasts_us * place // len(amounts),
            held + free + gone,
            held + free,
            held,
            gone,
        )
        for place, (held, free, gone) in enumerate(amounts)
    )
    money = MoneyOverTime("Any", points, BEGINS_US, BEGINS_US + lasts_us, "THB")
    root = fromstring(draw_money([money], zone_hours=zone_hours))
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for path in root.iter(f"{SVG}path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d", "")):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
    clocks = 0
    for text in root.iter(f"{SVG}text"):
        written = (text[0].tail if len(text) else text.text) or ""
        clocks += bool(re.fullmatch(r"\d\d:\d\d", written))
        wide = text_width(written, float(text.get("font-size", "0")))
        left = {"end": 1.0, "middle": 0.5}.get(text.get("text-anchor", ""), 0.0) * wide
        x = float(text.get("x", "0")) - left
        assert x >= -1
        assert x + wide <= width + 1
        assert 0 <= float(text.get("y", "0")) <= height
    assert clocks <= TICKS_MAX + 1
