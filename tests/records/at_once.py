"""Runs functions in threads of their own at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from holdfast.core.errors import Conflict

Result = TypeVar("Result")


def at_once(*functions: Callable[[], Result]) -> list[Result | Conflict]:
    """Return what each function returns, or the conflict that it raises.

    Who waits for a lock that the test itself holds fails in the end, instead of waiting for ever.
    """
    start = threading.Barrier(len(functions))

    def run(function: Callable[[], Result]) -> Result | Conflict:
        try:
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '10s'")
            start.wait(timeout=30)
            return function()
        except Conflict as conflict:
            return conflict
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
