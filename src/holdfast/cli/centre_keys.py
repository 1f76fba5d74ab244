"""`holdfast keys new`: a new key that the centre signs with, and the public ones for the banks."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say


def new_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast keys new`."""
    parser.add_argument(
        "--to", type=Path, metavar="FILE.csv", help="write all public keys there, for the banks"
    )
    parser.epilog = "example:\n  holdfast keys new --to centre.csv"


def new(arguments: argparse.Namespace) -> int:
    """Make a new key that orders and audit heads are signed with; the one before is retired."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from django.db import transaction

    from holdfast.banks.keys import write_public_keys
    from holdfast.records import audit
    from holdfast.records.signing_key import create_key
    from holdfast.server.home import this_home
    from holdfast.server.make_home import new_key_id
    from holdfast.server.runtime import CLOCK, order_keys

    home, now_us = this_home(), CLOCK()
    key = create_key(home.keys, new_key_id(home.name, now_us), now_us)
    with transaction.atomic():
        subject = f"institution:{home.name}"
        detail = {"key": key.key_id}
        audit.record(
            at_us=now_us, actor="centre", verb="new_signing_key", subject=subject, detail=detail
        )
    if arguments.to:
        write_public_keys(arguments.to, order_keys())
    console = Screen()
    console.write(say(N_("the centre signs with {key} from now on"), key=key.key_id))
    console.write(
        say(N_("give the banks the new public key now: the worker signs with it at once"))
    )
    return DONE
