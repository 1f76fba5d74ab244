"""A centre by its commands: made, connected, told of a payment, answered by file, checked."""

from __future__ import annotations

import csv
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

TRANSFERS = """transfer_id,time,debit_account,credit_account,amount,currency
P1,2026-11-01T10:00:00Z,TH.THCBC.001.0000000001,TH.THCBC.002.0000000002,1000.00,THB
P2,2026-11-01T10:03:00Z,TH.THCBC.002.0000000002,TH.THCBC.003.0000000003,600.00,THB
"""
BANK = "TH.THCBC.002"
IN_HAND_MAX = 400
BEGUN = b"POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
"""A request whose body does not come."""


class Desk:
    """Runs commands as a person would, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "centre"

    def run(self, *words: str, told: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "holdfast.cli.main", *words],
            env=_bare(os.environ) | {"HOLDFAST_HOME": str(self.home), "COLUMNS": "200"},
            cwd=self.folder,
            input=told,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Lend a command that runs until the end of the `with`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "holdfast.cli.main", *words],
            env=_bare(os.environ) | {"HOLDFAST_HOME": str(self.home), "PYTHONUNBUFFERED": "1"},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)

    def done(self, *words: str, told: str = "") -> str:
        """Run a command that must succeed and return what it printed."""
        run = self.run(*words, told=told)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


def _bare(environment: os._Environ[str]) -> dict[str, str]:
    """Return the environment without what the tests' own centre set."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("HOLDFAST_", "DJANGO_"))
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk with a centre whose ledger has two transfers."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    (desk.folder / "t.csv").write_text(TRANSFERS, encoding="ascii")
    desk.done("init")
    desk.done("ledger", "import", "t.csv", "--into", str(desk.home / "ledger"))
    return desk


def test_a_home_is_its_owners_alone(desk: Desk) -> None:
    """No key can be read by others, and no password stands anywhere."""
    modes = {path.name: path.stat().st_mode for path in (desk.home / "keys").iterdir()}
    assert not [name for name, mode in modes.items() if name != "public.json" and mode & 0o077]
    assert not stat.S_IMODE(desk.home.stat().st_mode) & 0o077


def test_init_again_changes_nothing_but_the_link(desk: Desk) -> None:
    """A home that is there stays as it is; only a new way in is printed."""
    before = {path.name: path.read_bytes() for path in (desk.home / "keys").iterdir()}
    printed = desk.done("init")
    assert "/enter/" in printed
    assert before == {path.name: path.read_bytes() for path in (desk.home / "keys").iterdir()}


def test_a_report_is_answered_by_file(desk: Desk) -> None:
    """Report, orders into a file, answers from it: the bank holds, a bad row is listed."""
    desk.done("bank", "connect", BANK, "--name", "A bank", "--delivery", "file")
    told = json.dumps({"via": "centre", "payments": [{"transfer_id": "P1"}]})
    report = json.loads(desk.done("report", "-", "--format", "json", told=told))
    assert [order["amount_minor"] for order in report["orders"]] == [40_000, 60_000]
    desk.done("bank", "orders", BANK, "--to", "orders.csv")
    with (desk.folder / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["amount_minor"] for row in rows] == ["40000"]
    held = rows[0] | {
        "status": "held",
        "amount_held_minor": "40000",
        "answered_at": rows[0]["ordered_at"],
        "held_at": rows[0]["ordered_at"],
    }
    with (desk.folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([held, held | {"order_id": "order-nobodys"}])
    answered = desk.run("bank", "answers", BANK, "answers.csv")
    assert answered.returncode == 3
    assert "heeded, held" in answered.stdout
    assert "order_unknown" in answered.stdout


def test_a_bank_is_rehearsed_with(desk: Desk) -> None:
    """The agent passes every check of the kit; an endpoint where nobody listens fails them."""
    desk.done("bank", "keys", "bank-1", "--into", "bank")
    account = f"{BANK}.0000000007"
    (desk.folder / "accounts.csv").write_text(
        f"account,currency,balance,status,holder_kind\n{account},THB,900.00,active,person\n",
        encoding="ascii",
    )
    desk.done("keys", "new", "--to", "centre.csv")
    desk.done("bank", "keys", "rehearsal-1", "--into", "rehearsal")
    (_, trusted) = (desk.folder / "rehearsal" / "rehearsal-1.csv").read_text("ascii").splitlines()
    with (desk.folder / "centre.csv").open("a", encoding="ascii") as file:
        file.write(f"{trusted}\n")
    words = ["bank", "agent", "serve", "--institution", BANK, "--accounts", "accounts.csv"]
    words += ["--keys", "bank", "--centre-keys", "centre.csv", "--book", "book.sqlite3"]
    with desk.running(*words) as agent:
        endpoint = agent.stdout.readline().strip() if agent.stdout else ""
        check = ["--bank-keys", "bank/bank-1.csv", "--account", account]
        printed = desk.done("bank", "check", endpoint, *check)
        elsewhere = Desk(desk.folder / "bank")
        own = ["--key", "../rehearsal/rehearsal-1.pem", "--issuer", "TH.AOC"]
        alone = elsewhere.done(*_in_the_banks_folder("bank", "check", endpoint, *check, *own))
        halved = elsewhere.run("bank", "check", endpoint, *check, *own[:2])
    assert "0 of 18 checks failed" in printed
    assert "0 of 18 checks failed" in alone
    assert "[rehearsal_words]" in halved.stderr
    gone = desk.run("bank", "check", endpoint, *check)
    assert gone.returncode == 3
    assert "unreachable" in gone.stdout or "can't be reached" in gone.stdout


def _in_the_banks_folder(*words: str) -> list[str]:
    return [word.removeprefix("bank/") for word in words]


def test_a_centre_signs_with_a_new_key(desk: Desk) -> None:
    """The one before is known with its end, so that the banks believe what it signed till then."""
    desk.done("keys", "new", "--to", "all.csv")
    with (desk.folder / "all.csv").open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["retired_at"]) for row in rows] == [True] * (len(rows) - 1) + [False]
    assert rows[-2]["retired_at"] == rows[-1]["valid_from"] > "2000"


def test_keys_of_a_bank_end(desk: Desk) -> None:
    """One by its id, told by its file, and all with the bank; what was never there is said."""
    bank = "TH.THCBC.005"
    desk.done("bank", "keys", "bank5-1", "--into", "bank5")
    public = desk.folder / "bank5" / "bank5-1.csv"
    connect = ["bank", "connect", bank, "--name", "B", "--keys", str(public)]
    text = desk.done(*connect, "--issue", "orders:read", "--expires-days", "5").split()[-1]
    assert _refusal(desk, *connect, "--issue", "reviews:decide") == "scope_not_of_kind"
    assert _refusal(desk, *connect, "--issue", "orders:read", "--expires-days", "0") == (
        "key_expires_days"
    )
    public.write_text(public.read_text("ascii").strip() + "2026-01-01T00:00:00Z\n", "ascii")
    desk.done(*connect)
    desk.done("bank", "retire", text.split("_")[1])
    desk.done("bank", "close", bank)
    with sqlite3.connect(desk.home / "centre.sqlite3") as database:
        (own,) = database.execute("SELECT retired_us, expires_us - created_us FROM people_apikey")
        (known,) = database.execute("SELECT retired_us FROM people_institutionkey")
        found = database.execute(
            "SELECT closed_us FROM people_institution WHERE institution_id = ?", (bank,)
        )
        ((closed_us,),) = found
    database.close()
    assert own[0] <= closed_us
    assert own[1] == 5 * 24 * 3600 * 1_000_000
    assert known[0] < own[0]
    assert _refusal(desk, "bank", "retire", "none") == "key_unknown"
    assert _refusal(desk, "bank", "close", "TH.THCBC.099") == "institution_unknown"


def _refusal(desk: Desk, *words: str) -> str:
    run = desk.run(*words)
    assert run.returncode == 1
    return run.stderr.strip().rpartition("[")[2].rstrip("]")


@pytest.mark.parametrize("word", ["serve", "worker"])
def test_nothing_begins_by_a_clock_that_may_be_wrong(desk: Desk, word: str) -> None:
    """Before a worker's last sign of life, or long after it, until a person has looked."""
    beat, now_us = desk.home / "heartbeat.json", time.time_ns() // 1000
    for hours, code in ((1, "clock_went_back"), (-13, "clock_far_ahead")):
        at_us = now_us + hours * 3_600_000_000
        beat.write_text(json.dumps({"at_us": at_us, "pid": 1, "jumped_us": 0}), encoding="ascii")
        assert _refusal(desk, word) == code
    words = ["--port", "0"] if word == "serve" else []
    with desk.running(word, "--clock-is-right", *words) as process:
        assert process.stdout
        assert process.stdout.readline()
    beat.unlink()


@pytest.mark.parametrize("host", ["192.0.2.1", "centre.example"])
def test_a_centre_without_tls_is_served_to_this_machine_alone(desk: Desk, host: str) -> None:
    """Passwords and keys would travel in the clear."""
    assert _refusal(desk, "serve", "--host", host) == "serve_without_tls"


@pytest.mark.enable_socket
def test_a_server_takes_so_many_requests_and_no_more(desk: Desk) -> None:
    """Who comes when all places are taken is told so in the API's words; then it is as before.

    Connections on which nothing is asked take no place.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with desk.running("serve", "--port", str(port)) as server, ExitStack() as stack:
        assert server.stdout
        server.stdout.readline()
        assert _health(port) == 200
        asking = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(IN_HAND_MAX)
        ]
        assert _health(port) == 200
        for connection in asking:
            connection.sendall(BEGUN)
        assert _health(port, until=503) == 503
        _assert_refused(port)
        stack.close()
        assert _health(port, until=200) == 200


def _assert_refused(port: int) -> None:
    """Check what somebody is told who comes when all places are taken."""
    told = json.dumps({"via": "centre"})
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/v1/reports", told)
        answer = connection.getresponse()
        problem = json.loads(answer.read())
    assert (answer.status, problem["code"]) == (503, "server_busy")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Connection"] == "close"


def _health(port: int, until: int | None = None) -> int:
    """Return the status of the server's health, once it listens and, if told, says `until`."""
    for _ in range(600):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        with closing(connection), suppress(ConnectionRefusedError):
            connection.request("GET", "/v1/health")
            status = connection.getresponse().status
            if until in (None, status):
                return status
        time.sleep(0.05)
    raise AssertionError


def test_no_password_stands_in_a_command(tmp_path: Path) -> None:
    """Whoever lists processes would read it; nothing is made."""
    url = "postgresql://holdfast:secret@db.example/holdfast"
    assert _refusal(Desk(tmp_path), "init", "--database", url) == "database_password_shown"
    assert not (tmp_path / "centre").exists()


def test_the_first_link_leads_to_the_centres_own_address(tmp_path: Path) -> None:
    """Where one is named; names with quotes stay names, and the home is its owner's alone."""
    desk = Desk(tmp_path)
    name = 'x.example"\nname = "TH.EVIL'
    printed = desk.done("init", "--url", "https://centre.example", "--host", name)
    assert "https://centre.example/enter/" in printed
    values = tomllib.loads((desk.home / "centre.toml").read_text(encoding="utf-8"))
    assert (values["name"], values["hosts"]) == ("TH.AOC", [name])
    modes = {path.name: path.stat().st_mode & 0o077 for path in desk.home.rglob("*")}
    assert not [path for path, mode in modes.items() if mode and path != "public.json"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("", "report_field"),
        ("{", "report_field"),
        ('{"via":"centre"}', "report_field"),
        ('{"via":"centre","payments":[{"amount":"5"}]}', "report_field"),
        ('{"via":"moon","payments":[{"transfer_id":"P1"}]}', "report_field"),
        ('{"via":"centre","scam_type":"x","payments":[{"transfer_id":"P1"}]}', "scam_type_unknown"),
        ("x" * 1_000_001, "report_too_long"),
    ],
    ids=["empty", "torn", "no payment", "no account", "no such way", "no such scam", "too long"],
)
def test_a_bad_report_is_refused_in_one_line(desk: Desk, told: str, code: str) -> None:
    """What is wrong is said in a line with a code, and no case is opened."""
    run = desk.run("report", "-", told=told)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert f"[{code}]" in run.stderr


def test_check_says_what_is_wrong_and_what_to_do(desk: Desk) -> None:
    """Without a worker the installation is not well, and the remedy is a command."""
    run = desk.run("check", "--format", "json")
    assert run.returncode == 3
    found = {row["subject"]: row for row in json.loads(run.stdout)}
    assert not found["worker"]["well"]
    assert "holdfast worker" in found["worker"]["remedy"]
    assert found["database"]["well"]
    assert found["keys"]["well"]


def test_commands_without_a_home_say_so(tmp_path: Path) -> None:
    """Where there is no centre, the error names the command that makes one."""
    for words in (("check",), ("serve",), ("worker",), ("audit", "verify")):
        run = Desk(tmp_path).run(*words)
        assert run.returncode == 1
        assert "holdfast init" in run.stderr


def test_an_unknown_country_gets_no_home(tmp_path: Path) -> None:
    """A country whose law is not known is refused before anything is made."""
    run = Desk(tmp_path).run("init", "--country", "XX")
    assert run.returncode == 1
    assert not (tmp_path / "centre").exists()
