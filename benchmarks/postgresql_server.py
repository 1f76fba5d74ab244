"""A PostgreSQL server of the benchmarks' own: its folder in `.bench/`, a socket, no network.

Started and stopped by whoever uses it. PostgreSQL refuses to run as root, so that a benchmark
run by root has it run as the user `postgres`, which comes with Debian's package `postgresql`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

USER = "postgres"
OWNER = USER if os.geteuid() == 0 else None
"""Whom to run PostgreSQL as: its own user where we are root, else ourselves (None)."""
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "4GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "12GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum": "off",
}
"""Generous on purpose; every commit is still flushed to the disk."""

_START_SECONDS_MAX = 60
_STOP_SECONDS_MAX = 120


def programs() -> Path | None:
    """Return where PostgreSQL's programs are, the newest of several, or None."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


@contextmanager
def server(folder: Path, settings: Mapping[str, str] = SETTINGS) -> Iterator[str]:
    """Run a server on the data in `folder` (new where that is missing); yield how to reach it."""
    bin_folder = programs()
    if bin_folder is None:
        msg = "PostgreSQL is not installed; on Debian: apt install postgresql"
        raise FileNotFoundError(msg)
    if not folder.exists():
        _begin(bin_folder, folder)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as socket_folder:
        _give(Path(socket_folder))
        options = {**settings, "unix_socket_directories": socket_folder}
        command = [str(bin_folder / "postgres"), "-D", str(folder)]
        command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (folder.parent / f"{folder.name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, user=OWNER, group=OWNER
            )
            try:
                _wait_for(bin_folder, socket_folder, process)
                yield f"host={socket_folder} user={USER} dbname={USER}"
            finally:
                process.send_signal(2)  # end sessions, then stop
                try:
                    process.wait(_STOP_SECONDS_MAX)
                finally:
                    process.kill()


def _begin(bin_folder: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    _give(folder)
    command = [str(bin_folder / "initdb"), "-D", str(folder), "-U", USER, "-A", "trust"]
    command += ["--locale", "C", "--encoding", "UTF8", "--no-sync"]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=OWNER, group=OWNER
    )


def _wait_for(bin_folder: Path, socket_folder: str, process: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + _START_SECONDS_MAX
    command = [str(bin_folder / "pg_isready"), "--quiet", "-h", socket_folder]
    while subprocess.run(command, check=False).returncode:
        if process.poll() is not None or monotonic() > deadline:
            msg = "PostgreSQL did not start; its log stands beside its folder in .bench/"
            raise RuntimeError(msg)
        sleep(0.1)


def _give(folder: Path) -> None:
    if OWNER is not None:
        shutil.chown(folder, OWNER)
