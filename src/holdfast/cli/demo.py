"""`holdfast demo`: days of a made-up country with banks, scams and a real centre, and the score."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.ledger import progress_bar
from holdfast.cli.made_up import clear
from holdfast.cli.main import DONE, NOT_WHOLE, REFUSED, complain
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import laid_out, width_of
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.cli.played import Played, Wanted
    from holdfast.simulation.scenario import ScenarioWrong
    from holdfast.simulation.score import Score

SCORE_FILE, PICTURE_FILE = "score.json", "money.svg"
LOAD_FOLDER = "load"
WRITTEN = ("centre", "banks", "banks.clock", "centre.clock", SCORE_FILE, PICTURE_FILE, LOAD_FOLDER)
SEEDS_MAX = 1000
_UNLESS_TOLD = {
    "banks": 8,
    "silent": 0.0,
    "by_hand": 0.0,
    "days": 5,
    "transfers": 520_000,
    "customers": 20_000,
    "scams": 60,
    "load_seconds": 30.0,
}
"""What options are where nobody says so; the parser leaves them out, so that it is seen who did."""
_OF_A_COUNTRY = ("banks", "days", "transfers", "customers", "scams")
_OF_A_LOAD = ("load_seconds", "database")
_IGNORED = {
    "reports_per_hour": ("seeds", "scenario", "faults", "scams"),
    "scenario": _OF_A_COUNTRY,
}
"""Options that would do nothing beside another one."""


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast demo`."""
    add = parser.add_argument
    add("--seed", type=int, default=1, metavar="N", help="the same seed, the same table; 1")
    add("--seeds", type=int, metavar="N", help="play N seeds from --seed on: medians and spread")
    add("--scenario", metavar="NAME|FILE", help="play a story from a text file instead of days")
    add("--format", choices=("table", "json"), default="table")
    add(
        "--into",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where centre, banks and score stay; default: demo-output",
    )
    add("--banks", type=int, metavar="N", help="default: 8")
    add("--silent", type=share, metavar="5%", help="of all banks: never answer")
    add("--by-hand", type=share, metavar="10%", help="of all banks: people answer")
    add("--faults", metavar="NAME,…", help="what goes wrong each day, by name")
    add("--days", type=int, metavar="N", help="default: 5")
    add("--transfers", type=int, metavar="N", help="default: 520000")
    add("--customers", type=int, metavar="N", help="default: 20000")
    add("--scams", type=int, metavar="N", help="default: 60")
    add("--reports-per-hour", type=int, metavar="N", help="load a centre at this rate instead")
    add("--load-seconds", type=float, metavar="S", help="for so long; default: 30")
    add("--database", metavar="URL", help="postgresql://USER@HOST/NAME of its own, for the load")
    parser.epilog = "example:\n  holdfast demo --seed 7 --silent 5% --by-hand 10%"


def share(text: str) -> float:
    """Return a part of the whole told as `5%` or `0.05`.

    Raises:
        argparse.ArgumentTypeError: it is no number from 0 to 100 %.
    """
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(
            say(N_("{value!r} is no share; 5% or 0.05 is"), value=text[:40])
        )
    return value


def complete(arguments: argparse.Namespace) -> None:
    """Let options pass that all do something, and fill in those that nobody named.

    Raises:
        Refused: `option_ignored`, `seed_out_of_range` or `shares_impossible`.
    """
    from holdfast.simulation.faults import check_shares
    from holdfast.simulation.size import check_seed

    for given, names in _IGNORED.items():
        for name in names if getattr(arguments, given) is not None else ():
            if getattr(arguments, name) is not None:
                raise Refused(
                    "option_ignored",
                    N_("{option} would do nothing beside {other}; leave one of them out"),
                    option=_as_typed(name),
                    other=_as_typed(given),
                )
    for name in _OF_A_LOAD if arguments.reports_per_hour is None else ():
        if getattr(arguments, name) is not None:
            raise Refused(
                "option_ignored",
                N_("{option} would do nothing without {other}; add that, or leave it out"),
                option=_as_typed(name),
                other=_as_typed("reports_per_hour"),
            )
    for name, value in _UNLESS_TOLD.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    check_seed(arguments.seed)
    check_shares(arguments.silent, arguments.by_hand)


def _as_typed(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def demo(arguments: argparse.Namespace) -> int:
    """Play days of a made-up country against a real centre, and tell what was held of what could be."""
    from holdfast.simulation.scenario import ScenarioWrong

    try:
        return _demo(arguments)
    except ScenarioWrong as wrong:
        _tell_what_is_wrong(wrong, as_data=arguments.format == "json")
        return REFUSED


def _tell_what_is_wrong(wrong: ScenarioWrong, *, as_data: bool) -> None:
    """Tell of each wrong line of a scenario, in a line each or as data."""
    if as_data:
        problems = [
            {"code": problem.code, "sentence": str(problem), **problem.fields}
            for problem in wrong.problems
        ]
        print(json.dumps({"problems": problems, "may_be_more": wrong.may_be_more}, indent=1))
        return
    for problem in wrong.problems:
        complain(f"{problem} [{problem.code}]")
    if wrong.may_be_more:
        complain(say(N_("there may be more; these {count} come first"), count=len(wrong.problems)))


def _demo(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.into.absolute()
    complete(arguments)
    wanted = _wanted(arguments)
    if arguments.seeds is not None:
        return _demo_of_seeds(arguments, wanted, folder)
    if arguments.reports_per_hour is not None:
        from holdfast.cli.load import check_load, load

        check_load(arguments, wanted)
        clear(folder, WRITTEN)
        return load(arguments, folder / LOAD_FOLDER)
    from holdfast.cli.played import play_in, to_play

    play = to_play(wanted)  # what is impossible is refused before anything is written
    clear(folder, WRITTEN)
    with _progress(wanted) as progress:
        played = play_in(folder, play, progress)
    data = _data(wanted, played)
    (folder / SCORE_FILE).write_text(json.dumps(data, indent=1), encoding="utf-8")
    _draw(played, folder / PICTURE_FILE)
    if arguments.format == "json":
        print(json.dumps(data, indent=1))
    else:
        from holdfast.cli.demo_table import demo_lines

        console = Screen()
        width = width_of(console)
        for line in laid_out(demo_lines(wanted, played, folder, width), width):
            console.write(line)
    return NOT_WHOLE if played.score.broken else DONE


def _wanted(arguments: argparse.Namespace) -> Wanted:
    from holdfast.cli.played import Wanted
    from holdfast.simulation.faults import parse_faults
    from holdfast.simulation.size import CountrySize

    return Wanted(
        seed=arguments.seed,
        size=CountrySize(
            banks=arguments.banks,
            customers=arguments.customers,
            transfers=arguments.transfers,
            scams=arguments.scams,
            days=arguments.days,
        ),
        scenario=arguments.scenario,
        silent_share=arguments.silent,
        by_hand_share=arguments.by_hand,
        faults=() if arguments.faults is None else parse_faults(arguments.faults),
    )


@contextmanager
def _progress(wanted: Wanted) -> Iterator[Callable[[int, int], None]]:
    """Show how many payments were made so far, of all there will be."""
    with progress_bar(wanted.size.transfers if wanted.scenario is None else 0) as advance:
        done = [0]

        def progress(time_us: int, count: int) -> None:  # noqa: ARG001
            advance(count - done[0])
            done[0] = count

        yield progress


def _data(wanted: Wanted, played: Played) -> dict[str, Any]:
    """Return what JSON says: what follows from the seed alone, and apart what was measured."""
    from holdfast.simulation.score import score_data

    score, today = score_data(played.score), score_data(played.today)
    measured = score.pop("measured")
    today.pop("measured")
    return {"seed": wanted.seed, "score": score, "today": today, "measured": measured}


def _draw(played: Played, file: Path) -> None:
    from holdfast.simulation.score_picture import draw_scores

    panels = {
        say(N_("With the centre")): played.score,
        say(N_("Under the process of today")): played.today,
    }
    file.write_text(draw_scores(panels, title=say(N_("Stolen money over time"))), encoding="utf-8")


def _demo_of_seeds(arguments: argparse.Namespace, wanted: Wanted, folder: Path) -> int:
    """Play each seed in a process of its own, as many at once as there are processors."""
    from holdfast.cli.played import check_played
    from holdfast.simulation.size import check_seed

    if not 1 <= arguments.seeds <= SEEDS_MAX:
        raise Refused(
            "seeds_impossible",
            N_("{value} seeds can't be played; from 1 to {most} can"),
            value=arguments.seeds,
            most=SEEDS_MAX,
        )
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    check_seed(seeds[-1])
    check_played(wanted)
    clear(folder, [])
    with (
        progress_bar(len(seeds)) as advance,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        _tie() as tie,
    ):

        def played(seed: int) -> dict[str, Any]:
            data = _play_apart(seed, folder / f"seed-{seed}", arguments, tie)
            advance(1)
            return data

        found = list(pool.map(played, seeds))
    (folder / SCORE_FILE).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return _tell_of_seeds(arguments, found)


@contextmanager
def _tie() -> Iterator[int]:
    """Give an input for programs that end with it: when this ends, or the process, however."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(ours)
        os.close(theirs)


def _play_apart(seed: int, folder: Path, arguments: argparse.Namespace, tie: int) -> dict[str, Any]:
    """Play one seed in a process of its own; its centre and banks are not kept."""
    words = ["--seed", str(seed), "--into", str(folder), "--format", "json"]
    for name in ("silent", "by_hand", "faults", "scenario", *_OF_A_COUNTRY):
        is_told = arguments.scenario is None or name not in _OF_A_COUNTRY
        if getattr(arguments, name) is not None and is_told:
            words += [_as_typed(name), str(getattr(arguments, name))]
    command = [sys.executable, "-m", "holdfast.cli.tied", "demo", *words]
    done = subprocess.run(  # noqa: S603  (our own module)
        command, stdin=tie, capture_output=True, text=True, check=False
    )
    if done.returncode not in (DONE, NOT_WHOLE):
        raise Refused(
            "seed_not_played",
            N_("seed {seed} could not be played: {why}"),
            seed=seed,
            why=(done.stderr.strip().splitlines() or [str(done.returncode)])[-1],
        )
    data: dict[str, Any] = json.loads(done.stdout)
    shutil.rmtree(folder)
    return data


def _tell_of_seeds(arguments: argparse.Namespace, found: Sequence[dict[str, Any]]) -> int:
    import msgspec

    from holdfast.simulation.score import Score, score_data
    from holdfast.simulation.summary import summary_of

    def scores(name: str) -> list[Score]:
        return [msgspec.convert({**row[name], "measured": row["measured"]}, Score) for row in found]

    ours, today = summary_of(scores("score")), summary_of(scores("today"))
    if arguments.format == "json":
        print(json.dumps({"score": score_data(ours), "today": score_data(today)}, indent=1))
    else:
        from holdfast.cli.demo_table import summary_lines

        console = Screen()
        for line in laid_out(summary_lines(ours, today), width_of(console)):
            console.write(line)
    return NOT_WHOLE if ours.broken else DONE
