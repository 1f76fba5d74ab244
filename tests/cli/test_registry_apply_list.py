"""`holdfast registry apply-list`: a version, the next one, and what is told of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.test_centre_commands import Desk

ENTER = ("--source", "HR-03", "--person", "malee")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk with a centre."""
    there = Desk(tmp_path_factory.mktemp("lists"))
    there.done("init", "--country", "TH", "--name", "TH.AOC")
    return there


def _file(desk: Desk, name: str, *phones: str) -> str:
    rows = "".join(f"phone,{phone}\n" for phone in phones)
    (Path(desk.folder) / name).write_text(f"kind,subject\n{rows}", encoding="utf-8")
    return name


def _counts(printed: str) -> dict[str, str]:
    found = {}
    for line in printed.splitlines():
        name, _, count = line.rpartition(" ")
        found[name.strip()] = count
    return found


def test_a_version_after_another(desk: Desk) -> None:
    """New rows wait for somebody else; the next version does the difference alone."""
    first = _file(desk, "one.csv", *(f"081-234-567{n}" for n in range(6)))
    done = desk.done("registry", "apply-list", first, *ENTER, "--version", "1")
    batch = done.partition("registry approve ")[2].split()[0]
    approve = ("registry", "approve", batch, "--reason", "compared with the letter")
    assert "[own_request]" in desk.run(*approve, "--person", "malee").stderr
    assert "6" in desk.done(*approve, "--person", "anan")
    second = _file(desk, "two.csv", *(f"081-234-567{n}" for n in range(1, 7)), "none")
    then = desk.run("registry", "apply-list", second, *ENTER, "--version", "2")
    assert then.returncode == 3, then.stderr
    counts = _counts(then.stdout)
    assert counts["new, to be approved"] == "1"
    assert (counts["unchanged"], counts["taken away"], counts["problems"]) == ("5", "1", "1")
    assert "two.csv:8: phone_" in then.stdout


def test_a_list_that_shrinks_is_asked_about(desk: Desk) -> None:
    """Nothing is taken away until somebody says that it is right."""
    one = _file(desk, "three.csv", "081-234-5671")
    call = ("registry", "apply-list", one, *ENTER, "--version", "3")
    asked = desk.run(*call)
    assert (asked.returncode, "list_shrinks" in asked.stdout) == (3, True), asked.stderr
    assert _counts(asked.stdout)["taken away"] == "0"
    assert desk.run(*call, "--may-shrink").returncode == 0


def test_a_list_has_a_name(desk: Desk) -> None:
    """And a version, in few plain signs."""
    file = _file(desk, "four.csv", "081-234-5671")
    wrong = desk.run(
        "registry", "apply-list", file, "--source", "HR/03", "--version", "1", "--person", "malee"
    )
    assert (wrong.returncode, "[list_name]" in wrong.stderr) == (1, True)
