"""`kill -9` at random points of an import: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from tests.crash import importing

from holdfast.core.instant import SECOND_US
from holdfast.ledger.store import LedgerStore
from holdfast.ledger.store.verify import verify
from holdfast.ledger.transfer import Transfer

RUNS = int(os.environ.get("HOLDFAST_CRASH_RUNS", "200"))
GROUPS = 10
ROWS = 1200
BATCHES = ROWS // importing.BATCH_ROWS
ACCOUNTS = [f"TH.THCBC.{bank:03}.{number:010}" for bank in (2, 4, 14) for number in range(8)]

pytestmark = pytest.mark.slow


def transfers() -> list[Transfer]:
    """The same transfers each time, some of them late, some with reported balances."""
    chance = Random(20)  # noqa: S311  (a seed that replays)
    rows = []
    for number in range(ROWS):
        debit, credit = chance.sample(ACCOUNTS, 2)
        late_us = chance.choice((0, 0, 0, 0, 900 * SECOND_US))
        reported = chance.choice((None, chance.randrange(100_000)))
        rows.append(
            Transfer(
                1_767_225_600_000_000 + number * SECOND_US - late_us,
                0,
                f"K{number:05}",
                debit,
                credit,
                chance.randrange(1, 100_000),
                "THB",
                reported,
            )
        )
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A ledger's file and one of opening balances."""
    folder = tmp_path_factory.mktemp("files")
    ledger, openings = folder / "ledger.csv", folder / "openings.csv"
    with ledger.open("w", encoding="utf-8") as out:
        out.write(
            "transfer_id,time,debit_account,credit_account,amount,currency,debit_balance_before\n"
        )
        for t in transfers():
            before = t.debit_balance_before_minor
            reported = "" if before is None else f"{before / 100:.2f}"
            out.write(
                f"{t.transfer_id},{t.time_us},{t.debit_account},{t.credit_account},"
                f"{t.amount_minor / 100:.2f},THB,{reported}\n"
            )
    rows = "".join(f"{account},THB,{100 + place}.00\n" for place, account in enumerate(ACCOUNTS))
    openings.write_text("account,currency,balance\n" + rows, encoding="utf-8")
    return ledger, openings


@pytest.fixture(scope="module")
def undisturbed(
    files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What a ledger holds whose import nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "ledger"
    importing.run(*files, folder)
    return content(folder)


def content(folder: Path) -> dict[str, object]:
    """Everything that a ledger says: transfers by id, each account's balance and history."""
    with LedgerStore.open(folder) as ledger:
        assert list(verify(ledger)) == []
        places = dict.fromkeys(ACCOUNTS, (0, 0, ""))
        histories = ledger.histories(places, "THB", until_us=None)
        return {
            "transfers": dict(ledger.find([t.transfer_id for t in transfers()])),
            "histories": {
                account: (history.balance_minor, list(history.transfers))
                for account, history in histories.items()
            },
            "figures": ledger.figures._replace(change=0),
        }


def killed(files: tuple[Path, Path], folder: Path, chance: Random) -> tuple[int, int]:
    """Import in a process of its own and kill it; return the change and count it told last."""
    call = [sys.executable, importing.__file__, *map(str, files), str(folder)]
    stop_after = chance.randrange(BATCHES + 2)
    told = (0, 0)
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if not stop_after:
                time.sleep(chance.random() * 0.6)
            for _, line in zip(range(stop_after), process.stdout, strict=False):
                change, count = line.split()
                told = (int(change), int(count))
            time.sleep(chance.random() * 0.004)
        finally:
            process.kill()
        for line in process.stdout:
            if len(words := line.split()) == 2 and line.endswith("\n"):
                told = (int(words[0]), int(words[1]))
    return told


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_killed_import_loses_and_doubles_nothing(
    group: int, files: tuple[Path, Path], undisturbed: dict[str, object], tmp_path: Path
) -> None:
    """After any kill the ledger is sound, has what was acknowledged, and can be finished."""
    for seed in range(group, RUNS, GROUPS):
        folder = tmp_path / str(seed)
        change, count = killed(files, folder, Random(seed))  # noqa: S311  (a seed that replays)
        if (folder / "FORMAT").exists():
            with LedgerStore.open(folder) as ledger:
                figures = ledger.figures
                assert figures.change >= change, f"seed {seed}: an acknowledged change is lost"
                assert figures.transfers >= count, f"seed {seed}: acknowledged rows are lost"
                assert figures.transfers % importing.BATCH_ROWS == 0, f"seed {seed}: half a batch"
                assert list(verify(ledger)) == [], f"seed {seed}: not sound"
        else:
            assert change == 0, f"seed {seed}: acknowledged, but no ledger"
        importing.run(*files, folder)
        assert content(folder) == undisturbed, f"seed {seed}: finished, but not the same"
