"""Every sentence in every language: translated, with the same places, and shown where it belongs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import takewhile
from pathlib import Path
from string import Formatter
from xml.etree import ElementTree as ET

import pytest
from babel.messages.pofile import read_po
from rich.console import Console
from tests.documents.told import crowded_story, exposure, long_story, small_story

from holdfast.cli.main import COMMANDS, SETTINGS, main
from holdfast.cli.trail_table import print_trail
from holdfast.core import errors, words
from holdfast.core.words import LANGUAGES, LOCALE_FOLDER, PSEUDO, catalogue, say, set_language
from holdfast.documents.trail_picture import draw_trail
from holdfast.ledger.readers.rows import COLUMNS
from holdfast.trail.answer import Answer, Overheld

ROOT = Path(__file__).resolve().parents[1]
TRANSLATED = [language for language in LANGUAGES if language != "en"]
THAI = re.compile("[\u0e01-\u0e5b]")
PLACE = re.compile(r"\{[^}]*\}")
UNBROKEN_MAX = 40
"""Cells that a phrase without a space may have; a column of a picture's legend takes as many."""

X, W = "TH.THCBC.004.0000000002", "TH.THCBC.014.0000000004"
LEDGER = f"""\
transfer_id,time,debit_account,credit_account,amount,currency,note
P,2026-03-01T09:00:00Z,TH.THCBC.002.0000000001,{X},10.00,THB,
C,2026-03-01T09:01:00Z,TH.THCBC.006.0000000003,{X},90.00,THB,
O,2026-03-01T09:02:00Z,{X},{W},20.00,THB,
BAD,2569-03-01T09:02:00Z,{X},{W},20.00,THB,
"""
HOLDS = f"""\
time,kind,hold_id,account,claim,amount
2026-03-01T09:00:30Z,hold,H-1,{X},P,6.00
2026-03-01T09:03:00Z,hold,H-2,{X},P,100.00
"""


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with transfers of which one is bad, holds, and an imported ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")
    Path("ledger.csv").write_text(LEDGER, encoding="utf-8")
    Path("holds.csv").write_text(HOLDS, encoding="utf-8")
    return tmp_path


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of the source that names what it calls, with that name."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def marked() -> set[str]:
    """Return every sentence of the source that is marked with `N_`."""
    return {ast.literal_eval(call.args[0]) for name, call in calls() if name == "N_"}


def places(sentence: str) -> list[str]:
    """Return the named places of a sentence as they are written, in alphabetical order."""
    return sorted(PLACE.findall(sentence))


def cells(line: str) -> int:
    """Count the cells of a line: marks above or below a letter take none (Unicode category Mn)."""
    return sum(unicodedata.category(sign) != "Mn" for sign in line)


def spoken(language: str) -> dict[str, str]:
    """Return what the catalogue of a language says, fuzzy and empty entries too."""
    with (LOCALE_FOLDER / language / "holdfast.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_no_error_is_raised_unmarked() -> None:
    """What is said, and the sentence of each error and problem, is marked where it is written."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    bare = [
        ast.unparse(part)
        for name, call in calls()
        for part in call.args[0 if name == "say" else 1 :]
        if name in kinds | {"say"} and isinstance(part, ast.Constant | ast.JoinedStr)
    ]
    assert not bare


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_marked_sentence_is_translated_and_no_other(language: str) -> None:
    """The catalogue has the sentences of the source, each translated; run `make locale` if not."""
    assert marked() - spoken(language).keys() == set()
    assert spoken(language).keys() - marked() == set()
    not_yet = [sentence for sentence in marked() if not catalogue(language).get(sentence)]
    assert not not_yet, "empty, or marked fuzzy"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_places_of_their_sentence(language: str) -> None:
    """Every named place stands in the translation as often, with the same conversion."""
    wrong = {
        sentence: translation
        for sentence, translation in spoken(language).items()
        if places(sentence) != places(translation)
    }
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_can_be_said(language: str) -> None:
    """Whatever fills its places, each sentence is said in the language, with all that fills it."""
    set_language(language)
    for sentence in marked():
        names = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        said = say(sentence, **{name: f"<{name}>" for name in names})
        assert all(f"<{name}>" in said for name in names), sentence
        assert said.strip() == said, sentence


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_is_as_make_locale_writes_it(language: str, tmp_path: Path) -> None:
    """`make locale` changes nothing: extraction sees all sentences, and diffs stay small."""
    file = LOCALE_FOLDER / language / "holdfast.po"
    copy = tmp_path / "holdfast.po"
    copy.write_bytes(file.read_bytes())
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlocale:")[2]
    steps = re.findall(r"\$\(BIN\)/pybabel (.*)", recipe.partition("\n\n")[0].replace("\\\n", ""))
    assert len(steps) == 2
    for call in steps:
        asked = call.partition("||")[0].replace(".venv/holdfast.pot", str(tmp_path / "all.pot"))
        asked = asked.replace("$$(basename $$(dirname $$file))", language)
        subprocess.run(
            [
                *(sys.executable, "-m", "babel.messages.frontend"),
                *asked.replace("$$file", str(copy)).split(),
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
            timeout=60,
        )
    assert copy.read_text(encoding="utf-8") == file.read_text(encoding="utf-8")


def test_thai_is_thai() -> None:
    """Each translation has Thai letters where its sentence has words, and no polite particles."""
    for sentence, translation in catalogue("th").items():
        if re.search("[a-z]{2}", PLACE.sub("", sentence)):
            assert THAI.search(translation), sentence
        assert not re.search("ครับ|ค่ะ|นะคะ", translation), sentence


def test_thai_keeps_what_is_typed() -> None:
    """Options, commands, settings, links and figures of a sentence stand in its translation."""
    typed = re.compile(r"`[^`]*`|--[a-z-]+|HOLDFAST_[A-Z]+(?:=1)?|https?://\S*|\b\d[\d.,:TZ-]*\d\b")
    for sentence, translation in catalogue("th").items():
        assert Counter(typed.findall(sentence)) <= Counter(typed.findall(translation)), sentence


def test_thai_can_be_broken_into_lines() -> None:
    """Phrases are short enough that a line ends between two of them, never within a word."""
    long = {
        phrase
        for translation in catalogue("th").values()
        for phrase in PLACE.sub(" ", translation).split()
        if cells(phrase) > UNBROKEN_MAX
    }
    assert not long


@pytest.mark.parametrize("word", ["hop", "ledger", "lot", "mule", "stop", "trail", "waiting"])
def test_thai_uses_the_word_of_the_glossary(word: str) -> None:
    """A thing that has a Thai word in the glossary is called so in every sentence about it."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {word} \| (\S+)", glossary, re.MULTILINE)
    assert row is not None
    thai = {"trail": "เส้นทาง"}.get(word, row[1])
    other = r"`[^`]*`|\{[^}]*\}|--\S+|beyond the last hop"
    for sentence, translation in catalogue("th").items():
        if re.search(rf"(?i)\b{word}s?\b", re.sub(other, "", sentence)):
            assert thai in translation, sentence


@pytest.mark.parametrize("language", ["qq", "", "../th", "th/../th"])
def test_an_unknown_language_speaks_english(language: str) -> None:
    """A language that nobody knows, however it is written, is answered in English."""
    set_language(language)
    assert say("nothing") == "nothing"
    assert catalogue(language) == {}


@pytest.fixture
def locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of catalogues instead of the real one; Thai is asked for."""
    monkeypatch.setattr(words, "LOCALE_FOLDER", tmp_path)
    catalogue.cache_clear()
    set_language("th")
    yield tmp_path
    catalogue.cache_clear()


@pytest.mark.usefixtures("locale")
def test_a_missing_catalogue_speaks_english() -> None:
    """Where the file of a language is not there, English is said and nothing fails."""
    assert say("nothing") == "nothing"


def test_fuzzy_and_empty_entries_are_not_said(locale: Path) -> None:
    """What nobody has looked at since its sentence changed is said in English."""
    (locale / "th").mkdir()
    (locale / "th" / "holdfast.po").write_text(
        '#, fuzzy\nmsgid "nothing"\nmsgstr "เก่า"\n\nmsgid "Time"\nmsgstr ""\n\n'
        'msgid "Bank"\nmsgstr "ธนาคาร"\n',
        encoding="utf-8",
    )
    assert [say("nothing"), say("Time"), say("Bank")] == ["nothing", "Time", "ธนาคาร"]


DATA = {
    "TH",
    "THCBC",
    "THB",
    "BAD",
    "CASH",
    "note",
    "MiB",
    "fifo",
    "lifo",
    "pro",
    "rata",
    "poison",
    *COLUMNS,
}
NOT_SAID = re.compile(
    rf"holdfast(?: (?:{'|'.join(sorted(COMMANDS, reverse=True))}))?\b|{'|'.join(SETTINGS)}"
    r"|\b[\w/.-]+\.(?:csv|parquet|svg)\b|\b[a-z]+(?:_[a-z0-9]+)+\b"
)
"""Commands, settings, names of files, and codes."""


def unmarked(text: str) -> set[str]:
    """Return the words of pseudo-language output that stand outside of brackets.

    What is `NOT_SAID` and what the data says are left out.
    """
    text = NOT_SAID.sub("", text)
    found = 1
    while found:
        text, found = re.subn(r"\[[^\[\]]*\]", " ", text)
    return set(re.findall("[A-Za-z]{2,}", text)) - DATA


def test_a_word_that_is_not_marked_is_found() -> None:
    """Outside of brackets a word is found, within them and nested ones it is not."""
    assert unmarked("holdfast: [whöo [áa] 12.00 THB~] some_code Total") == {"Total"}


TRAIL = ["trail", "--ledger", "ledger.csv", "--claim", "P"]
CALLS = [
    ([], 0),
    (["nonsense"], 2),
    (["ledger", "--help"], 0),
    (["ledger", "import", "ledger.csv", "--into", "store"], 3),
    (["ledger", "stats", "nowhere"], 1),
    (["ledger", "verify", "nowhere"], 1),
    (TRAIL, 3),
    ([*TRAIL, "C"], 3),
    ([*TRAIL, "--rule", "poison"], 3),
    ([*TRAIL, "--rule", "all", "--max-accounts", "1"], 3),
    ([*TRAIL, "--holds", "holds.csv"], 3),
    ([*TRAIL, "--stop", W], 3),
    ([*TRAIL, "NOPE", "--max-hops", "1"], 3),
    (["trail", "--ledger", "ledger.csv", "--claim", "NOPE"], 3),
    (["trail", "--ledger", "ledger.csv"], 1),
    ([*TRAIL, "--as-of", "yesterday"], 1),
    ([*TRAIL, "--rule", "all", "--format", "svg"], 1),
    (["trail", "explain", *TRAIL[1:], "--account", X, "--holds", "holds.csv"], 3),
    (["trail", "explain", *TRAIL[1:], "--account", "TH.THCBC.006.9"], 1),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("call", "code"), CALLS, ids=str)
def test_what_is_printed_is_marked_and_translated(
    call: list[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every word printed comes from a marked sentence, and in Thai the exit code is the same."""
    monkeypatch.setenv("HOLDFAST_LANGUAGE", PSEUDO)
    assert main(call) == code
    printed = capsys.readouterr()
    assert unmarked(printed.out) == set()
    assert unmarked(printed.err) == set()
    monkeypatch.setenv("HOLDFAST_LANGUAGE", "th")
    assert main(call) == code
    printed = capsys.readouterr()
    assert THAI.search(printed.out if code in {0, 3} else printed.err)
    assert "[" not in printed.out


@pytest.mark.usefixtures("folder")
def test_a_ledger_is_told_in_marked_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`stats`, `verify` and a trail from a store print nothing but marked words."""
    monkeypatch.setenv("HOLDFAST_LANGUAGE", PSEUDO)
    main(["ledger", "import", "ledger.csv", "--into", "store"])
    capsys.readouterr()
    for call in (["ledger", "stats"], ["ledger", "verify"]):
        assert main([*call, "store"]) == 0
        assert unmarked(capsys.readouterr().out) == set()


@pytest.mark.usefixtures("folder")
def test_a_country_is_told_in_marked_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A made-up country is told of in nothing but marked words, and calls to try next."""
    monkeypatch.setenv("HOLDFAST_LANGUAGE", PSEUDO)
    small = ["--transfers", "6000", "--customers", "400", "--scams", "12"]
    assert main(["country", "--seed", "3", "--into", "out", *small]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if not line.startswith("  holdfast ")]
    assert len(lines) - len(told) == 3
    assert unmarked("\n".join(told)) == set()


WARNED = replace(
    small_story().answer(),
    truncated_why="transfers",
    waiting=("W-1",),
    overheld=(Overheld("H-1", "TH.THCBC.004.8", "P-1", 150),) * 9,
    without_history=("TH.THCBC.004.9",),
    ledger_change=7,
)
ANSWERS = [
    WARNED,
    long_story().answer(),
    crowded_story().answer(),
    exposure(),
    replace(small_story().answer(), claims=(), hops=(), resting=(), exits=(), currency=None),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=["warned", "long", "crowded", "poison", "empty"])
def test_a_picture_is_written_in_marked_words(answer: Answer) -> None:
    """Title, description, labels and legend of a picture are all marked; what is cut says so."""
    set_language(PSEUDO)
    picture = ET.fromstring(draw_trail(answer))  # noqa: S314  (our own output)
    texts = [text for text in picture.itertext() if text.strip()]
    assert any("~]" in text for text in texts)
    text = " ".join(re.sub(r"\[[^\[\]]*…$", "", text) for text in texts)
    assert unmarked(text) == set()


def printed_in_thai(answer: Answer) -> list[str]:
    """Return the lines of a trail as Thai readers get it at 80 columns."""
    set_language("th")
    console = Console(file=StringIO(), width=80, highlight=False)
    print_trail(answer, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("answer", ANSWERS[1:4], ids=["long", "crowded", "poison"])
def test_thai_tables_fit_and_line_up(answer: Answer) -> None:
    """At 80 columns no line is longer, no account is broken, and each row is as wide as its table."""
    lines = printed_in_thai(answer)
    assert max(map(cells, lines)) <= 80
    assert not [line for line in lines if line.startswith("TH.") and len(line.split()[0]) < 12]
    headings = [place for place, line in enumerate(lines[1:]) if set(line) == {"─"}]
    assert headings
    for place in headings:
        rows = takewhile(str.strip, lines[place + 2 :])
        table = [lines[place], *(line for line in rows if "TH." in line or "#" in line)]
        assert {cells(line) for line in table} == {len(lines[place + 1])}, lines[place]


@pytest.mark.usefixtures("folder")
def test_thai_names_stand_before_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures of a ledger begin in one column, though Thai marks take no room."""
    main(["ledger", "import", "ledger.csv", "--into", "store"])
    capsys.readouterr()
    monkeypatch.setenv("HOLDFAST_LANGUAGE", "th")
    assert main(["ledger", "stats", "store"]) == 0
    for line in capsys.readouterr().out.splitlines():
        name = next((line[:end] for end in range(len(line)) if cells(line[:end]) == 29), "")
        assert name.endswith(" "), line
        assert line.removeprefix(name)[0].isdigit(), line
