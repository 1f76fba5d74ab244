"""The trail in a terminal: whole, in order, and readable anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.documents.told import Story, crowded_story, exposure, long_story, small_story

from holdfast.cli.trail_table import print_side_by_side, print_trail
from holdfast.core.money import format_minor
from holdfast.trail.answer import Answer, Overheld
from holdfast.trail.question import Rule

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def page(*, width: int = 80) -> Console:
    """Return a console that writes plain text, as into a file."""
    return Console(file=StringIO(), width=width, highlight=False)


def printed(answer: Answer, *, width: int = 80, hops_max: int = 40) -> str:
    """Return what is printed of an answer, without the spaces at the ends of lines."""
    console = page(width=width)
    print_trail(answer, console, hops_max=hops_max)
    return text_of(console)


def text_of(console: Console) -> str:
    """Return what a console has been given."""
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def test_golden() -> None:
    """A small trail is printed word for word as it was read and found good."""
    assert printed(small_story().answer()) == (GOLDEN / "trail_small.txt").read_text("utf-8")


def test_where_the_money_is_comes_first() -> None:
    """Places stand before exits, exits before the way it went."""
    text = printed(long_story().answer())
    order = [
        "Where the money is now",
        "Where it left the trail",
        "Stolen 163,000.00",
        "How it went",
    ]
    places = [text.index(heading) for heading in order]
    assert places == sorted(places)


@pytest.mark.parametrize("told", [small_story(), long_story(), crowded_story()])
def test_fits_eighty_columns(told: Story) -> None:
    """No line is longer than 80 characters, and no account is broken in two."""
    answer = told.answer()
    lines = printed(answer).splitlines()
    assert max(len(line) for line in lines) <= 80
    broken = [line for line in lines if line.startswith("TH.") and len(line.split()[0]) < 12]
    assert not broken


def test_place_says_what_is_held_and_what_can_be() -> None:
    """A place has its amount, what is held of it, what could be held yet, and its hop."""
    lines = printed(small_story().answer()).splitlines()
    assert "TH.THCBC.002.0000000303  26,000.00  15,000.00    11,000.00    2" in lines


def test_several_claims_are_told_apart() -> None:
    """With several claims rows say whose money it is, and a hop has a line for each claim."""
    text = printed(long_story().answer())
    assert "TH.THCBC.030.0000005502  #2 #3     8,000.00" in text
    assert " #2  S7-000632   30,000.00" in text
    first = next(line for line in text.splitlines() if "02:08:20" in line)
    second = text.splitlines()[text.splitlines().index(first) + 1]
    assert first.split()[-2:] == ["#1", "6,000.00"]
    assert second.split() == ["#2", "25,000.00"]


def test_more_hops_than_shown_are_counted() -> None:
    """What is left out is said with its number and with the way to see all."""
    answer = long_story().answer()
    text = printed(answer, hops_max=7)
    assert f"Left out here: {len(answer.hops) - 7} of {len(answer.hops)} hops" in text
    assert "--format csv" in text
    assert "02:05:30" in text
    assert "02:08:20" not in text


def test_more_places_than_shown_are_summed() -> None:
    """Beyond the rows that a table shows, the rest is counted and summed."""
    answer = crowded_story(500).answer()
    accounts = {row.account for row in answer.resting}
    assert len(accounts) > 200
    assert f"Left out here: {len(accounts) - 200} rows, together" in printed(answer)


def test_warnings_come_before_the_numbers() -> None:
    """Truncation, waiting claims, overheld money and missing history are said at the top."""
    answer = replace(
        small_story().answer(),
        truncated_why="transfers",
        waiting=("W-1", "W-2"),
        overheld=(Overheld("H-1", "TH.THCBC.004.8", "P-1", 150),),
        without_history=("TH.THCBC.004.9",),
    )
    head = printed(answer).partition("Where the money is now")[0]
    assert "TRUNCATED: the limit of transfers was met" in head
    assert "W-1, W-2" in head
    assert "hold H-1 keeps 1.50 THB too much at TH.THCBC.004.8" in head.replace("\n", " ")
    assert "TH.THCBC.004.9" in head


def test_only_waiting_claims() -> None:
    """Where every claim waits the table says that there is no trail yet."""
    answer = Answer(rule=Rule.FIFO, as_of_us=None, currency=None, waiting=("A-1",), claims=())
    text = printed(answer)
    assert "A-1" in text
    assert "No claim is in the ledger yet" in text


def test_nothing_rests() -> None:
    """Where all has left, the first table says that nothing rests."""
    told = Story()
    told.claim("P", 0, "TH.THCBC.004.1", "TH.THCBC.014.2", 100)
    told.leave("unrecorded", "TH.THCBC.014.2", 100)
    assert "Nothing of it rests in any account." in printed(told.answer())


def test_claim_on_money_of_earlier_claims_is_explained() -> None:
    """Where a claim's amount is less than what was paid, the table says why."""
    answer = small_story().answer()
    less = replace(answer.claims[0], reported_minor=6_000_000)
    text = printed(replace(answer, claims=(less,)))
    assert "#1: 60,000.00 THB was paid" in text


def test_poison_is_exposure_only() -> None:
    """Exposed accounts come by first time, without amounts, and the rest is counted."""
    text = printed(exposure(), hops_max=4)
    assert "Intelligence only, never a hold" in text
    assert "2026-03-01 02:26:40Z  TH.THCBC.002.0000000102    1  P-3" in text
    assert "Left out here: 5 of 9 accounts" in text


def test_hostile_text_does_not_reach_the_terminal() -> None:
    """Control signs are written out, and what looks like markup is printed as it is."""
    told = Story()
    told.claim("[bold]\x1b[2J\u202e", 0, "TH.THCBC.004.1", "TH.THCBC.014.[red]2", 100)
    text = printed(told.answer())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]⟨001B⟩[2J⟨202E⟩" in text
    assert "TH.THCBC.014.[red]2" in text


def test_plain_terminal_gets_plain_signs() -> None:
    """A terminal that knows only ASCII gets only ASCII, and no colours or control signs."""
    file = TextIOWrapper(BytesIO(), encoding="ascii")
    told = Story()
    told.claim("ค-1", 0, "TH.THCBC.004.1", "TH.THCBC.014.2", 100)
    print_trail(told.answer(), Console(file=file, width=80, highlight=False))
    file.flush()
    assert isinstance(file.buffer, BytesIO)
    text = file.buffer.getvalue()
    assert text.isascii()
    assert b"\x1b" not in text
    assert rb"\u0e04-1" in text


@given(
    amounts=st.lists(st.integers(1, 10**18), min_size=1, max_size=6),
    width=st.integers(10, 120),
)
def test_amounts_are_whole_on_any_width(amounts: Sequence[int], width: int) -> None:
    """However narrow the terminal, each amount stands in one piece on one line."""
    told = Story()
    for place, amount in enumerate(amounts):
        told.claim(f"C{place}", place, f"TH.THCBC.004.{place}", f"TH.THCBC.014.{place}", amount)
    text = printed(told.answer(), width=width)
    for amount in amounts:
        assert text.count(format_minor(amount, "THB", grouped=True)) >= 3


def rules() -> dict[Rule, Answer]:
    """Return one story as two rules would tell it, and what is exposed."""
    fifo = small_story().answer()
    moved = tuple(
        replace(row, amount_minor=row.amount_minor + change, held_minor=0)
        for row, change in zip(fifo.resting, (-100, 100, 0), strict=True)
    )
    return {
        Rule.FIFO: fifo,
        Rule.LIFO: replace(fifo, rule=Rule.LIFO, resting=moved, exits=fifo.exits[:2]),
        Rule.POISON: exposure(),
    }


def test_side_by_side_has_a_column_a_rule() -> None:
    """Each account has its amount by each rule, and whether it is exposed at all."""
    console = page()
    print_side_by_side(rules(), console)
    lines = text_of(console).splitlines()
    assert "Account                       fifo       lifo  poison: hop" in lines
    assert "TH.THCBC.002.0000000303  26,000.00  25,999.00            -" in lines
    assert "Resting         43,000.00  43,000.00" in lines
    assert "Of it held      15,000.00       0.00" in lines
    assert "poison exposes 9 accounts; no other rule finds money in 9 of them." in lines


def test_side_by_side_shows_exits_and_what_one_rule_lacks() -> None:
    """Ways of leaving have their sum and their accounts; a dash stands where a rule has none."""
    console = page()
    print_side_by_side(rules(), console)
    lines = text_of(console).splitlines()
    assert "left unseen                2,000.00         -" in lines
    assert "  TH.THCBC.014.0000000404  2,000.00         -" in lines


def test_side_by_side_sums_what_it_leaves_out() -> None:
    """Beyond sixty accounts the rest is one row with its sums."""
    answer = crowded_story().answer()
    console = page()
    print_side_by_side({Rule.FIFO: answer, Rule.LIFO: replace(answer, rule=Rule.LIFO)}, console)
    accounts = {row.account for row in answer.resting}
    assert f"and {len(accounts) - 60} more accounts" in text_of(console)


def test_side_by_side_names_the_rule_of_a_warning() -> None:
    """A warning that only one rule gives names that rule."""
    told = rules()
    told[Rule.LIFO] = replace(told[Rule.LIFO], truncated_why="seconds")
    console = page(width=120)
    print_side_by_side(told, console)
    assert "lifo: TRUNCATED: the time limit was met" in text_of(console)


def test_side_by_side_of_waiting_claims() -> None:
    """Where every claim waits, the comparison says so."""
    answer = Answer(rule=Rule.FIFO, as_of_us=None, currency=None, waiting=("A-1",), claims=())
    console = page()
    print_side_by_side({Rule.FIFO: answer}, console)
    assert "No claim is in the ledger yet" in text_of(console)
