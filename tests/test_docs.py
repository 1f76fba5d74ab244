"""Docs that cannot rot: made pages are fresh, commands and settings documented, links lead on."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

from holdfast.cases.review import ReviewKind
from holdfast.cli.main import COMMANDS, SETTINGS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
MADE = runpy.run_path(str(ROOT / "docs" / "make.py"))["pages"]


def test_made_pages_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages made from the code are what `make docs` writes today."""
    monkeypatch.setenv("COLUMNS", "96")
    for path, text in MADE().items():
        assert path.read_text(encoding="utf-8") == text, f"run make docs: {path.name} is old"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """Each command has its help, with an example, on the page of commands."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = page.partition(f"## holdfast {name}\n")[2].partition("\n## ")[0]
    assert "example" in section
    assert f"holdfast {name}" in section.partition("example")[2]


def test_every_setting_is_documented() -> None:
    """Each environment variable that the code reads is on the page of commands, and no other."""
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r"HOLDFAST_[A-Z_]+", path.read_text(encoding="utf-8")))
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert read == set(SETTINGS) == set(re.findall(r"HOLDFAST_[A-Z_]+", page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file or folder that exists."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_is_reached(page: Path) -> None:
    """Every page can be reached from the README by links."""
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        here = ahead.pop()
        if here in reached:
            continue
        reached.add(here)
        if here.is_dir():
            ahead += [here / "README.md"] if (here / "README.md").exists() else [*here.iterdir()]
        elif here.suffix == ".md":
            links = re.findall(r"\]\(([^)#:]+)\)", here.read_text(encoding="utf-8"))
            ahead += [(here.parent / link).resolve() for link in links]
    assert page in reached


def test_every_review_is_told() -> None:
    """Each reason why a person must look stands on the page of a hold's life, and no other."""
    page = (ROOT / "docs" / "how-to" / "the-life-of-a-hold.md").read_text(encoding="utf-8")
    table = page.partition("| review | why |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == {
        kind.value for kind in ReviewKind
    }


def test_no_machine_and_no_registry_is_named() -> None:
    """No file names a package registry's host or a folder of somebody's machine."""
    host = re.compile(r"https?://[a-z.]*(?:py(?:pi|thonhosted)|npmjs|debian)\.(?:org|com)")
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if (
            path.is_file()
            and not parts[0].startswith(".")
            and path.suffix in {".py", ".md", ".toml", ".lock", ".yaml", ".txt"}
        ):
            assert not host.search(path.read_text(encoding="utf-8")), path


def test_files_and_functions_stay_small() -> None:
    """A file stays within 400 lines and a function within 50, to be read in one sitting."""
    for path in (ROOT / "src").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 400, f"{path.name} has {lines} lines: part it by noun"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 50, f"{path.name}: {node.name} has {length} lines: part it"
