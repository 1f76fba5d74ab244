"""Scenarios: a story in a small text file, one event a line, that a caseworker can write.

docs/how-to/write-a-scenario.md tells the language. Who pays must have the money by then, so a
story can happen as it is written as long as nobody stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from holdfast.core.errors import NotFound, Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.simulation.scenario_line import Line
from holdfast.simulation.scenario_reader import Reader
from holdfast.simulation.scenario_story import Scenario

__all__ = ["Scenario", "ScenarioWrong", "open_scenario", "parse_scenario", "scenario_names"]

FOLDER = Path(__file__).resolve().parent / "scenarios"
BYTES_MAX = 1 << 16
LINES_MAX = 1000
PROBLEMS_MAX = 20
"""Wrong lines that are told of at once."""


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that are there, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))


def open_scenario(name: str) -> Scenario:
    """Return the scenario of a name, or the one in a file of that path.

    Raises:
        NotFound: `scenario_missing`, listing the names.
        Refused: what `parse_scenario` refuses, or `scenario_too_large`.
    """
    path = FOLDER / f"{name}.txt" if name in scenario_names() else Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (OSError, ValueError):
        raise NotFound(
            "scenario_missing",
            N_("there is no scenario and no file {name!r}; there are {right}"),
            name=name[:100],
            right=", ".join(scenario_names()),
        ) from None
    _check_size(len(content), 0)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            "scenario_not_text", N_("{name!r} is no text in UTF-8"), name=path.name
        ) from None
    return parse_scenario(text, path.stem)


class ScenarioWrong(Refused):
    """Lines of a scenario are wrong: as an error the first of them, and all as `problems`.

    Each problem has the fields `line` and `column`. At most `PROBLEMS_MAX` are told; `may_be_more`
    says whether reading ended at that.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.code, first.sentence, **first.fields)
        self.problems = tuple(problems)
        self.may_be_more = len(problems) >= PROBLEMS_MAX

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario, all of it or nothing.

    Raises:
        ScenarioWrong: codes that begin with `scenario_`, with the `line` and `column` at fault.
        Refused: `scenario_too_large`.
    """
    lines = text.splitlines()
    _check_size(len(text), len(lines))
    reader, problems = Reader(), list[Problem]()
    for number, line in enumerate(lines, start=1):
        try:
            reader.read(Line(number, line))
        except Refused as refused:
            if not reader.follows(refused, line):
                problems.append(Problem.of(refused, name, number))
            reader.doubt(line)
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise ScenarioWrong(problems)
    return reader.scenario(name)


def _check_size(size: int, lines: int) -> None:
    if size > BYTES_MAX or lines > LINES_MAX:
        raise Refused(
            "scenario_too_large",
            N_("a scenario has at most {lines} lines and {size} bytes; part this one"),
            lines=LINES_MAX,
            size=BYTES_MAX,
        )
