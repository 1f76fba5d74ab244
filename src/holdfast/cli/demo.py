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

from holdfast.cli.country import clear
from holdfast.cli.ledger import progress_bar
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.cli.played import Played, Wanted
    from holdfast.simulation.score import Score

SCORE_FILE, PICTURE_FILE = "score.json", "money.svg"
LOAD_FOLDER = "load"
WRITTEN = ("centre", "banks", "banks.clock", "centre.clock", SCORE_FILE, PICTURE_FILE, LOAD_FOLDER)
SEEDS_MAX = 1000


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
    add("--banks", type=int, default=8, metavar="N", help="default: 8")
    add("--silent", type=share, default=0.0, metavar="5%", help="of all banks: never answer")
    add("--by-hand", type=share, default=0.0, metavar="10%", help="of all banks: people answer")
    add("--faults", default="", metavar="NAME,…", help="what goes wrong each day, by name")
    add("--days", type=int, default=5, metavar="N", help="default: 5")
    add("--transfers", type=int, default=520_000, metavar="N", help="default: 520000")
    add("--customers", type=int, default=20_000, metavar="N", help="default: 20000")
    add("--scams", type=int, default=60, metavar="N", help="default: 60")
    add("--reports-per-hour", type=int, metavar="N", help="load a centre at this rate instead")
    add("--load-seconds", type=float, default=30.0, metavar="S", help="for so long; default: 30")
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


def demo(arguments: argparse.Namespace) -> int:
    """Play days of a made-up country against a real centre, and tell what was held of what could be."""
    folder: Path = arguments.into.absolute()
    wanted = _wanted(arguments)
    if arguments.seeds is not None:
        return _demo_of_seeds(arguments, folder)
    if arguments.reports_per_hour is not None:
        from holdfast.cli.load import check_load, load

        check_load(arguments)
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
        for line in demo_lines(wanted, played, folder):
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
        faults=parse_faults(arguments.faults) if arguments.faults else (),
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


def _demo_of_seeds(arguments: argparse.Namespace, folder: Path) -> int:
    """Play each seed in a process of its own, as many at once as there are processors."""
    if not 1 <= arguments.seeds <= SEEDS_MAX:
        raise Refused(
            "seeds_impossible",
            N_("{value} seeds can't be played; from 1 to {most} can"),
            value=arguments.seeds,
            most=SEEDS_MAX,
        )
    clear(folder, [])
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
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
    words = [
        *("--seed", str(seed), "--into", str(folder), "--format", "json"),
        *("--banks", str(arguments.banks), "--days", str(arguments.days)),
        *("--transfers", str(arguments.transfers), "--customers", str(arguments.customers)),
        *("--scams", str(arguments.scams), "--silent", str(arguments.silent)),
        *("--by-hand", str(arguments.by_hand), "--faults", arguments.faults),
    ]
    if arguments.scenario is not None:
        words += ["--scenario", arguments.scenario]
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
        for line in summary_lines(ours, today):
            console.write(line)
    return NOT_WHOLE if ours.broken else DONE
