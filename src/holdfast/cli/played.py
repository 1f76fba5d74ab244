"""One made-up country, or one scenario, played from its first to its last minute."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from holdfast.cli.running_centre import NAME, make_centre
from holdfast.core.instant import DAY_US

if TYPE_CHECKING:
    from holdfast.server.home import Home
    from holdfast.simulation.clock_file import SharedClock
    from holdfast.simulation.events import Diary, Turn
    from holdfast.simulation.faults import FaultDay
    from holdfast.simulation.play import Progress
    from holdfast.simulation.score import Score
    from holdfast.simulation.size import CountrySize
    from holdfast.simulation.world import World

CENTRE_FOLDER, BANKS_FOLDER = "centre", "banks"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be played."""

    seed: int
    size: CountrySize
    scenario: str | None = None
    """A name or a file; without, days of a country are played."""
    silent_share: float = 0.0
    """Of all banks: those that never answer."""
    by_hand_share: float = 0.0
    """Of all banks: those where a person answers."""
    faults: tuple[FaultDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Play:
    """A world that can be played, and how banks and the centre behave in it."""

    seed: int
    world: World
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it."""

    world: World
    score: Score
    today: Score
    """The same days under the process of today."""


def to_play(wanted: Wanted) -> Play:
    """Return what is to be played.

    Raises:
        Refused: the size or the scenario is impossible.
        NotFound: `scenario_missing`.
    """
    from holdfast.simulation.country import make_country
    from holdfast.simulation.faults import fault_turns, lasting_turns
    from holdfast.simulation.scenario import open_scenario
    from holdfast.simulation.story import story_of
    from holdfast.simulation.world import world_of, world_of_cast

    turns: tuple[Turn, ...] = ()
    if wanted.scenario is None:
        country = make_country(wanted.seed, wanted.size)
        world = world_of(country, story_of(country, wanted.seed))
    else:
        scenario = open_scenario(wanted.scenario)
        world, turns = (
            world_of_cast(scenario.story, scenario.cast, scenario.begins_us),
            scenario.turns,
        )
    begins_us, ends_us = world.begins_us, world.story.ends_us
    lasting = lasting_turns(
        world.banks, wanted.silent_share, wanted.by_hand_share, wanted.seed, begins_us
    )
    failing = fault_turns(wanted.faults, world.banks, wanted.seed, begins_us, ends_us)
    all_turns = sorted((*lasting, *turns, *failing), key=lambda turn: turn.time_us)
    return Play(wanted.seed, world, tuple(all_turns))


def check_played(wanted: Wanted) -> None:
    """Let pass what can be played, as far as is known without making it.

    Raises:
        Refused: the size or the scenario is impossible.
        NotFound: `scenario_missing`.
    """
    from holdfast.simulation.parameters import parameters
    from holdfast.simulation.scenario import open_scenario
    from holdfast.simulation.size import check_size

    if wanted.scenario is None:
        check_size(wanted.size, parameters())
    else:
        open_scenario(wanted.scenario)


def play_in(folder: Path, play: Play, progress: Progress) -> Played:
    """Play in an empty folder; the centre's home and the banks' books stay there.

    Raises:
        CentreError: the centre or a bank could not be run.
        Refused: `centre_set_up`.
    """
    from holdfast.simulation.clock_file import SharedClock
    from holdfast.simulation.score import score_of
    from holdfast.simulation.today import play_today

    with ExitStack() as stack:
        banks, centre = (
            stack.enter_context(SharedClock(folder / name))
            for name in ("banks.clock", "centre.clock")
        )
        for clock in (banks, centre):
            # Keys are made a day before they are needed.
            clock.set(play.world.begins_us - DAY_US)
        home = make_centre(folder / CENTRE_FOLDER, clock=centre)
        diary = _play(play, (banks, centre), home, progress)
    today = play_today(play.world, play.seed)
    return Played(play.world, score_of(diary), score_of(today))


def _play(
    played: Play, clocks: tuple[SharedClock, SharedClock], home: Home, progress: Progress
) -> Diary:
    from holdfast.records.signing_key import dated_keys
    from holdfast.server.lockstep import Lockstep
    from holdfast.server.sound import broken_records, lost_records
    from holdfast.server.stop_list import enter_stops
    from holdfast.simulation.desk import TIMEOUTS
    from holdfast.simulation.known_stops import known_stops
    from holdfast.simulation.play import Clocks, play
    from holdfast.simulation.town import Town

    banks, centre = clocks
    folder, world, seed = home.folder.parent, played.world, played.seed
    town = Town(world, folder / BANKS_FOLDER, folder / "banks.clock", dated_keys(home.keys))
    # Ids that are drawn from a seed protect nothing here, and replay a day.
    chance = Random(seed)  # noqa: S311
    with town, Lockstep(home, centre, chance, TIMEOUTS) as stepped:
        enter_stops(stepped.centre, known_stops(world, seed))
        diary = play(
            world,
            town,
            stepped,
            Clocks(banks, centre),
            name=NAME,
            seed=seed,
            turns=played.turns,
            progress=progress,
        )
        stepped.seal()
        cases = [reported.case for reported in diary.reported]
        answers = [
            (bank, answer) for bank, desk in town.desks.items() for answer in desk.acknowledged()
        ]
        broken = (*lost_records(cases, answers), *broken_records(home, centre()))
    return replace(diary, broken=(*diary.broken, *broken))
