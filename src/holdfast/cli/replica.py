"""`holdfast replica`: keep a copy of a centre's registry beside a payment engine."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.replica.following import Follower, Link
    from holdfast.registry.replica.freshness import Freshness
    from holdfast.registry.replica.holding import Holding
    from holdfast.registry.replica.joining import Joined

log = logging.getLogger(__name__)

PORT = 8451
_PAUSE_S = 1.0
_PAUSE_S_MAX = 30.0


def replica_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast replica`."""
    parser.add_argument("--from", dest="url", required=True, metavar="URL", help="the centre")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="where it is kept")
    parser.add_argument(
        "--centre-keys", type=Path, required=True, metavar="FILE", help="the centre's keys (CSV)"
    )
    parser.add_argument(
        "--bearer-file", type=Path, required=True, metavar="FILE", help="holds the API key"
    )
    parser.add_argument("--name", default="main", help="of this copy among the bank's; main")
    parser.add_argument("--port", type=int, default=PORT, help=f"on this machine ({PORT})")
    parser.add_argument(
        "--stale-after", type=int, default=900, metavar="S", help="seconds without news; 900"
    )
    parser.add_argument("--once", action="store_true", help="catch up, then end")
    parser.add_argument("--verify", action="store_true", help="check all that is held, then end")
    parser.epilog = (
        "example:\n  holdfast replica --from https://centre.example --into replica "
        "--centre-keys centre.csv --bearer-file key"
    )


def replica(arguments: argparse.Namespace) -> int:
    """Follow a centre's registry, and answer the payment engine on this machine."""
    from holdfast.banks.deadline import Timeouts, http_client
    from holdfast.cli.replica_link import HttpLink
    from holdfast.registry.replica.freshness import Freshness
    from holdfast.registry.replica.holding import Holding
    from holdfast.registry.replica.joining import join, joined
    from holdfast.server.clock import SteadyClock

    os.umask(0o077)
    clock = SteadyClock()
    with http_client(Timeouts()) as client:
        link = HttpLink(arguments.url, _bearer(arguments.bearer_file), client)
        url = arguments.url.rstrip("/")
        found = joined(arguments.into, url) or join(arguments.into, link, url, arguments.name)
        holding = Holding.open(arguments.into, found.keys)
        limit_us = arguments.stale_after * SECOND_US
        freshness = Freshness(clock, limit_us, arguments.into / "contact.json")
        try:
            if arguments.verify:
                return _verify(holding)
            follower = _follower(arguments, found, holding, link, freshness, clock)
            if arguments.once:
                return _once(follower, holding)
            _serve(arguments, found, follower, freshness, clock)
        finally:
            holding.close()
    return DONE


def _bearer(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused(
            "bearer_unreadable", N_("the API key in {file} can't be read"), file=file
        ) from None


def _follower(
    arguments: argparse.Namespace,
    found: Joined,
    holding: Holding,
    link: Link,
    freshness: Freshness,
    clock: Callable[[], int],
) -> Follower:
    """Return what follows; the file of keys is read for each answer, so new ones are heeded."""
    from holdfast.banks.keys import read_public_keys
    from holdfast.registry.replica.following import Follower

    read_public_keys(arguments.centre_keys)
    return Follower(
        found.who,
        holding,
        link,
        lambda key_id: read_public_keys(arguments.centre_keys).get(key_id),
        freshness,
        clock,
        lambda: secrets.token_urlsafe(16),
    )


def _verify(holding: Holding) -> int:
    is_right = not holding.needs_snapshot and holding.prove()
    sentence = (
        N_("up to number {number}: every record is as it was given")
        if is_right
        else N_("up to number {number}: what is held is not what was given; it is fetched anew")
    )
    Screen().write(say(sentence, number=holding.place.number))
    return DONE if is_right else NOT_WHOLE


def _once(follower: Follower, holding: Holding) -> int:
    from holdfast.registry.replica.following import Step

    while (step := follower.step(0)) is not Step.NOTHING:
        if step is Step.WAITING:
            threading.Event().wait(_PAUSE_S)
    Screen().write(say(N_("followed up to number {number}"), number=holding.place.number))
    return DONE


def _serve(
    arguments: argparse.Namespace,
    found: Joined,
    follower: Follower,
    freshness: Freshness,
    clock: Callable[[], int],
) -> None:
    """Follow in a thread until the server for this machine is told to end."""
    import uvicorn

    from holdfast.law.law import Law
    from holdfast.registry.index.file import Index
    from holdfast.registry.index.place import index_file
    from holdfast.registry.replica.answering import AnswerApp, Answers
    from holdfast.registry.screening import Registry

    index = Index.open(index_file(arguments.into), found.keys.hash_key)
    registry = Registry(index, Law.load(), found.country)
    stop = threading.Event()
    thread = threading.Thread(
        target=keep_following, args=(follower, freshness, stop, Screen().write), daemon=True
    )
    thread.start()
    Screen().write(
        say(N_("listening at http://{host}:{port}"), host="127.0.0.1", port=arguments.port)
    )
    try:
        uvicorn.run(
            AnswerApp(Answers(registry, freshness, found.kind, clock)),
            host="127.0.0.1",
            port=arguments.port,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
        )
    finally:
        stop.set()
        thread.join(5.0)


def keep_following(
    follower: Follower,
    freshness: Freshness,
    stop: threading.Event,
    announce: Callable[[str], None],
) -> None:
    """Take step after step until told to stop; what goes wrong is told once, and tried again."""
    from holdfast.registry.replica.following import Step

    pause_s, told, apart_told = _PAUSE_S, "", False
    while not stop.is_set():
        begun_s = time.monotonic()
        try:
            step = follower.step()
        except HoldfastError as error:
            if error.code != told:
                announce(f"{error} [{error.code}]")
            told = error.code
        except Exception:
            log.exception("a step of the replica failed")
        else:
            pause_s, told = _PAUSE_S, ""
            apart_told = _tell_clock(freshness, announce, is_told=apart_told)
            was_held = time.monotonic() - begun_s > _PAUSE_S / 2
            if step is Step.WAITING or (step is Step.NOTHING and not was_held):
                # A centre that has too many waiting holds no question: it is asked less often.
                stop.wait(_PAUSE_S)
            continue
        stop.wait(pause_s)
        pause_s = min(2 * pause_s, _PAUSE_S_MAX)


def _tell_clock(freshness: Freshness, announce: Callable[[str], None], *, is_told: bool) -> bool:
    """Say once that our clock is off; return whether it is."""
    apart_s = freshness.clock_apart_us // SECOND_US
    if apart_s and not is_told:
        announce(
            say(N_("this clock is {seconds} s off the centre's; set it right"), seconds=apart_s)
        )
    return bool(apart_s)
