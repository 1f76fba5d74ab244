"""Answers that wait to be posted to the centre; written with what they tell, sent later."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from holdfast.banks.agent.store import connect
from holdfast.banks.client import Fault
from holdfast.banks.messages import HoldAnswer, parse_answer
from holdfast.core.instant import SECOND_US

RETRY_S_MAX = 60

Post = Callable[[HoldAnswer], Fault | None]
"""Sends one answer; says what went wrong."""


def put(connection: sqlite3.Connection, answer: HoldAnswer, now_us: int) -> None:
    """Put an answer into the outbox, in the transaction that the caller has open."""
    connection.execute(
        "INSERT INTO outbox (order_id, body, next_us) VALUES (?, ?, ?)",
        (answer.order_id, answer.to_bytes(), now_us),
    )


class Outbox:
    """The outbox of a book, for the one who empties it."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, answer: HoldAnswer, now_us: int) -> None:
        """Put an answer in by itself."""
        put(self._db, answer, now_us)

    def unsent(self) -> list[HoldAnswer]:
        """Return all answers that were not sent, in the order they were written."""
        rows = self._db.execute("SELECT body FROM outbox WHERE sent_us IS NULL ORDER BY number")
        return [parse_answer(row["body"]) for row in rows]

    def send_due(self, post: Post, now_us: int) -> int:
        """Send what is due, one after the other; what fails is tried again, ever later.

        What can't succeed by itself is tried again too, after `RETRY_S_MAX`: somebody may mend
        the cause, and an answer is never dropped.
        """
        rows = self._db.execute(
            "SELECT number, body, tries FROM outbox WHERE sent_us IS NULL AND next_us <= ? "
            "ORDER BY number LIMIT 100",
            (now_us,),
        ).fetchall()
        sent = 0
        for row in rows:
            fault = post(parse_answer(row["body"]))
            if fault is None:
                self._db.execute(
                    "UPDATE outbox SET sent_us = ? WHERE number = ?", (now_us, row["number"])
                )
                sent += 1
                continue
            wait_s = min(2 ** min(row["tries"], 10), RETRY_S_MAX) if fault.retry else RETRY_S_MAX
            self._db.execute(
                "UPDATE outbox SET tries = tries + 1, next_us = ? WHERE number = ?",
                (now_us + wait_s * SECOND_US, row["number"]),
            )
        return sent


def keep_doing(work: Callable[[], object], every_s: float, stop: threading.Event) -> None:
    """Do something again and again until `stop` is set; a book that is busy can wait."""
    while not stop.wait(every_s):
        with suppress(sqlite3.OperationalError):
            work()
