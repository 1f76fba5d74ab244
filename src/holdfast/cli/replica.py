"""`holdfast replica`: keep a copy of a centre's registry beside a payment engine."""

from __future__ import annotations

import argparse
import os
import random
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.replica.following import Follower, Link
    from holdfast.registry.replica.freshness import Freshness
    from holdfast.registry.replica.holding import Holding
    from holdfast.registry.replica.joining import Joined

PORT = 8451
INTRODUCED = "centre-keys.json"
"""Which keys of the centre its earlier ones introduced, in the replica's folder."""
QUESTIONS = "questions"
"""Where in the replica's folder it is put on record what was asked and answered."""
KEEP_QUESTIONS_DAYS = 90
_PAUSE_S = 1.0


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
    parser.add_argument(
        "--keep-questions",
        type=int,
        default=KEEP_QUESTIONS_DAYS,
        metavar="DAYS",
        help=f"how long questions stay on record here; 0 for none ({KEEP_QUESTIONS_DAYS})",
    )
    parser.add_argument(
        "--renew-keys", action="store_true", help="first let the centre renew the bank's keys"
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
    from holdfast.registry.feed.signed import KEYS_RENEWED
    from holdfast.registry.replica.joining import leave, renew_keys

    os.umask(0o077)
    with http_client(Timeouts()) as client:
        link = HttpLink(arguments.url, _bearer(arguments.bearer_file), client)
        if arguments.renew_keys:
            renew_keys(link)
        while True:
            try:
                return _keep(arguments, link)
            except Refused as refused:
                if refused.code != KEYS_RENEWED:
                    raise
                Screen().write(str(refused))
            leave(arguments.into)


def _keep(arguments: argparse.Namespace, link: Link) -> int:
    """Open what is held, and do with it what the words of the call say."""
    from holdfast.registry.replica.freshness import Freshness
    from holdfast.registry.replica.holding import Holding
    from holdfast.registry.replica.joining import CONTACT
    from holdfast.server.clock import SteadyClock

    clock = SteadyClock()
    found = _joined(arguments, link)
    holding = Holding.open(arguments.into, found.keys)
    limit_us = arguments.stale_after * SECOND_US
    freshness = Freshness(clock, limit_us, arguments.into / CONTACT)
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


def _joined(arguments: argparse.Namespace, link: Link) -> Joined:
    """Return which replica the folder holds; a new one waits for the centre, unless `--once`."""
    from holdfast.cli.replica_serving import joined_in_time
    from holdfast.registry.replica.joining import join, joined

    url = arguments.url.rstrip("/")
    found = joined(arguments.into, url)
    if found is not None:
        return found

    def attempt() -> Joined:
        return join(arguments.into, link, url, arguments.name)

    if arguments.once or arguments.verify:
        return attempt()
    return joined_in_time(attempt, Screen().write, time.sleep, random.random)


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
    from holdfast.registry.replica.keyring import KeyRing

    read_public_keys(arguments.centre_keys)
    return Follower(
        found.who,
        holding,
        link,
        KeyRing(lambda: read_public_keys(arguments.centre_keys), arguments.into / INTRODUCED),
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
    """Follow and answer; what is asked is put on record in the folder, unless for no days."""
    from holdfast.cli.replica_serving import serve
    from holdfast.law.law import Law
    from holdfast.registry.index.file import Index
    from holdfast.registry.index.place import index_file
    from holdfast.registry.replica.answering import AnswerApp, Answers
    from holdfast.registry.replica.recording import Recording
    from holdfast.registry.screening import Registry

    index = Index.open(index_file(arguments.into), found.keys.hash_key)
    answers = Answers(Registry(index, Law.load(), found.country), freshness, found.kind, clock)
    name = f"{clock():016}-{os.getpid()}-{secrets.token_hex(4)}"
    days = arguments.keep_questions
    recording = (
        Recording(arguments.into / QUESTIONS, name, found, days * DAY_US, clock)
        if days > 0
        else None
    )
    try:
        serve(AnswerApp(answers, recording), arguments.port, follower, freshness)
    finally:
        if recording is not None:
            recording.close()
