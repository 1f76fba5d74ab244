"""Each fault by itself, met by orders all day long: what must be true is true afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.demo_kit import demo

from holdfast.simulation.faults import FaultDay

MET = {
    FaultDay.SILENT_BANK: "bank silent: unreachable",
    FaultDay.SLOW_BANK: "bank slow: unreachable",
    FaultDay.ERROR_BANK: "bank http_500: http_status",
    FaultDay.TWICE_BANK: "bank answers_twice: answered",
    FaultDay.UNORDERED_BANK: "bank out_of_order: answered",
    FaultDay.GREEDY_BANK: "bank more_than_asked: answered",
    FaultDay.RUBBISH_BANK: "bank rubbish: answer_unreadable",
    FaultDay.FORGED_BANK: "bank wrong_signature: signature_wrong",
    FaultDay.RETIRED_KEY: "bank retired_key: key_unknown",
    FaultDay.REPLAY: "bank replay: signature_too_old",
    FaultDay.FORGETFUL_BANK: "bank forgets: answered",
    FaultDay.HAND_BANK: "bank by_hand: answered",
    FaultDay.DEAD_BANK: "bank down: not paid",
    FaultDay.CUT_BANK: "bank cut: unreachable",
    FaultDay.CUT_CENTRE: "centre cut: not reached",
    FaultDay.CRASH_BANK: "bank crash: in hand",
    FaultDay.CRASH_CENTRE: "centre crash: in hand",
    FaultDay.DEAD_CENTRE: "centre down: not reached",
    FaultDay.CLOCK_BACK: "centre clock: signature_from_future",
    FaultDay.CLOCK_AHEAD: "centre clock: http_status",
    FaultDay.BANK_CLOCK_BACK: "bank clock: http_status",
    FaultDay.BANK_CLOCK_AHEAD: "bank clock: signature_from_future",
}
"""What the score says of each fault once it has met an order, a call or a payment."""
BANKS = ("006", "025")


def busy_day() -> str:
    """Return a day on which each of two banks gets an order every hour, whenever one fails."""
    people, events = [], []
    for hour in range(23):
        for mine, other in (BANKS, BANKS[::-1]):
            victim, mule = f"Victim{mine}-{hour}", f"Mule{other}-{hour}"
            people.append(f"people victim {victim} at {mine}, mule {mule} at {other}")
            events += [
                f"{hour:02d}:0{BANKS.index(mine)} {victim} has 10,000",
                f"{hour:02d}:10 {victim} pays {mule} 10,000 as job scam",
                f"{hour:02d}:20 {victim} reports",
                f"{hour:02d}:40 {mule} draws 9,000 cash",
            ]
    return "\n".join((*people, *sorted(events), "23:59 the story ends"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FaultDay, ids=lambda fault: fault.value)
def test_what_must_be_true_is_true_after_a_day_with_a_fault(
    fault: FaultDay, tmp_path: Path
) -> None:
    """The fault met somebody, reports came in and money was held, and nothing was broken."""
    story = tmp_path / "busy.txt"
    story.write_text(busy_day(), encoding="utf-8")
    words = ("--scenario", str(story), "--faults", fault.value, "--format", "json")
    done = demo(tmp_path / "out", *words)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    score = json.loads(done.stdout)["score"]
    assert score["met"].get(MET[fault], 0) > 0, score["met"]
    assert score["broken"] == []
    assert score["refused"] == []
    assert score["reports"] > 30, "of 46: from a dead bank some paid nothing that could be told of"
    assert score["held_minor"] > 0
