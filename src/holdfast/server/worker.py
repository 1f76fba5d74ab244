"""The worker: does what is due. Any number may run; each piece of work is done by one of them.

    deliver   messages of the outbox, many at once, few to one institution
    ends      of holds, and reminders before them
    due       transfers to be written into the ledger
    settle    claims to be settled anew, and what else is done for many at once
    follow    changes of the ledger
    buckets   what citizens are answered from
    index     what every question for a payment is answered from, where it can be kept here
    seal      the audit
    prune     what was done long ago
    mergers   of banks that a new release knows of: once, at the beginning

Each is a loop of its own thread. A database that is gone is waited for; what was begun is begun
again, because it was taken on a lease and nothing was written.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from holdfast.banks.client import BankClient
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.core.errors import (
    CentreError,
    Conflict,
    HoldfastError,
    LedgerError,
    Refused,
    arose_at,
)
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.core.keys import SigningKey
from holdfast.records import due, outbox
from holdfast.records.models import DueWork, OutboxMessage
from holdfast.records.seal import seal
from holdfast.records.waits import wait_us
from holdfast.server.clock import Heartbeat, write_heartbeat
from holdfast.server.home import Home
from holdfast.server.keep_index import KeptIndex, can_keep_index
from holdfast.server.runtime import CLOCK, centre_of
from holdfast.workflows.answers_together import LEARN
from holdfast.workflows.centre import Centre
from holdfast.workflows.deliver_message import (
    Brought,
    Reached,
    bring,
    ended_among,
    reached,
    record_brought,
)
from holdfast.workflows.due_work import END_KINDS, REST_KINDS, do_due, do_together
from holdfast.workflows.fill_buckets import fill_buckets
from holdfast.workflows.follow_ledger import follow_ledger
from holdfast.workflows.follow_mergers import plan_mergers
from holdfast.workflows.messages_out import HOLD
from holdfast.workflows.prune import AT_ONCE as PRUNED_AT_ONCE
from holdfast.workflows.prune import prune, prune_questions
from holdfast.workflows.step_order import HELD, TRACE
from holdfast.workflows.tell_holder import NOTIFY

log = logging.getLogger(__name__)

DELIVERIES_AT_ONCE = 24
TO_ONE_INSTITUTION = 2
REREAD_US = SECOND_US
"""How soon a new endpoint or key is heeded; asked for each order, it would double the reads."""
LEASE_US = 40 * SECOND_US
"""Longer than any delivery may take, so that nobody else delivers the same meanwhile. What a
worker had in hand when it died waits so long."""
TOGETHER_S = 1.0
"""How long a claim waits to be settled anew: most answers to its orders come together."""
AT_ONCE = {HELD: 200, TRACE: 16, NOTIFY: 50}
"""How many such works are taken at a time; nobody waits for them as for the end of a hold."""
RECORDED_EVERY_S = 0.05
"""Answers that come meanwhile are recorded as one: nobody waits for them as for an order."""
IDLE_S = 0.02
IDLE_EMBEDDED_S = 0.05
"""An embedded database is asked less often: its questions and answers share a lock."""
TIMEOUTS = Timeouts(connect_s=3.0, read_s=10.0, total_s=20.0)
TROUBLE_S = 1.0
PRUNE_PAUSE_S = 600.0
INDEX_PAUSE_S = 0.1
"""A listing is answered by as soon; a question for it costs one look at a row."""


@dataclass(slots=True)
class Worker:
    """All loops of one worker process."""

    home: Home
    key: Callable[[], SigningKey]
    """Returns the key that is used now; a new one counts at once."""
    stop: Event = field(default_factory=Event)
    centre: Centre = field(init=False)
    _threads: list[Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.centre = centre_of(self.home)

    def start(self) -> None:
        """Begin all loops; see `check_clock` for what is to be checked before."""
        idle_s = IDLE_EMBEDDED_S if connection.vendor == "sqlite" else IDLE_S
        loops: list[tuple[str, Callable[[], bool], float]] = [
            ("ends", self._do_ends, 5 * idle_s),
            ("due", self._do_due, 5 * idle_s),
            ("settle", self._settle, TOGETHER_S),
            ("follow", self._follow, 10 * idle_s),
            ("buckets", self._fill_buckets, 10 * idle_s),
            ("seal", self._seal, 1.0),
            ("prune", self._prune, PRUNE_PAUSE_S),
        ]
        for name, step, pause_s in loops:
            self._begin(name, partial(self._repeat, step, pause_s))
        self._begin("mergers", partial(self._once, self._plan_mergers))
        self._begin("deliver", lambda: _Deliveries(self).run(idle_s))
        if can_keep_index():
            self._begin("index", self._keep_index)

    def join(self) -> None:
        """Ask all loops to end, and wait until what was begun is done."""
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, name: str, run: Callable[[], None]) -> None:
        thread = Thread(target=run, name=f"worker-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _repeat(self, step: Callable[[], bool], pause_s: float) -> None:
        """Take a step again and again; after one that did something the next comes at once."""
        while not self.stop.is_set():
            if not guarded(step):
                self.stop.wait(pause_s)
        connection.close()

    def _once(self, step: Callable[[], bool]) -> None:
        """Take a step until it has done something, and never again."""
        while not self.stop.is_set() and not guarded(step):
            pass
        connection.close()

    def _plan_mergers(self) -> bool:
        plan_mergers(self.centre)
        return True

    def _do_ends(self) -> bool:
        """End what has run out; one at a time, so that whoever dies makes nothing else wait."""
        return any(self._do_some(1, kinds) for kinds in (END_KINDS, REST_KINDS))

    def _do_due(self) -> bool:
        return self._do_some(1, (LEARN,)) > 0

    def _settle(self) -> bool:
        """Do what has come by now; True where there was more of a kind than is taken at a time."""
        return any(self._do_some(limit, (kind,)) == limit for kind, limit in AT_ONCE.items())

    def _do_some(self, limit: int, kinds: Collection[str]) -> int:
        """Do some work of these kinds that is due; return how many pieces were taken."""
        now_us = CLOCK()
        if not due.is_any_due(now_us, kinds):
            return 0
        found = due.take(now_us=now_us, lease_us=LEASE_US, limit=limit, kinds=kinds)
        if len(found) <= 1 or not self._do_together(found):
            for work in found:
                self._do(work)
        return len(found)

    def _do_together(self, works: list[DueWork]) -> bool:
        """Do works as one; False where that failed, and each is to be done by itself."""
        try:
            do_together(self.centre, works)
        except HoldfastError as error:
            log.info("%d works are done one by one: %s", len(works), error.code)
            return False
        except Exception as error:  # noqa: BLE001  (by itself, only the one that fails must wait)
            log.warning("%d works are done one by one: %s", len(works), type(error).__name__)
            return False
        return True

    def _do(self, work: DueWork) -> None:
        try:
            do_due(self.centre, self.home.ledger, work)
        except HoldfastError as error:
            log.warning("due work %s must wait: %s", work.kind, error.code)
            self._again(work, error.code)
        except Exception as error:
            self._again(work, type(error).__name__)
            raise

    def _again(self, work: DueWork, fault: str) -> None:
        pause_us = wait_us(work.attempts, random.random())  # noqa: S311
        due.again(work, now_us=CLOCK(), fault=fault, wait_us=pause_us)

    def _follow(self) -> bool:
        try:
            follow_ledger(self.centre)
        except Conflict as conflict:
            if conflict.code != "change_applied_already":
                raise
            log.info("the ledger was followed by another worker: %s", conflict.code)
        return False

    def _fill_buckets(self) -> bool:
        try:
            return fill_buckets(self.centre) > 0
        except Conflict as conflict:
            if conflict.code != "change_applied_already":
                raise
        except Refused as refused:
            if refused.code != "extra_missing":
                raise
        return False

    def _keep_index(self) -> None:
        with KeptIndex(self.home.folder) as index:
            self._repeat(index.follow, INDEX_PAUSE_S)

    def _seal(self) -> bool:
        write_heartbeat(self.home.folder, Heartbeat(CLOCK(), os.getpid(), CLOCK.jumped_us))
        return seal(now_us=CLOCK(), key=self.key(), heads=self.home.heads) is not None

    def _prune(self) -> bool:
        home = self.home
        is_more = prune(CLOCK(), home.keep_done_days * DAY_US) >= PRUNED_AT_ONCE
        # Last: a file that can't be removed keeps no row of the database from going.
        prune_questions(self.centre, home.folder, home.keep_questions_days * DAY_US)
        return is_more


class _Deliveries:
    """Takes messages as there is room for them, so that silent banks hold up nobody else."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._pool = ThreadPoolExecutor(DELIVERIES_AT_ONCE, thread_name_prefix="deliver")
        self._running: dict[Future[None], str] = {}
        self._brought: SimpleQueue[Brought] = SimpleQueue()
        self._reached: dict[str, Reached] = {}
        self._read_us = 0
        self._http = http_client(TIMEOUTS)

    def run(self, idle_s: float) -> None:
        """Deliver until asked to stop, then wait for what is on its way."""
        recorded_s = 0.0
        while not self._worker.stop.is_set():
            took = guarded(self._take)
            if time.monotonic() - recorded_s >= RECORDED_EVERY_S:
                self._record()
                recorded_s = time.monotonic()
            if not took:
                self._worker.stop.wait(idle_s)
        self._pool.shutdown(wait=True)
        self._record()
        self._http.close()
        connection.close()

    def _record(self) -> None:
        """Record all that has come by now, as one."""
        brought = []
        while not self._brought.empty():
            brought.append(self._brought.get())
        if brought:
            guarded(lambda: self._record_all(brought))

    def _record_all(self, brought: list[Brought]) -> bool:
        try:
            outcomes = record_brought(self._worker.centre, brought)
        except Exception as error:
            name = type(error).__name__
            for row in brought:
                # Of those that were recorded before, this changes nothing.
                outbox.again(row.message, now_us=CLOCK(), fault=name, wait_us=row.wait_us)
            raise
        for row, outcome in zip(brought, outcomes, strict=True):
            if outcome != "done":
                log.info("message %s waits: %s", row.message.message_id, outcome)
        return True

    def _take(self) -> bool:
        self._running = {run: to for run, to in self._running.items() if not run.done()}
        room = DELIVERIES_AT_ONCE - len(self._running)
        now_us = CLOCK()
        if room <= 0:
            return False
        to = self._reachable(now_us)
        if not outbox.is_any_due(now_us, to):
            return False
        messages = outbox.take(
            now_us=now_us,
            lease_us=LEASE_US,
            limit=room,
            to=to,
            per_destination=TO_ONE_INSTITUTION,
        )
        ended = ended_among(messages)
        for message in messages:
            if message.subject in ended and message.kind == HOLD:
                outbox.done(message, now_us)
                continue
            run = self._pool.submit(self._bring, message, self._reached[message.destination])
            self._running[run] = message.destination
        return bool(messages)

    def _bank(self) -> BankClient:
        """Return a client that signs with the key used now."""
        key = self._worker.key()
        return BankClient(key, self._http, TIMEOUTS, CLOCK, lambda: secrets.token_urlsafe(16))

    def _reachable(self, now_us: int) -> Collection[str]:
        """Return the institutions that have an endpoint and not too much on its way already."""
        if not 0 <= now_us - self._read_us < REREAD_US:
            self._reached, self._read_us = reached(), now_us
        busy = Counter(self._running.values())
        return [name for name in self._reached if busy[name] < TO_ONE_INSTITUTION]

    def _bring(self, message: OutboxMessage, to: Reached) -> None:
        guarded(lambda: self._bring_one(message, to))

    def _bring_one(self, message: OutboxMessage, to: Reached) -> bool:
        """Bring it; where that fails for no reason of the bank's, it comes again after its lease."""
        pause_us = wait_us(message.attempts, random.random())  # noqa: S311
        self._brought.put(bring(self._bank(), message, to, pause_us))
        return True


def guarded(step: Callable[[], bool]) -> bool:
    """Take a step; what can get better by itself is waited for, all else is logged and goes on."""
    try:
        return step()
    except (DatabaseError, InterfaceError, sqlite3.Error) as error:
        log.warning("the database can't be used now: %s", type(error).__name__)
        close_old_connections()
    except LedgerError as error:
        log.warning("the ledger can't be used now: %s", error.code)
    except CentreError as error:
        log.warning("a step of the worker must wait: %s", error.code)
    except Exception as error:  # noqa: BLE001  (whatever it is, the other steps go on)
        log.error("a step of the worker failed with %s", arose_at(error))  # noqa: TRY400
    return pause()


def pause() -> bool:
    """Wait a moment after trouble; nothing was done."""
    Event().wait(TROUBLE_S)
    return False
