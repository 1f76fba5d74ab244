"""A replica at work: it joins when the centre is there, follows it, and answers on this machine."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from holdfast.cli.screen import Screen
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.replica.answering import AnswerApp
    from holdfast.registry.replica.following import Follower
    from holdfast.registry.replica.freshness import Freshness
    from holdfast.registry.replica.joining import Joined

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PAUSE_S = 1.0
PAUSE_S_MAX = 30.0

Announce = Callable[[str], None]
Jitter = Callable[[], float]
"""Draws a number from 0 to 1, so that copies that failed together do not come back together."""


def pause_s(attempts: int, jitter: float) -> float:
    """Return how long to wait after so many failures: 1 s, 2 s, 4 s …, 30 s at most.

    `jitter`, from 0 to 1, takes away up to half of it.
    """
    longest_s = min(math.ldexp(PAUSE_S, min(attempts - 1, 30)), PAUSE_S_MAX)
    return longest_s * (1 - jitter / 2)


def joined_in_time(
    join: Callable[[], Joined], announce: Announce, wait: Callable[[float], object], jitter: Jitter
) -> Joined:
    """Join a centre, as often as it takes until it answers; each failure is told.

    Raises:
        Refused: what the centre answers can't be what is right; to ask again would not help.
    """
    from holdfast.registry.replica.following import Unreached

    for attempts in count(1):
        try:
            return join()
        except Unreached as error:
            seconds = pause_s(attempts, jitter())
            sentence = N_("{why}; the replica asks again in {seconds} s")
            announce(say(sentence, why=str(error), seconds=round(seconds)))
            wait(seconds)
    raise AssertionError


def serve(app: AnswerApp, port: int, follower: Follower, freshness: Freshness) -> None:
    """Follow in a thread and answer, until the program is told to end.

    Raises:
        Refused: `replica_keys_renewed`: what is held is to be let go of, and joined anew.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    server, stop = uvicorn.Server(config), threading.Event()
    ended: list[Refused] = []

    def follow() -> None:
        renewed = keep_following(follower, freshness, stop, Screen().write)
        if renewed is not None:
            ended.append(renewed)
            server.should_exit = True

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    Screen().write(say(N_("listening at http://{host}:{port}"), host=HOST, port=port))
    try:
        with suppress(KeyboardInterrupt):
            server.run()
    finally:
        stop.set()
        thread.join(5.0)
    if ended:
        raise ended[0]


def keep_following(
    follower: Follower,
    freshness: Freshness,
    stop: threading.Event,
    announce: Announce,
    jitter: Jitter = random.random,
) -> Refused | None:
    """Take step after step until told to stop; what goes wrong is told once, and tried again.

    Returns the refusal by which the centre says that the keys were renewed: then no step helps.
    """
    from holdfast.registry.feed.signed import KEYS_RENEWED
    from holdfast.registry.replica.following import Step

    failures, told, apart_told = 0, "", False
    while not stop.is_set():
        begun_s = time.monotonic()
        try:
            step = follower.step()
        except HoldfastError as error:
            if isinstance(error, Refused) and error.code == KEYS_RENEWED:
                return error
            if error.code != told:
                announce(f"{error} [{error.code}]")
            told = error.code
        except Exception:
            log.exception("a step of the replica failed")
        else:
            failures, told = 0, ""
            apart_told = _tell_clock(freshness, announce, is_told=apart_told)
            was_held = time.monotonic() - begun_s > PAUSE_S / 2
            if step is Step.WAITING or (step is Step.NOTHING and not was_held):
                # A centre that has too many waiting holds no question: it is asked less often.
                stop.wait(PAUSE_S)
            continue
        failures += 1
        stop.wait(pause_s(failures, jitter()))
    return None


def _tell_clock(freshness: Freshness, announce: Announce, *, is_told: bool) -> bool:
    """Say once that our clock is off; return whether it is."""
    apart_s = freshness.clock_apart_us // SECOND_US
    if apart_s and not is_told:
        announce(
            say(N_("this clock is {seconds} s off the centre's; set it right"), seconds=apart_s)
        )
    return bool(apart_s)
