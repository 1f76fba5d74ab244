"""An import that is killed: what was acknowledged is there, once, and running it again ends it.

`HOLDFAST_CRASH_RUNS` says how many seeded runs are made, 200 if it isn't set.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random

import pytest
from tests.crash.importing import run

from holdfast.core.errors import LedgerMissing
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.store.records import Figures
from holdfast.ledger.store.verify import verify

ROOT = Path(__file__).resolve().parents[2]
RUNS = int(os.environ.get("HOLDFAST_CRASH_RUNS", "200"))
GROUP_RUNS = 5
ROWS = 1000
ACCOUNTS = tuple(f"TH.THCBC.{number % 3:03}.{number:010}" for number in range(25))
WRITE_BUFFERS_BYTES = (64 * 2**20, 64 * 2**10)
KILLS_MAX = 3


@dataclass(frozen=True)
class Undisturbed:
    """The files to import, and what an import that nobody kills makes of them."""

    openings: Path
    file: Path
    states: tuple[bytes, ...]
    """A digest of all that stands in the database, by change number."""
    added: int


def _digest(engine: Engine) -> bytes:
    digest = blake2b()
    for key, value in engine.scan_from(b"", b""):
        digest.update(len(key).to_bytes(4) + key + len(value).to_bytes(4) + value)
    return digest.digest()


def _write_file(file: Path, chance: Random) -> None:
    """Write transfers that come late, come twice, contradict each other, report balances."""
    lines = []
    for number in range(ROWS):
        second = max(number + chance.randint(-60, 0), 0)
        debit, credit = chance.choice(ACCOUNTS), chance.choice(ACCOUNTS)
        reported = chance.choice(("", "", "", str(chance.randint(-50, 900))))
        lines.append(
            f"T{number},2026-03-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z,"
            f"{debit},{credit},{chance.randint(1, 300)}.{chance.randint(0, 99):02},THB,{reported}\n"
        )
        if chance.random() < 0.05:
            lines.append(chance.choice(lines))
        if chance.random() < 0.02:
            lines.append(lines[-1].replace(",THB,", ",USD,"))
    header = "transfer_id,time,debit_account,credit_account,amount,currency,debit_balance_before\n"
    file.write_text(header + "".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Import the files once in peace, and note every state on the way."""
    folder = tmp_path_factory.mktemp("undisturbed")
    openings, file = folder / "openings.csv", folder / "transfers.csv"
    rows = [f"{account},THB,{number * 10}\n" for number, account in enumerate(ACCOUNTS)]
    openings.write_text("account,currency,balance\n" + "".join(rows), encoding="utf-8")
    _write_file(file, Random("crash"))  # noqa: S311
    states: dict[int, bytes] = {}
    with LedgerWriter.open(folder / "ledger") as ledger:
        states[0] = _digest(ledger.engine)
        commit = ledger._commit

        def noted(puts: dict[bytes, bytes], deletes: list[bytes], figures: Figures) -> None:
            commit(puts, deletes, figures)
            states[ledger.figures.change] = _digest(ledger.engine)

        ledger._commit = noted  # type: ignore[method-assign]
        with contextlib.redirect_stdout(io.StringIO()):
            added = run(ledger, openings, file).added
        assert list(verify(ledger)) == []
    assert list(states) == list(range(len(states)))
    assert len(states) > 40
    return Undisturbed(openings, file, tuple(states.values()), added)


def _moment(chance: Random, changes: int) -> tuple[int, float]:
    """Choose when to kill: after so many acknowledged changes and so many seconds more."""
    if chance.random() < 0.2:
        return 0, chance.uniform(0, 0.5)  # also while the program starts and makes the ledger
    return chance.randrange(1, changes), chance.uniform(0, 0.03)


def _kill_an_import(start: Callable[[], subprocess.Popen[str]], chance: Random, most: int) -> int:
    """Start an import, kill it, and return the last change that it acknowledged."""
    changes, seconds = _moment(chance, most)
    with start() as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(changes)]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.readlines()
        assert process.wait() in (-9, 0)
    return max((int(line) for line in lines if line.endswith("\n")), default=0)


def _check_what_is_there(folder: Path, undisturbed: Undisturbed, acknowledged: int) -> None:
    """The ledger is in a state that the undisturbed import has been in, and not an older one."""
    try:
        reader = LedgerStore.open(folder)
    except LedgerMissing:
        assert acknowledged == 0
        return
    with reader:
        change = reader.figures.change
        assert acknowledged <= change <= acknowledged + 1
        assert _digest(reader.engine) == undisturbed.states[change]
        assert list(verify(reader)) == []


def _check_run(seed: int, undisturbed: Undisturbed, folder: Path) -> None:
    chance = Random(seed)  # noqa: S311
    write_buffer_bytes = chance.choice(WRITE_BUFFERS_BYTES)
    program = Path(__file__).with_name("importing.py")

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(sys.executable, program, folder, str(write_buffer_bytes)),
                *(undisturbed.openings, undisturbed.file),
            ],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )

    acknowledged = 0
    for _ in range(chance.randint(1, KILLS_MAX)):
        last = _kill_an_import(start, chance, len(undisturbed.states))
        acknowledged = max(acknowledged, last)
        _check_what_is_there(folder, undisturbed, acknowledged)
    with LedgerWriter.open(folder) as ledger, contextlib.redirect_stdout(io.StringIO()):
        before = ledger.figures.transfers
        report = run(ledger, undisturbed.openings, undisturbed.file)
        assert before + report.added == undisturbed.added
        assert _digest(ledger.engine) == undisturbed.states[-1]
        assert list(verify(ledger)) == []


def _check_seeds(seeds: range, undisturbed: Undisturbed, tmp_path: Path) -> None:
    for seed in seeds:
        try:
            _check_run(seed, undisturbed, tmp_path / str(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_killed_import_loses_and_doubles_nothing(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """A few runs: killed at any moment, nothing acknowledged is lost, and going on completes it."""
    _check_seeds(range(-2, 0), undisturbed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, RUNS, GROUP_RUNS))
def test_many_killed_imports_lose_and_double_nothing(
    undisturbed: Undisturbed, tmp_path: Path, first: int
) -> None:
    """The same for as many seeded runs as are asked for."""
    _check_seeds(range(first, min(first + GROUP_RUNS, RUNS)), undisturbed, tmp_path)
