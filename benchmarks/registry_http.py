"""Questions to the registry over HTTP, one at a time: how many a second, and how long they wait.

uvicorn serves as `holdfast serve --processes 2` has it, `wrk` asks on the same cores, over loopback without TLS. Every question shows a
key, is paid from two buckets and is on record, synced, before its answer leaves. Half of the
accounts asked about are listed, customers are drawn from 20 million. The same
endpoint is measured with the index replaced by PostgreSQL and by Redis, without the sync, and a
bare answer shows what server, network and load generator cost by themselves.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.measure import machine, table
from benchmarks.orders_centre import SETTINGS, free_port
from benchmarks.postgresql_server import server
from benchmarks.registry_peers import PostgresPeer, RedisPeer, redis_server
from benchmarks.registry_world import RegistryWorld
from holdfast.registry.questions import read_questions, verify_questions

PARTS = ("constant", "unrecorded", "unsynced", "whole", "redis", "postgresql")
BANK = "TH.THCBC.004"
CUSTOMERS = 20_000_000
_START_SECONDS_MAX = 60
_HOLDFAST = Path(sys.executable).with_name("holdfast")
_SCRIPT = """
math.randomseed({seed})
request = function()
  local account = string.format("TH.THCBC.004.%010d", math.random(0, 2 * {subjects} - 1))
  local body = string.format(
    '{{"kind":"account","key":"%s","purpose":"payment","reference":"E2E-%d","customer":"c%d"}}',
    account, math.random(1000000), math.random({customers}))
  return wrk.format("POST", "/v1/screen", {{
    ["authorization"] = "Bearer {key}", ["content-type"] = "application/json"}}, body)
end
done = function(summary, latency, requests)
  io.write(string.format("FIGURES %f %d %d %d %d %d %d\\n",
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
    latency.max, summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="registry_http", description=__doc__)
    parser.add_argument("--subjects", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=10, help="how long each part is asked")
    parser.add_argument("--connections", type=int, default=48)
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed; on Debian: apt install wrk")
    print(machine(), "\n", flush=True)
    header = "part|questions/s|p50 ms|p99 ms|max ms|refused|failed|on record"
    with _home(options.subjects) as (home, key, peers):
        rows = (_row(options, home, key, part, peers.get(part, "")) for part in options.parts)
        table(header.split("|"), rows)


def _row(
    options: argparse.Namespace, home: Path, key: str, part: str, peer: str
) -> tuple[object, ...]:
    before = _on_record(home)
    with _serving(home, part, peer, options.workers) as port:
        _ask(options, key, port, 2)
        rate, p50_us, p99_us, max_us, _, refused, failed = _ask(options, key, port, options.seconds)
    kept = _on_record(home) - before if part != "constant" else 0
    times = (f"{us / 1000:.2f}" for us in (p50_us, p99_us, max_us))
    return part, f"{rate:,.0f}", *times, int(refused), int(failed), f"{kept:,}"


def _on_record(home: Path) -> int:
    folder = home / "registry" / "questions"
    assert not [flaw for flaw in verify_questions(folder) if flaw.code == "damaged"]
    return sum(1 for _ in read_questions(folder))


def _ask(options: argparse.Namespace, key: str, port: int, seconds: int) -> list[float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            _SCRIPT.format(
                seed=secrets.randbelow(1 << 31),
                subjects=options.subjects,
                customers=CUSTOMERS,
                key=key,
            )
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}s", "-s", script.name]
        command += [f"http://127.0.0.1:{port}"]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"FIGURES (.*)", output)
    assert found is not None, output
    return [float(word) for word in found[1].split()]


@contextmanager
def _serving(home: Path, part: str, peer: str, workers: int) -> Iterator[int]:
    port = free_port()
    environment = {
        **os.environ,
        "HOLDFAST_HOME": str(home),
        "HOLDFAST_BENCH_PART": part,
        "HOLDFAST_BENCH_PEER": peer,
    }
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--workers", str(workers)]
    command += ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
    command += ["--lifespan", "on", "--log-level", "warning"]
    process = subprocess.Popen([*command, "benchmarks.registry_app:application"], env=environment)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(_START_SECONDS_MAX)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/screen", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    msg = "the server did not start"
    raise RuntimeError(msg)


@contextmanager
def _home(subjects: int) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Make a centre with a filled index and a bank's key, and fill the peers with the same."""
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-registry-")))
        folder.chmod(0o755)  # PostgreSQL runs as its own user
        place = parts.enter_context(server(folder / "postgresql", SETTINGS))
        host, user, name = (part.partition("=")[2] for part in place.split())
        home = folder / "centre"
        url = f"postgresql://{user}@/{name}?host={host}"
        command = [str(_HOLDFAST), "init", str(home), "--database", url]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        world = RegistryWorld(home, subjects)
        world.build()
        peers = {"redis": parts.enter_context(redis_server()), "postgresql": place}
        RedisPeer(peers["redis"]).fill(world.batches())
        PostgresPeer(place).fill(world.batches())
        yield home, _register(home), peers


def _register(home: Path) -> str:
    """Enter a bank that may ask as much as it likes; return its key."""
    row = "{size: 1000000000000, per_minute: 100000000, miss: 3, hit: 1, sent: 1, lease: 100000}"
    rules = home / "registry" / "quota.yaml"
    rules.write_text(f"institutions: {{{BANK}: {row}}}\n", encoding="utf-8")
    os.environ["HOLDFAST_HOME"] = str(home)
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.people.keys import issue_key
    from holdfast.people.models import Institution
    from holdfast.people.role import Scope

    bank = Institution.objects.create(institution_id=BANK, name=BANK, kind="bank", created_us=0)
    return issue_key(bank, (Scope.REGISTRY_ASK,), "", 0, secrets.token_bytes)
