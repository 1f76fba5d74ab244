"""A centre for the order benchmark: PostgreSQL, a home, `holdfast serve` and `holdfast worker`.

Everything is new, in a folder of its own that is removed afterwards, and each part is a process,
so that what each costs can be told apart.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.orders_banks import Banks
from benchmarks.postgresql_server import server
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "2GB",
    "jit": "off",
}
"""Little beyond what a new PostgreSQL does by itself; each commit is flushed to the disk."""
TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS_MAX = 60
_HOLDFAST = Path(sys.executable).with_name("holdfast")


@dataclass(frozen=True, slots=True)
class RunningCentre:
    """A centre that answers, and the process of each part."""

    home: Path
    port: int
    api_key: str
    pids: dict[str, list[int]]

    def cpu_seconds(self) -> dict[str, float]:
        """Return the work of each part so far, that of its own children included."""
        return {
            part: sum(_tree_cpu_seconds(pid) for pid in pids) for part, pids in self.pids.items()
        }


@contextmanager
def running_centre(
    transfers: Iterable[Transfer], banks: Banks, *, servers: int, workers: int
) -> Iterator[RunningCentre]:
    """Make a centre with these transfers in its ledger and these banks, and let it run."""
    with tempfile.TemporaryDirectory(prefix="holdfast-orders-") as text:
        folder = Path(text)
        folder.chmod(0o755)  # PostgreSQL runs as its own user
        with server(folder / "postgresql", SETTINGS) as place:
            host, user, name = (part.partition("=")[2] for part in place.split())
            home = folder / "centre"
            environment = {**os.environ, "HOLDFAST_HOME": str(home)}
            url = f"postgresql://{user}@/{name}?host={host}"
            command = [str(_HOLDFAST), "init", str(home), "--database", url]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            with LedgerWriter.open(home / "ledger") as writer:
                writer.append(list(transfers))
            api_key = _register(home, banks)
            port = free_port()
            commands = {"server": ["serve", "--port", str(port), "--processes", str(servers)]}
            commands |= {f"worker{number}": ["worker"] for number in range(workers)}
            logs = {part: (folder / f"{part}.log").open("wb") for part in commands}
            children = {
                part: subprocess.Popen(
                    [str(_HOLDFAST), *words],
                    env=environment,
                    stdout=logs[part],
                    stderr=subprocess.STDOUT,
                )
                for part, words in commands.items()
            }
            try:
                wait_for(port, children)
                yield RunningCentre(home, port, api_key, _pids(folder, children))
            finally:
                for child in children.values():
                    child.terminate()
                for part, child in children.items():
                    child.wait(_START_SECONDS_MAX)
                    _show_log(folder / f"{part}.log")


def _register(home: Path, banks: Banks) -> str:
    """Enter the banks with their keys into the centre's database; return the centre's own key."""
    os.environ["HOLDFAST_HOME"] = str(home)
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.people.keys import issue_key
    from holdfast.people.models import Institution, InstitutionKey
    from holdfast.people.role import Scope

    for number, bank in enumerate(banks.banks):
        institution = Institution.objects.create(
            institution_id=bank.name,
            name=bank.name,
            kind="bank",
            delivery="push",
            endpoint=f"http://127.0.0.1:{bank.port}",
            created_us=0,
        )
        InstitutionKey.objects.create(
            key_id=bank.key.key_id,
            institution=institution,
            public_key=bank.key.public().text,
            valid_from_us=0,
        )
        scopes = (Scope.ORDERS_ANSWER,)
        key = issue_key(institution, scopes, "", 0, secrets.token_bytes)
        banks.banks[number] = replace(bank, api_key=key)
    centre, _ = Institution.objects.get_or_create(
        institution_id="TH.AOC", defaults={"name": "TH.AOC", "kind": "centre", "created_us": 0}
    )
    return issue_key(centre, (Scope.REPORTS_WRITE,), "", 0, secrets.token_bytes)


def _pids(folder: Path, children: dict[str, subprocess.Popen[bytes]]) -> dict[str, list[int]]:
    postmaster = (folder / "postgresql" / "postmaster.pid").read_text(encoding="ascii")
    workers = [child.pid for part, child in children.items() if part.startswith("worker")]
    return {
        "server": [children["server"].pid],
        "worker": workers,
        "PostgreSQL": [int(postmaster.splitlines()[0])],
    }


def _tree_cpu_seconds(pid: int) -> float:
    """Return the work of a process, of its children that ended, and of those that live."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    own = sum(map(int, line.rpartition(")")[2].split()[11:15])) / TICKS
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return own
    return own + sum(_tree_cpu_seconds(int(child)) for child in children)


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until a centre answers at a port; raises where a process has ended."""
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        ended = [part for part, child in children.items() if child.poll() is not None]
        if ended or time.monotonic() > deadline:
            msg = f"the centre did not start ({', '.join(ended) or 'too slow'})"
            raise RuntimeError(msg)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)


def _show_log(path: Path) -> None:
    """Print what a part had to say beyond its greeting."""
    for line in path.read_text(encoding="utf-8").splitlines()[1:][-20:]:
        print(f"  {path.stem}: {line}")
