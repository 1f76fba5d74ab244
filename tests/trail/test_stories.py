"""Every story ends as it says, told by the oracle and told by the engine."""

from __future__ import annotations

import pytest
from tests.trail.plain import plain_answer
from tests.trail.story import FOLDER, Reading, Story, optional_lines, read_story, required_lines

from holdfast.ledger.memory import MemoryLedger
from holdfast.trail.gather import follow

STORIES = {path.stem: read_story(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.txt"))}
READINGS = [
    pytest.param(story, reading, id=f"{name}: {reading.name}")
    for name, story in STORIES.items()
    for reading in story.readings
]


def _agrees(answer: dict[str, object], reading: Reading) -> None:
    assert required_lines(answer) == sorted(reading.required)
    assert set(reading.optional) <= set(optional_lines(answer))


@pytest.mark.parametrize(("story", "reading"), READINGS)
def test_the_oracle_tells_each_story_as_it_is_written(story: Story, reading: Reading) -> None:
    """What rests, leaves, is overheld, owned, waiting or exposed is what the story says."""
    _agrees(plain_answer(story.transfers, reading.question, story.openings), reading)


@pytest.mark.parametrize(("story", "reading"), READINGS)
def test_the_engine_tells_each_story_as_it_is_written(story: Story, reading: Reading) -> None:
    """What rests, leaves, is overheld, owned, waiting or exposed is what the story says."""
    openings = {(account, "THB"): minor for account, minor in story.openings.items()}
    ledger = MemoryLedger(story.transfers, openings)
    _agrees(follow(ledger, reading.question).as_json(), reading)


def test_no_story_is_without_a_reading() -> None:
    """Each story is read at least once, and there are at least a dozen of them."""
    assert len(STORIES) >= 12
    assert all(story.readings and story.transfers for story in STORIES.values())


def test_a_line_that_is_no_line_of_a_story_is_shown() -> None:
    """A slip in a story is an error with the line, never a line left out."""
    with pytest.raises(ValueError, match="pais"):
        read_story("A title.\n\nclaims P\n09:00 P: V pais 10 to X\n")
