"""The command line as scripts meet it: exit codes, one-line errors, lazy imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli import main as cli
from holdfast.cli.main import COMMANDS, main
from holdfast.core.errors import LedgerBusy

HEAVY = {"numpy", "pyarrow", "rocksdict", "rich", "phonenumbers", "babel", "tldextract"}


def test_without_words_it_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """`holdfast` alone lists every command and ends with 0."""
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(f"holdfast {name}" in printed for name in COMMANDS)


@pytest.mark.parametrize("words", [["nonsense"], ["ledger", "nonsense"], ["-x"]])
def test_an_unknown_command_is_a_wrong_call(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not a command ends with 2 and one line that says where to look."""
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "holdfast --help" in error


def test_a_group_lists_its_own_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """`holdfast ledger --help` lists the commands of that group only."""
    assert main(["ledger", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "holdfast ledger import" in printed
    assert "holdfast demo" not in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` of each command ends with 0 and shows an example call of that command."""
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    assert ended.value.code == 0
    assert f"holdfast {name}" in capsys.readouterr().out.partition("example")[2]


def test_wrong_words_end_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    """A word that a command does not know ends with 2."""
    with pytest.raises(SystemExit) as ended:
        main(["ledger", "stats", "somewhere", "--colour"])
    assert ended.value.code == 2
    assert "--colour" in capsys.readouterr().err


def test_a_refusal_is_one_line_with_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is refused ends with 1 and one line on standard error that carries the code."""
    assert main(["ledger", "stats", str(tmp_path / "nowhere")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.rstrip().endswith("[ledger_missing]")


def _fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(_: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "_run", run)
    return main(["demo"])


def test_what_can_succeed_later_ends_with_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passing state, such as another writer, has an exit code of its own."""
    assert _fail_with(LedgerBusy("ledger_busy", "busy"), monkeypatch) == 4


def test_an_interrupt_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with 130 and one line."""
    assert _fail_with(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err == "holdfast: interrupted\n"


def test_an_error_of_the_program_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error in the program itself shows no traceback unless it is asked for."""
    assert _fail_with(ZeroDivisionError("oops\nmore"), monkeypatch) == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in error
    assert error.count("\n") == 1
    monkeypatch.setenv("HOLDFAST_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        _fail_with(ZeroDivisionError(), monkeypatch)


@pytest.mark.parametrize("words", [["--help"], ["trail", "--help"], ["ledger", "stats", "nowhere"]])
def test_first_answers_import_nothing_heavy(words: list[str]) -> None:
    """Help and refusals come at once, because heavy libraries are imported only for their work."""
    allowed = {"rich", "rocksdict"} if words[0] == "ledger" else set()
    code = (
        "import sys; from holdfast.cli.main import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print('HEAVY', sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = ran.stderr.rsplit("HEAVY ", 1)[1].strip()
    assert set(eval(loaded)) <= allowed  # noqa: S307  (a list this test printed)


@pytest.mark.parametrize("form", ["help", "table", "json", "svg", "csv"])
def test_a_closed_pipe_is_no_error(form: str, tmp_path: Path) -> None:
    """`holdfast … | head` ends without a complaint, whatever it was printing."""
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(
        "transfer_id,time,debit_account,credit_account,amount,currency\n"
        "P,2026-03-01T09:00:00Z,TH.THCBC.002.V,TH.THCBC.004.X,10.00,THB\n",
        encoding="utf-8",
    )
    words = ["trail", "--ledger", str(ledger), "--claim", "P", "--format", form]
    words = ["--help"] if form == "help" else words
    writer = subprocess.Popen(
        [sys.executable, "-m", "holdfast.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    assert (writer.wait(timeout=60), writer.stderr.read()) == (0, "")
    writer.stderr.close()
