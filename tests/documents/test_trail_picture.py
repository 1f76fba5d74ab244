"""The picture of a trail: well-formed, whole, safe, and readable without colours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from tests.documents.told import Story

from holdfast.core.money import format_minor
from holdfast.documents.trail_looks import LOOKS, OTHERS
from holdfast.documents.trail_picture import draw_trail
from holdfast.documents.trail_plan import RIBBONS_MAX, plan_picture
from holdfast.documents.trail_rows import lanes_of, money_scores
from holdfast.documents.visible_text import text_width
from holdfast.trail.answer import Answer, Claim, Overheld
from holdfast.trail.question import Rule

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "defs", "pattern", "g", "rect", "circle", "line", "path", "text"}
EVIL = 'TH.THCBC.014.<script>alert("1")</script>&amp;'


def parts(picture: str) -> Element:
    """Read a picture as XML; fails where it is not well-formed."""
    root: Element = fromstring(picture)
    return root


def words(picture: str) -> list[str]:
    """Return all that is written in a picture, hints and description left out."""
    return [
        "".join(text.itertext()) if not len(text) else (text[0].tail or "")
        for text in parts(picture).iter(f"{SVG}text")
    ]


def placed_texts(
    element: Element, x: float = 0.0, y: float = 0.0
) -> Iterator[tuple[Element, float, float]]:
    """Yield every text with its place on the sheet, moved by the groups that it is in."""
    moved = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    if element.tag == f"{SVG}text":
        yield element, x + float(element.get("x", "0")), y + float(element.get("y", "0"))
    for child in element:
        yield from placed_texts(child, x, y)


def assert_sound(picture: str) -> None:
    """Assert what holds for every picture: plain elements, unique ids, all text on the sheet."""
    root = parts(picture)
    width, height = (float(side) for side in root.get("viewBox", "").split()[2:])
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
    attributes = {name for element in root.iter() for name in element.keys()}  # noqa: SIM118
    assert not [name for name in attributes if name.startswith("on") or "href" in name]
    names = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(names) == len(set(names))
    assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(names)
    assert set(root.get("aria-labelledby", "").split()) <= set(names)
    assert root.get("role") == "img"
    for text, x, y in placed_texts(root):
        size = float(text.get("font-size", "0"))
        shown = "".join(text.itertext()) if not len(text) else (text[0].tail or "")
        wide = text_width(shown, size, bold=text.get("font-weight") == "bold")
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
        assert x - wide * share >= 0, shown
        assert x + wide * (1 - share) <= width, shown
        assert size <= y <= height, shown


def assert_every_place_shown(answer: Answer, picture: str) -> None:
    """Assert that what rests is written for its account, or in the sum of its folded row."""
    assert answer.currency
    written = words(picture)
    for lane in lanes_of(money_scores(answer)):
        for row in lane.rows:
            inside = [place for place in answer.resting if place.account in row.accounts]
            amounts = [place.amount_minor for place in inside]
            total = format_minor(sum(amounts), answer.currency, grouped=True)
            each = {format_minor(amount, answer.currency, grouped=True) for amount in amounts}
            assert total in written or each <= set(written)
            if row.folded:
                assert f"and {len(row.accounts)} more accounts" in written


@pytest.mark.parametrize("name", ["small", "long", "crowded", "exposed"])
def test_is_sound(name: str, request: pytest.FixtureRequest) -> None:
    """A picture is one well-formed SVG of plain elements, and no text leaves the sheet."""
    assert_sound(draw_trail(request.getfixturevalue(name)))


@pytest.mark.parametrize("name", ["small", "long", "crowded"])
def test_shows_where_all_money_is(name: str, request: pytest.FixtureRequest) -> None:
    """Each amount that rests is written in the picture or is in the sum of a folded row."""
    answer = request.getfixturevalue(name)
    assert_every_place_shown(answer, draw_trail(answer))


def test_golden(small: Answer, golden: Path) -> None:
    """A small picture is drawn byte for byte as it was looked at and found good."""
    names = {"TH.THCBC.004": "First Bank", "TH.THCBC.014.0000000202": "A. Mule"}
    drawn = draw_trail(small, title="Case 1", names=names)
    assert drawn == (golden / "trail_small.svg").read_text(encoding="utf-8")


def test_says_the_balance(small: Answer) -> None:
    """The head says that what was stolen is what rests and what left, and under which rule."""
    written = words(draw_trail(small))
    assert (
        "Stolen 50,000.00 THB = 43,000.00 resting (of it 15,000.00 held) + 7,000.00 left" in written
    )
    assert any("fifo, the oldest money leaves first" in line for line in written)


def test_marks_held_money_without_colour(small: Answer) -> None:
    """Held money is hatched, and the word HELD stands on it with the amount."""
    picture = draw_trail(small)
    assert "HELD 15,000.00" in words(picture)
    assert 'fill="url(#trail-fifo-held)"' in picture


def test_every_way_out_has_its_letter() -> None:
    """The six ways of leaving are told apart by letter and by shape, not by colour."""
    told = Story()
    told.claim("P", 0, "TH.THCBC.004.1", "TH.THCBC.014.2", 600_00)
    for place, kind in enumerate(["returned", "stop", "immaterial", "beyond", "truncated"]):
        told.pay(
            f"P{place}", 10 + place, "TH.THCBC.014.2", f"TH.THCBC.014.{place + 3}", 100_00, kind
        )
    told.leave("unrecorded", "TH.THCBC.014.2", 100_00)
    picture = draw_trail(told.answer())
    assert_sound(picture)
    assert {"R", "S", "U", "I", "B", "T"} <= set(words(picture))
    shapes = {
        group[0].get("d")
        for group in parts(picture).iter(f"{SVG}g")
        if [child.tag for child in group] == [f"{SVG}path", f"{SVG}text"]
    }
    assert len(shapes) == 6


def test_claims_are_told_apart_without_colour() -> None:
    """No two claims share a pattern on like ground, and no two share their dashes."""
    looks = [*LOOKS, OTHERS]
    assert len({(look.marks, look.ground) for look in looks}) == len(looks)
    assert len({look.marks for look in looks if look.marks}) == len(looks) - 2
    assert len({look.dashes for look in looks}) == len(looks)


def test_further_claims_share_a_pattern_and_are_named(crowded: Answer) -> None:
    """Of twelve claims the largest have a pattern each, the others one together, with their sum."""
    shown = " ".join(words(draw_trail(crowded)))
    assert "the smallest claims together (5), 34,620.00 THB: 1, 5, 6, 9, 10" in shown


def test_thickness_grows_evenly_with_the_amount(small: Answer) -> None:
    """A ribbon of half the money is half as thick."""
    plan = plan_picture(small, {}, 0)
    thickness = {
        flow.hop.transfer_id: 2 * half for flow, half in zip(plan.flows, plan.halves, strict=True)
    }
    assert thickness["P-1"] == pytest.approx(30.0)
    assert thickness["P-2"] == pytest.approx(thickness["P-1"] * 3 / 5)
    assert thickness["P-3"] == pytest.approx(thickness["P-1"] * 12 / 50)


def test_time_never_runs_back_along_a_ribbon(long: Answer) -> None:
    """Whatever leaves an account leaves it right of where the money joined it."""
    plan = plan_picture(long, {}, 0)
    joined: dict[int, float] = {}
    for place, flow in enumerate(plan.flows):
        x = plan.axis.xs[place]
        if flow.source in joined:
            assert x - plan.reach(place) >= joined[flow.source] - 0.01
        joined[flow.target] = max(joined.get(flow.target, 0.0), x + plan.reach(place))


def test_long_quiet_is_marked_with_its_length(small: Answer) -> None:
    """A stretch that is drawn shorter than it was says how long it was."""
    assert "2 d 23 h" in words(draw_trail(small))


def test_crowded_trail_stays_bounded_and_says_what_it_leaves_out(crowded: Answer) -> None:
    """Hundreds of hops and accounts fit a page, and the picture counts what it does not draw."""
    picture = draw_trail(crowded)
    written = " ".join(words(picture))
    assert len(crowded.hops) > 2 * RIBBONS_MAX
    assert float(parts(picture).get("height", "0")) < 2200
    assert "Not drawn: transfers between accounts of one folded row (" in written
    assert "Drawn as faint grey lines: smaller transfers (" in written
    assert "The CSV table has them all." in written


def test_text_from_outside_stays_text() -> None:
    """Markup, quotes, reordering and control signs in ids and names are shown, never obeyed."""
    told = Story()
    told.claim('C"<&>\u202egnirts\x1b[31m\ufffe', 0, "no bank", EVIL, 10**18)
    told.held[EVIL, told.claims[0].transfer_id] = 10**17
    told.pay("x" * 300, 60, EVIL, "TH.THCBC.\u05d0.\u0639\u0631" + "9" * 300, 10**15)
    answer = told.answer(
        waiting=tuple(f"<{place}>" for place in range(30)),
        truncated_why="seconds",
        without_history=(EVIL,) * 20,
        overheld=tuple(Overheld(f"H{place}", EVIL, "C", 5) for place in range(12)),
        ledger_change=7,
    )
    names = {EVIL: "<b>\u202e" * 60, "TH.THCBC.014": "\u0e01\u0e49" * 300}
    picture = draw_trail(answer, title="<i>\x00" * 80, names=names)
    assert_sound(picture)
    assert "<script" not in picture
    assert "\u202e" not in picture
    assert "⟨202E⟩" in picture
    assert "TRUNCATED" in picture
    assert "and 22 more" in picture
    assert "further holds (4)" in picture


def test_waiting_claims_give_a_picture_that_says_so() -> None:
    """Where no claim is in the ledger the picture is valid, and says that and which claims wait."""
    answer = Answer(rule=Rule.FIFO, as_of_us=None, currency=None, waiting=("A-1", "A-2"), claims=())
    picture = draw_trail(answer)
    assert_sound(picture)
    written = " ".join(words(picture))
    assert "Nothing to draw yet" in written
    assert "A-1, A-2" in written


def test_claim_that_owns_nothing_gives_a_picture(small: Answer) -> None:
    """A claim all of whose money is that of earlier claims is told as such."""
    second = Claim("P-9", 500_00, 0)
    written = " ".join(words(draw_trail(replace(small, claims=(*small.claims, second)))))
    assert "claim 2: P-9, 0.00 THB of 500.00 paid" in written


def test_currency_without_decimals() -> None:
    """Amounts follow the decimals of their currency."""
    told = Story()
    told.claim("P", 0, "VN.VNBC.1.1", "VN.VNBC.2.2", 1_234_567)
    picture = draw_trail(told.answer(currency="VND"))
    assert "1,234,567" in words(picture)


def test_as_of_is_said(small: Answer) -> None:
    """A picture at an instant names the instant, at its head and over the amounts."""
    answer = replace(small, as_of_us=small.hops[-1].time_us)
    written = words(draw_trail(answer))
    assert "Where the money is at 2026-03-04 02:00:00Z" in written
    assert any("as of 2026-03-04 02:00:00Z" in line for line in written)


def test_poison_shows_exposure_without_amounts(exposed: Answer) -> None:
    """Exposure is drawn by first time and hop, says what it is, and shows no amount."""
    picture = draw_trail(exposed)
    written = words(picture)
    assert "url(#" not in picture
    assert (
        "Exposed accounts: 9. Intelligence only, never a hold; no amounts are reckoned." in written
    )
    for row in exposed.exposed:
        assert row.account.rpartition(".")[2] in written
        assert any(line.startswith(f"{row.via}, ") for line in written)


def test_poison_folds_what_is_furthest(exposed: Answer) -> None:
    """Of a thousand exposed accounts the nearest have a row each, the others are counted."""
    many = tuple(
        replace(
            exposed.exposed[0], account=f"TH.THCBC.00{place % 5}.9{place:04d}", hop=1 + place // 20
        )
        for place in range(1000)
    )
    picture = draw_trail(replace(exposed, exposed=many))
    assert_sound(picture)
    folded = [re.fullmatch(r"and (\d+) more accounts", line) for line in words(picture)]
    marks = [line for line in words(picture) if line == "1"]
    assert sum(int(found[1]) for found in folded if found) == 1000 - 35
    assert len(marks) == 20


Move = tuple[int, int, int, str]
MOVES = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(1, 40_000),
        st.sampled_from(["", "", "", "stop", "beyond", "immaterial", "truncated"]),
    ),
    max_size=25,
)


@given(moves=MOVES, seconds=st.lists(st.integers(0, 10**6), min_size=25, max_size=25))
def test_every_trail_is_drawn_whole(moves: Sequence[Move], seconds: Sequence[int]) -> None:
    """Whatever the trail, its picture is sound, shows all that rests, and is the same twice."""
    told = Story()
    accounts = [f"TH.THCBC.{place % 3}.{place}" for place in range(10)]
    for place in range(3):
        told.claim(f"C{place}", place, f"TH.THCBC.9.{place}", accounts[place], 30_000 + place)
    times = sorted(seconds)
    for place, (debit, credit, amount, ends) in enumerate(moves):
        if debit != credit and told.total(accounts[debit]):
            told.pay(f"T{place}", 3 + times[place], accounts[debit], accounts[credit], amount, ends)
    answer = told.answer()
    picture = draw_trail(answer)
    assert_sound(picture)
    assert_every_place_shown(answer, picture)
    assert picture == draw_trail(answer)
