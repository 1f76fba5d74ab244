"""`holdfast country` on a small country: what it prints, writes, repeats and refuses."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from holdfast.cli.main import main

SMALL = ["--transfers", "6000", "--customers", "400", "--scams", "12"]


def _seen(text: str) -> str:
    """Return what the seed alone decides."""
    return text.partition("Measured here")[0]


def test_it_tells_where_the_money_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the money's whereabouts, draws the largest trail, and says what to try next."""
    folder = tmp_path / "out"
    assert main(["country", "--seed", "3", "--into", str(folder), *SMALL]) == 0
    printed = capsys.readouterr().out
    for words in (
        "Stolen",
        "rests in accounts",
        "5 minutes after",
        "120 minutes after",
        "Try next",
    ):
        assert words in printed
    picture = ET.parse(folder / "largest-trail.svg").getroot()  # noqa: S314  (our own output)
    assert picture.tag.endswith("svg")
    claim = printed.partition("--claim ")[2].split()[0]
    asked = ["--ledger", str(folder / "ledger"), "--claim", claim]
    assert main(["trail", *asked, "--stops", str(folder / "stops.csv")]) == 0


def test_the_same_seed_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed prints the same table, times apart; another seed another one."""
    told = []
    for seed in ("3", "3", "4"):
        assert main(["country", "--seed", seed, "--into", str(tmp_path / "out"), *SMALL]) == 0
        told.append(_seen(capsys.readouterr().out))
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_it_spares_other_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with other things in it is refused and left as it is."""
    (tmp_path / "thesis.txt").touch()
    assert main(["country", "--into", str(tmp_path), *SMALL]) == 1
    assert "[folder_in_use]" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_impossible_country_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A size that cannot be made is refused before anything is written."""
    assert main(["country", "--into", str(tmp_path / "out"), "--customers", "0"]) == 1
    assert "[country_size_impossible]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_it_keeps_what_it_did_not_write(tmp_path: Path) -> None:
    """A second call in the same folder replaces its own files and no others."""
    folder = tmp_path / "out"
    call = ["country", "--into", str(folder), *SMALL]
    assert main(call) == 0
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(call) == 0
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
