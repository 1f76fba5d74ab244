"""`holdfast screen`: the same file with answers, as CSV or Parquet, and nothing written over."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from holdfast.cli.main import main
from holdfast.registry.index.build import build_index
from holdfast.registry.index.place import index_file, make_key
from holdfast.registry.standing import Standing

LISTED, CLEAN = "TH.THCBC.004.0000000001", "TH.THCBC.004.0000000002"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a home whose index lists one account."""
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "person").write_bytes(b"a key of sixteen")
    (home / "centre.toml").write_text('country = "TH"\nname = "TH.AOC"\n', encoding="utf-8")
    key = make_key(home, lambda count: bytes(range(count)))
    index_file(home).parent.mkdir()
    standing = Standing(50, disputed=False, until_us=4_000_000_000_000_000)
    wires = pa.array([f"account:{LISTED}".encode()], pa.binary())
    build_index(index_file(home), key, [(wires, np.array([standing.packed()]))], number=3)
    monkeypatch.setenv("HOLDFAST_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


def rows(path: str) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_file_comes_back_with_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Own columns stay as they stand; tier, effects and reasons come behind them."""
    text = f"name,account,tier\nก,{LISTED},007\nข,{CLEAN},\nค,12-3,x\n"
    Path("in.csv").write_text(text, encoding="utf-8")
    assert main(["screen", "in.csv", "--out", "out.csv"]) == 3
    listed, clean, wrong = rows("out.csv")
    assert (listed["name"], listed["tier"]) == ("ก", "007")
    assert (listed["registry_tier"], listed["incoming"], listed["data_version"]) == (
        "black",
        "block",
        "3",
    )
    assert (clean["registry_tier"], clean["incoming"], clean["problem"]) == ("", "none", "")
    assert wrong["problem"] == "account_form"
    assert "12-3" in wrong["reason"]
    assert "3 rows: 1 listed, 1 not legible" in capsys.readouterr().out


def test_a_parquet_file_comes_back_with_answers() -> None:
    """In Parquet too; the column may be named, and effects are those of the kind that asks."""
    parquet.write_table(pa.table({"payee": [LISTED, CLEAN], "n": [1, 2]}), "in.parquet")
    words = ["--column", "payee", "--asker", "telco", "--out", "out.parquet"]
    assert main(["screen", "in.parquet", *words]) == 0
    found = parquet.read_table("out.parquet").to_pydict()
    assert found["n"] == [1, 2]
    assert (found["tier"], found["service"]) == (["black", None], ["block", "none"])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("in.csv", b"a,b\n1,2\n", "screen_column_missing"),
        ("in.csv", b"account\n1,2\n", "screen_file_unreadable"),
        ("in.csv", b"account\n\xff\xfe\n", "screen_file_unreadable"),
        ("in.csv", b"", "screen_file_unreadable"),
        ("in.csv", b"PAR1 and nothing more", "screen_file_unreadable"),
        ("other.csv", b"", "file_missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    name: str, content: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says why, and no file is left behind."""
    Path(name).write_bytes(content)
    assert main(["screen", "in.csv", "--out", "out.csv"]) == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_nothing_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there already stays as it is, the input first of all."""
    Path("in.csv").write_text(f"account\n{LISTED}\n", encoding="utf-8")
    assert main(["screen", "in.csv", "--out", "in.csv"]) == 1
    assert "[screen_out_exists]" in capsys.readouterr().err
    assert Path("in.csv").read_text(encoding="utf-8") == f"account\n{LISTED}\n"
