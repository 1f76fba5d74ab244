"""Tests of scenarios: what a caseworker's text says, and what is told where it says nothing."""

from __future__ import annotations

import pickle
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.banks.agent.faults import AgentFault
from holdfast.core.account import parse_account
from holdfast.core.errors import NotFound, Refused
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US, format_instant
from holdfast.law.law import Law
from holdfast.simulation.events import CENTRE, NO_SCAM, Caller, Manner, Part
from holdfast.simulation.parameters import Channel
from holdfast.simulation.scenario import (
    BYTES_MAX,
    LINES_MAX,
    PROBLEMS_MAX,
    Scenario,
    ScenarioWrong,
    open_scenario,
    parse_scenario,
    scenario_names,
)
from holdfast.simulation.scenario_line import DAYS_MAX
from holdfast.simulation.scenario_reader import OF_A_BANK, OF_THE_CENTRE, PARTS, PEOPLE_MAX

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-a-scenario.md"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "scenario_two_victims.txt"
PEOPLE = (
    "people Malee at 004, Somsak at 014, mule Nok at 006, mule Bank at 025, merchant Shop at 004"
)
MINUTE_US = 60 * SECOND_US


def told(*lines: str) -> Scenario:
    """Read lines after a line of people."""
    return parse_scenario("\n".join((PEOPLE, *lines)), "told")


def refused(*lines: str) -> Refused:
    """Return the error that the last of some lines brings."""
    told(*lines[:-1])
    with pytest.raises(Refused) as error:
        told(*lines)
    return error.value


def lines_of(scenario: Scenario) -> str:
    """Write a scenario out as it was understood, an entry a line."""
    names = [player.name for player in scenario.cast]
    lines = [f"{scenario.story.name} begins {format_instant(scenario.begins_us)}"]
    lines += [
        f"{player.name} is {player.part.value} {player.account} {player.opening_minor}"
        for player in scenario.cast
    ]
    lines += [
        f"{format_instant(row.time_us)} {names[row.debit]} > {names[row.credit]} "
        f"{row.amount_minor} {row.channel.value} {row.scam or '-'}{' claim' * row.is_claim}"
        for row in scenario.story.rows
    ]
    for call in scenario.story.calls:
        later = [
            format_instant(at_us) if at_us else "never"
            for at_us in (call.confirms_us, call.complains_us)
        ]
        lines.append(
            f"{format_instant(call.time_us)} {call.caller.value} {call.scam} {call.scam_type} "
            f"{list(call.rows)} confirmed {later[0]}, complaint {later[1]}"
        )
    lines.append(f"ends {format_instant(scenario.story.ends_us)}")
    return "\n".join(lines) + "\n"


def test_a_scenario_becomes_the_story_that_it_tells() -> None:
    """The shipped scenario of two victims is understood word for word as it was checked once."""
    assert lines_of(open_scenario("two-victims-of-one-mule")) == GOLDEN.read_text(encoding="utf-8")


def test_ten_scenarios_are_there() -> None:
    """Each of the ten told of in the docs can be read, has a victim, a mule and a call."""
    names = scenario_names()
    assert len(names) == 10
    for name in names:
        scenario = open_scenario(name)
        parts = {player.part for player in scenario.cast}
        assert {Part.VICTIM, Part.MULE} <= parts, name
        assert any(call.caller is not Caller.FALSE for call in scenario.story.calls), name
        assert any(row.is_claim for row in scenario.story.rows), name


@pytest.mark.parametrize("name", scenario_names())
def test_what_happens_can_happen(name: str) -> None:
    """Rows, calls and turns stand in time order within the story, and nobody falls below zero."""
    scenario = open_scenario(name)
    story = scenario.story
    for times in (
        [row.time_us for row in story.rows],
        [call.time_us for call in story.calls],
        [turn.time_us for turn in scenario.turns],
    ):
        assert times == sorted(times)
        assert all(scenario.begins_us <= time_us <= story.ends_us for time_us in times)
    balances = [player.opening_minor for player in scenario.cast]
    for row in story.rows:
        balances[row.debit] -= row.amount_minor
        balances[row.credit] += row.amount_minor
        assert balances[row.debit] >= 0
    for call in story.calls:
        assert call.rows
        assert all(story.rows[place].time_us <= call.time_us for place in call.rows)
    accounts = [player.account for player in scenario.cast]
    assert len(set(accounts)) == len(accounts)
    assert [parse_account(account) for account in accounts] == accounts


def test_every_way_of_paying_is_understood() -> None:
    """Cash, goods, wages, abroad and refunds become payments of their kind."""
    scenario = told(
        "10:00 Malee has 1,000.50",
        "10:01 Malee pays Nok 900 as job scam",
        "10:02 Nok refunds Malee 100",
        "10:03 Nok draws 200 cash",
        "10:04 Nok buys 50.25 baht at Shop",
        "10:05 Nok sends 300 abroad",
        "10:06 Nok pays Somsak 10 as wages",
        "10:07 Malee pays Somsak 5",
    )
    found = [
        (scenario.cast[row.credit].name, row.amount_minor, row.channel, row.scam, row.is_claim)
        for row in scenario.story.rows
    ]
    scam = "job-0001"
    assert found == [
        ("Nok", 90_000, Channel.PROMPTPAY, scam, True),
        ("Malee", 10_000, Channel.PROMPTPAY, scam, False),
        ("cash", 20_000, Channel.CASH, scam, False),
        ("Shop", 5_025, Channel.PROMPTPAY, scam, False),
        ("abroad", 30_000, Channel.PROMPTPAY, scam, False),
        ("Somsak", 1_000, Channel.PAYROLL, scam, False),
        ("Somsak", 500, Channel.PROMPTPAY, NO_SCAM, False),
    ]


def test_days_go_on() -> None:
    """A time without a day is of the day of the line before; the first day can be chosen."""
    scenario = told(
        "begins 2026-03-07",
        "23:50 Malee has 10",
        "day 2 00:10 Malee pays Nok 5 as goods scam",
        "08:00:30 Malee reports",
        "day 3 12:00 the story ends",
    )
    begins_us = scenario.begins_us
    assert format_instant(begins_us) == "2026-03-06T17:00:00Z"
    assert scenario.story.rows[0].time_us == begins_us + DAY_US + 10 * MINUTE_US
    assert scenario.story.calls[0].time_us == begins_us + DAY_US + 8 * HOUR_US + 30 * SECOND_US
    assert scenario.story.ends_us == begins_us + 2 * DAY_US + 12 * HOUR_US


def test_victims_of_mules_who_pay_each_other_are_hit_by_one_scam() -> None:
    """Mules that never meet run scams of their own; who was hit by both reports both."""
    scenario = parse_scenario(
        "people A at 004, B at 014, mule M at 006, mule N at 025, mule O at 002\n"
        "09:00 A has 100\n09:00 B has 100\n"
        "10:00 A pays M 50 as job scam\n10:01 B pays N 60 as loan scam\n"
        "10:02 A pays O 20 as prize scam\n10:03 N pays M 60\n10:04 A reports",
        "crews",
    )
    assert [row.scam for row in scenario.story.rows] == [
        "job-0001",
        "job-0001",
        "prize-0002",
        "job-0001",
    ]
    calls = scenario.story.calls
    assert [(call.scam, call.scam_type, call.rows) for call in calls] == [
        ("job-0001", "job", (0,)),
        ("prize-0002", "prize", (2,)),
    ]


def test_calls_are_confirmed_complained_of_or_false() -> None:
    """What follows a call belongs to it; a false one is a scam of its own without a claim."""
    story = told(
        "09:00 Malee has 100",
        "09:00 Somsak has 100",
        "10:00 Malee pays Nok 50 as call centre scam",
        "10:05 Malee reports",
        "10:10 Malee is confirmed",
        "11:00 Malee complains to the police",
        "12:00 Somsak pays Shop 40",
        "12:10 Somsak reports falsely as loan scam",
        "12:20 Malee reports through the bank",
    ).story
    true, false, through = story.calls
    assert true.caller is Caller.VICTIM
    assert true.scam_type == "call_centre"
    assert true.confirms_us == true.time_us + 5 * MINUTE_US
    assert true.complains_us == true.time_us + 55 * MINUTE_US
    assert (false.caller, false.scam_type, false.rows) == (Caller.FALSE, "loan", (1,))
    assert false.scam not in {row.scam for row in story.rows}
    assert not story.rows[1].is_claim
    assert (through.caller, through.complains_us) == (Caller.BANK, None)


def test_banks_and_the_centre_have_manners() -> None:
    """Silence, hands, wrong answers, wrong clocks and crashes become turns, with their ends."""
    scenario = told(
        "10:00 bank 025 is silent until 10:30",
        "10:01 bank 006 answers by hand after 20 minutes",
        "10:02 bank 004 answers slowly after 2 seconds",
        "10:03 the centre clock is 5 minutes behind until day 2 09:00",
        "10:04 bank 014 clock is 1 hour ahead",
        "10:05 the centre crashes",
        "10:06 bank 004 answers wrongly",
    )
    found = [(turn.who[-6:], turn.manner, turn.value_us, turn.fault) for turn in scenario.turns]
    assert found == [
        ("BC.025", Manner.FAULT, 0, AgentFault.SILENT),
        ("BC.006", Manner.BY_HAND, 20 * MINUTE_US, None),
        ("BC.004", Manner.FAULT, 2 * SECOND_US, AgentFault.SLOW),
        (CENTRE, Manner.CLOCK, -5 * MINUTE_US, None),
        ("BC.014", Manner.CLOCK, HOUR_US, None),
        (CENTRE, Manner.CRASH, 0, None),
        ("BC.004", Manner.FAULT, 0, AgentFault.MORE_THAN_ASKED),
        ("BC.025", Manner.WELL, 0, None),
        (CENTRE, Manner.WELL, 0, None),
    ]


@pytest.mark.parametrize(
    ("lines", "code", "column", "right"),
    [
        (["10:00 Malee eats 5"], "scenario_word_unknown", 13, "pays"),
        (["10:00 Malle has 5"], "scenario_person_unknown", 7, "Malee"),
        (["25:00 Malee has 5"], "scenario_time_unreadable", 1, "10:05"),
        (["day 99 10:00 Malee has 5"], "scenario_number", 5, "60"),
        (["10:00 Malee has 5", "9:59 Malee draws 1"], "scenario_time_order", 1, "day 2 10:05"),
        (["10:00 Malee has 5,00"], "scenario_amount", 17, "50,000"),
        (["10:00 Malee has 0"], "scenario_amount", 17, "605.72"),
        (["10:00 Malee has 5", "10:01 Malee draws 6"], "scenario_too_poor", 19, "5.00"),
        (["10:00 Malee has 5", "10:01 Malee has 6"], "scenario_order", 17, "once"),
        (["10:00 Malee has 5", "10:01 Malee pays Malee 5"], "scenario_part", 18, "own account"),
        (
            ["10:00 Malee has 5", "10:01 Malee pays Somsak 5 as job scam"],
            "scenario_part",
            18,
            "mule",
        ),
        (
            ["10:00 Malee has 5", "10:01 Malee pays Nok 5 as wrong scam"],
            "scenario_word_unknown",
            27,
            "job scam",
        ),
        (["10:00 Malee reports"], "scenario_order", 20, "as job scam"),
        (["10:00 Malee complains"], "scenario_order", 22, "Malee reports"),
        (["10:00 bank 099 is down"], "scenario_bank_unknown", 12, "025"),
        (["10:00 bank 030 is down"], "scenario_bank_unknown", 12, "004, 006, 014, 025"),
        (["10:00 bank 025 sleeps"], "scenario_word_unknown", 16, "is silent"),
        (["10:00 bank 025 is down until 9:00"], "scenario_time_order", 30, "day 2"),
        (["10:00 bank 025 answers by hand after 5 weeks"], "scenario_word_unknown", 40, "minutes"),
        (["10:00 bank 025 answers by hand after 999 hours"], "scenario_number", 38, "168 hours"),
        (["10:00 the centre answers well"], "scenario_word_unknown", 18, "crashes"),
        (["begins 2569-03-02"], "scenario_date_unreadable", 8, "2026-03-02"),
        (["00:00 Malee has 5", "begins 2026-03-02"], "scenario_order", 8, "before"),
        (["10:00 the story ends", "10:01 Malee has 5"], "scenario_order", 1, "end of the story"),
        (["people Nok at 006"], "scenario_person_twice", 8, "once"),
        (["people bank at 006"], "scenario_name", 8, "letters"),
        (["10:00 Malee has 5 cats"], "scenario_word_unknown", 19, "end of the line"),
    ],
)
def test_an_error_names_the_place_and_what_is_right(
    lines: list[str], code: str, column: int, right: str
) -> None:
    """Whoever wrote the line sees where it went wrong, and what would do instead."""
    error = refused(*lines)
    assert error.code == code
    assert error.fields["line"] == 1 + len(lines)
    assert error.fields["column"] == column
    assert right in str(error)
    assert f"line {1 + len(lines)}, column {column}" in str(error)


def test_every_wrong_line_is_told_with_its_place() -> None:
    """Not only the first: whoever wrote them can mend all of them at once."""
    with pytest.raises(ScenarioWrong) as error:
        told(
            "10:00 Malee has 5x",
            "10:01 Somsak has 10",
            "10:02 bank 099 is down",
            "10:03 Somsak pays Shop 20",
        )
    assert [(problem.row, problem.fields["column"]) for problem in error.value.problems] == [
        (2, 18),
        (4, 12),
        (5, 24),
    ]
    assert {problem.file for problem in error.value.problems} == {"told"}
    assert error.value.code == error.value.problems[0].code == "scenario_word_unknown"
    assert not error.value.may_be_more
    again = pickle.loads(pickle.dumps(error.value))  # noqa: S301  (our own)
    assert again.problems == error.value.problems


def test_what_only_follows_from_a_wrong_line_is_not_told() -> None:
    """Who was made known wrongly is nobody's mistake later on, nor poor for a mistyped amount."""
    with pytest.raises(ScenarioWrong) as error:
        told(
            "people victim Dao at 999",
            "10:00 Malee has 5,00",
            "10:01 Dao has 100",
            "10:02 Malee pays Nok 5 as job scam",
            "10:03 Malee reports",
            "10:04 Nobody has 5",
        )
    assert [problem.row for problem in error.value.problems] == [2, 3, 7]


def test_so_many_wrong_lines_are_told_and_no_more() -> None:
    """Of a file that is none of ours the first are enough, and it is said that there may be more."""
    with pytest.raises(ScenarioWrong) as error:
        parse_scenario("what is this\n" * (PROBLEMS_MAX + 5), "novel")
    assert len(error.value.problems) == PROBLEMS_MAX
    assert error.value.may_be_more


VOCABULARY = """
people mule at 004 025 , Malee Nok Bank has pays draws buys sends refunds reports complains is
confirmed falsely through the bank centre story ends as job scam wages abroad cash day 2 10:05
23:59 50,000 5 0.1 until silent down answers by hand after minutes clock behind # begins
2026-03-02 ไทย ² -
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.lists(WORDS, max_size=8).map(" ".join), max_size=8).map("\n".join),
)


@given(TEXTS, st.booleans())
def test_any_text_is_a_story_or_an_error_with_its_place(text: str, with_people: bool) -> None:
    """No text breaks the reader: it is understood, or refused with a line and a column in it."""
    text = f"{PEOPLE}\n{text}" if with_people else text
    try:
        found: Scenario | Refused = parse_scenario(text, "any")
    except Refused as error:
        found = error
    if isinstance(found, Scenario):
        assert found.story.ends_us >= found.begins_us
        return
    line, column = found.fields["line"], found.fields["column"]
    assert isinstance(line, int)
    assert isinstance(column, int)
    assert 1 <= column <= len(text.splitlines()[line - 1]) + 1
    assert found.code.startswith("scenario_")
    assert str(found)


def test_a_scenario_has_bounds() -> None:
    """Neither many lines nor a large file are read."""
    for text in ("\n" * (LINES_MAX + 1), "#" * (BYTES_MAX + 1)):
        with pytest.raises(Refused) as error:
            parse_scenario(text, "large")
        assert error.value.code == "scenario_too_large"


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    """A path is as good as a name; what is none of both is told with the names that are."""
    own = tmp_path / "mine.txt"
    own.write_text(f"\ufeff{PEOPLE}\r\n10:00 Malee has 5\r\n", encoding="utf-8")
    assert open_scenario(str(own)).story.name == "mine"
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="UTF-8"):
        open_scenario(str(own))
    for name in ("nothing-like-it", str(tmp_path), "a\0b"):
        with pytest.raises(NotFound, match="two-victims-of-one-mule"):
            open_scenario(name)


def test_the_docs_are_right() -> None:
    """The example can be read, and every word that a line can say is told of."""
    page = HOW_TO.read_text(encoding="utf-8")
    example = page.split("```\n")[1]
    assert len(parse_scenario(example, "docs").story.calls) == 2
    for phrase in (*OF_A_BANK, *OF_THE_CENTRE, *PARTS):
        assert phrase.removesuffix(" after") in page, phrase
    for kind in Law.load().scam_types("TH", date(2026, 3, 2)):
        assert kind.code.replace("_", " ") in page
    assert f"{LINES_MAX} lines, {PEOPLE_MAX} people and {DAYS_MAX} days" in page
    for pattern in re.findall(r"^\| `bank (025 .+?)` \|", page, re.MULTILINE):
        assert told(f"10:00 bank {pattern}").turns
