"""How fresh a replica is: by its own clock, so that no other clock can make it look fresher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.instant import SECOND_US
from holdfast.registry.replica.freshness import Freshness

NOW_US = 1_800_000_000 * SECOND_US
LIMIT_US = 60 * SECOND_US


@dataclass
class Clock:
    """A clock that a test sets."""

    now_us: int = NOW_US

    def __call__(self) -> int:
        """Return the time."""
        return self.now_us


def test_who_never_met_the_centre_is_stale() -> None:
    """Without any contact nothing is known of how old it is."""
    freshness = Freshness(Clock(), LIMIT_US)
    assert freshness.age_us() is None
    assert freshness.is_stale


@given(st.integers(0, 10 * LIMIT_US), st.integers(-(10**15), 10**15), st.integers(0, 10**8))
def test_age_counts_from_the_question_whatever_the_centres_clock_says(
    waited_us: int, apart_us: int, way_us: int
) -> None:
    """A slow answer, or a centre whose clock is ahead, makes nothing fresher."""
    clock = Clock()
    freshness = Freshness(clock, LIMIT_US)
    clock.now_us += way_us
    freshness.met(NOW_US, max(0, NOW_US + apart_us))
    clock.now_us += waited_us
    assert freshness.age_us() == way_us + waited_us
    assert freshness.is_stale == (way_us + waited_us > LIMIT_US)


@pytest.mark.parametrize(
    ("centre_us", "apart_s"),
    [
        (NOW_US, 0),
        (NOW_US + SECOND_US, 0),
        (NOW_US + 3600 * SECOND_US, -3599),
        (NOW_US - 90 * SECOND_US, 90),
    ],
)
def test_a_wrong_clock_is_told(centre_us: int, apart_s: int) -> None:
    """Ahead or behind, beyond what the way explains; what the way may explain is not."""
    clock = Clock()
    freshness = Freshness(clock, LIMIT_US)
    clock.now_us += SECOND_US
    freshness.met(NOW_US, centre_us)
    assert freshness.clock_apart_us == apart_s * SECOND_US


def test_a_clock_that_went_back_makes_it_stale(tmp_path: Path) -> None:
    """After a start with a clock before the last contact nobody knows how old anything is."""
    clock = Clock()
    file = tmp_path / "contact.json"
    Freshness(clock, LIMIT_US, file).met(NOW_US, NOW_US)
    assert not Freshness(clock, LIMIT_US, file).is_stale
    clock.now_us -= SECOND_US
    assert Freshness(clock, LIMIT_US, file).is_stale


def test_contact_outlives_a_start_until_it_is_forgotten(tmp_path: Path) -> None:
    """A restart within the limit answers at once; what was found wrong stays stale."""
    clock = Clock()
    file = tmp_path / "contact.json"
    Freshness(clock, LIMIT_US, file).met(NOW_US, NOW_US)
    clock.now_us += LIMIT_US
    again = Freshness(clock, LIMIT_US, file)
    assert again.age_us() == LIMIT_US
    again.forget()
    assert again.is_stale
    assert Freshness(clock, LIMIT_US, file).is_stale


def test_a_full_disk_makes_nothing_fresher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs knows of its contact; what starts next begins with the last one that was kept."""
    clock = Clock()
    file = tmp_path / "contact.json"
    freshness = Freshness(clock, LIMIT_US, file)
    freshness.met(NOW_US, NOW_US)
    clock.now_us += LIMIT_US + 1

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "write_text", full)
        freshness.met(clock.now_us, clock.now_us)
    assert not freshness.is_stale
    assert Freshness(clock, LIMIT_US, file).is_stale


@pytest.mark.parametrize("text", ["", "[]", '{"asked_us": "x", "centre_us": 1, "apart_us": 1}'])
def test_a_contact_that_is_not_legible_is_none(tmp_path: Path, text: str) -> None:
    """Half a file, or another's, is no contact."""
    file = tmp_path / "contact.json"
    file.write_text(text, encoding="ascii")
    assert Freshness(Clock(), LIMIT_US, file).is_stale
