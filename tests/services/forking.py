"""Starts programs of Holdfast fast: what takes a second to import is imported once, here.

Each line on standard input is JSON: which `module` with a function `main`, with which `words`,
under which `environment`, writing into which `log`. It becomes a process of its own, in a session
of its own, and the line answered is its id. When standard input ends, all that was started is
killed, so nothing outlives the tests, however these end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

PRELOADED = (
    "django.core.handlers.asgi",
    "django.core.management",
    "django.db.migrations.executor",
    "pydantic",
    "rich.console",
    "uvicorn",
    "holdfast.banks.agent.serve",
    "holdfast.banks.client",
    "holdfast.cli.main",
    "holdfast.law.law",
    "holdfast.ledger.store",
)
"""Nothing that reads Django's settings: each program has its own home."""


def main() -> None:
    """Start what is asked for until nobody can ask any more."""
    for name in PRELOADED:
        import_module(name)
    # Whoever ends is forgotten at once, so that its id is free when it is dead.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    started: list[int] = []
    try:
        for line in sys.stdin:
            started.append(_start(json.loads(line)))
            print(started[-1], flush=True)
    finally:
        for pid in started:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _start(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _redirect(asked["log"])
        os.environ.update(asked["environment"])
        result: int = import_module(asked["module"]).main(asked["words"])
        code = result
    except BaseException:  # noqa: BLE001  (the child ends here, whatever it was)
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    main()
