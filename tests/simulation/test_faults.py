"""Tests of fault days: names, who fails when, and that it ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.banks.agent.faults import AgentFault
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US
from holdfast.simulation.events import CENTRE, Manner
from holdfast.simulation.faults import (
    BANKS_A_DAY,
    LASTS_US,
    FaultDay,
    Invariant,
    check_shares,
    fault_turns,
    lasting_turns,
    parse_faults,
)
from holdfast.simulation.scenario_reader import FAULTS

BANKS = tuple(f"TH.THCBC.{number:03d}" for number in range(1, 9))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulation.md"


def test_names_are_read() -> None:
    """Names stand with commas between them; a name counts once."""
    found = parse_faults("silent-bank, crash-centre,silent-bank")
    assert found == (FaultDay.SILENT_BANK, FaultDay.CRASH_CENTRE)


@pytest.mark.parametrize("text", ["", "silent-bank,", "nonsense", "SILENT_BANK"])
def test_an_unknown_name_is_told_the_right_ones(text: str) -> None:
    """Who mistypes a fault sees all that there are."""
    with pytest.raises(Refused) as error:
        parse_faults(text)
    assert error.value.code == "fault_unknown"
    assert all(fault.value in str(error.value) for fault in FaultDay)


def test_every_fault_of_an_agent_has_a_day_and_a_phrase() -> None:
    """What an agent can do wrong, a fault day and a line of a scenario can make it do."""
    turns = fault_turns(tuple(FaultDay), BANKS, 1, 0, DAY_US)
    assert {turn.fault for turn in turns} == {None, *AgentFault} == {None, *FAULTS.values()}
    assert {turn.manner for turn in turns} == set(Manner) - {Manner.MISJUDGE}


@given(
    st.lists(st.sampled_from(FaultDay), unique=True),
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.integers(1, 4),
)
def test_every_fault_comes_each_day_and_ends_in_it(
    faults: list[FaultDay], seed: int, banks: int, days: int
) -> None:
    """The same seed gives the same turns; each fault meets somebody each day, and ends."""
    turns = fault_turns(faults, BANKS[:banks], seed, DAY_US, (1 + days) * DAY_US)
    assert turns == fault_turns(faults, BANKS[:banks], seed, DAY_US, (1 + days) * DAY_US)
    assert [turn.time_us for turn in turns] == sorted(turn.time_us for turn in turns)
    for fault in faults:
        alone = fault_turns([fault], BANKS[:banks], seed, DAY_US, (1 + days) * DAY_US)
        begun = [turn for turn in alone if turn.manner is not Manner.WELL]
        ended = [turn for turn in alone if turn.manner is Manner.WELL]
        who = {turn.who for turn in begun}
        assert len(begun) == days * (1 if who == {CENTRE} else min(BANKS_A_DAY, banks))
        assert CENTRE not in who or who == {CENTRE}
        for turn in begun:
            ends = [
                end.time_us
                for end in ended
                if end.who == turn.who and end.time_us // DAY_US == turn.time_us // DAY_US
            ]
            if turn.manner is not Manner.CRASH:
                assert LASTS_US[0] <= ends[0] - turn.time_us <= LASTS_US[1]


def test_shares_of_banks_are_silent_or_slow_all_the_time() -> None:
    """5 % of 8 banks are one, who is silent does not answer by hand too, nothing is nobody."""
    turns = lasting_turns(BANKS, 0.05, 0.5, 3, 7)
    silent = {turn.who for turn in turns if turn.fault is AgentFault.SILENT}
    by_hand = {turn.who for turn in turns if turn.manner is Manner.BY_HAND}
    assert (len(silent), len(by_hand)) == (1, 4)
    assert not silent & by_hand
    assert {turn.time_us for turn in turns} == {7}
    assert lasting_turns(BANKS, 0, 0, 3, 7) == ()
    assert len(lasting_turns(BANKS, 1, 1, 3, 7)) == len(BANKS)


def test_shares_of_banks_are_not_more_than_all() -> None:
    """Silent ones and those where people answer are different banks."""
    check_shares(0.35, 0.65)
    with pytest.raises(Refused, match="60% of all banks silent and 50% answering by hand"):
        check_shares(0.6, 0.5)


def test_every_fault_and_invariant_is_documented() -> None:
    """The page of the simulation names each fault and each invariant, and no other."""
    page = PAGE.read_text(encoding="utf-8")
    for kind, words in (("fault", FaultDay), ("what holds", Invariant)):
        table = page.partition(f"| {kind} |")[2].partition("\n\n")[0]
        assert re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE) == [word.value for word in words]
