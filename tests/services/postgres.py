"""A PostgreSQL server of a test's own: on a unix socket alone, in a folder that goes with it.

`python -m tests.services.postgres -- COMMAND …` starts one, names it to the command in
HOLDFAST_TEST_DATABASE, stops it when the command has ended, and exits with its code.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

OWNER = "holdfast"
SERVANT = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user."""
START_S_MAX = 60


class NotInstalled(Exception):
    """PostgreSQL, or what it needs, is not on this machine."""


@dataclass
class Postgres:
    """A server; its data and socket are in `folder`, which may be in no one's way."""

    folder: Path
    binaries: Path
    durable: bool = False
    """Whether a commit reaches the disk; killing the server needs it, most tests don't."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def make(self) -> None:
        """Make the server's files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        (self.folder / "sock").mkdir()
        if _is_root():
            shutil.chown(self.folder, SERVANT)
            shutil.chown(self.folder / "sock", SERVANT)
        words = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", str(self.folder / "data"), *words)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        sync = "on" if self.durable else "off"
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder / "sock"),
            "fsync": sync,
            "synchronous_commit": sync,
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_servant(), self.binaries / "postgres", "-D", self.folder / "data", *words],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        ends = time.monotonic() + START_S_MAX
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends what runs in it, SIGQUIT does it without tidying up."""
        if self._process is not None:
            # setpriv replaces itself by the server, so this is the server's own id.
            self._process.send_signal(number)
            self._process.wait(START_S_MAX)
            self._process = None

    def url(self, name: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{OWNER}@/{name}?host={self.folder / 'sock'}"

    def _answers(self) -> bool:
        words = ["-q", "-h", str(self.folder / "sock"), "-U", OWNER]
        return subprocess.run([self.binaries / "pg_isready", *words], check=False).returncode == 0

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [*_as_servant(), self.binaries / program, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])


@contextmanager
def a_postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a server of one's own.

    Raises:
        NotInstalled: with what is missing.
    """
    binaries = _binaries()
    # Not under pytest's own folders: their path may be longer than a socket's name can be.
    with tempfile.TemporaryDirectory(prefix="holdfast-pg-") as folder:
        server = Postgres(Path(folder), binaries, durable)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _binaries() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    places += sorted(versions, key=lambda place: float(place.parent.name), reverse=True)
    for place in places:
        if all((place / name).is_file() for name in ("initdb", "postgres", "pg_isready")):
            if _is_root() and shutil.which("setpriv") is None:
                msg = "setpriv is missing, by which root runs PostgreSQL as another user"
                raise NotInstalled(msg)
            return place
    msg = "PostgreSQL is not installed here (looked for initdb on PATH and in /usr/lib/postgresql)"
    raise NotInstalled(msg)


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_servant() -> list[str]:
    if not _is_root():
        return []
    group = pwd.getpwnam(SERVANT).pw_gid
    return ["setpriv", f"--reuid={SERVANT}", f"--regid={group}", "--clear-groups"]


def main(words: Sequence[str]) -> int:
    """Run a command beside a server, and return its exit code."""
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command:
        print("python -m tests.services.postgres -- COMMAND …", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with a_postgres() as server:
            environment = os.environ | {"HOLDFAST_TEST_DATABASE": server.url()}
            return subprocess.run(command, env=environment, check=False).returncode
    except NotInstalled as missing:
        print(f"{missing}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
