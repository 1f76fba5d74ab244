"""`holdfast registry renew-check-key`: a new key by which citizens ask without telling what."""

from __future__ import annotations

import argparse

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say


def renew_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry renew-check-key`."""
    parser.epilog = "example:\n  holdfast registry renew-check-key"


def renew(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Renew the key of citizens' questions; that before is answered for as long as it may be held."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.check_keys import renew_check_key

    number = renew_check_key(centre(), centre().itself)
    sentence = N_(
        "key {number} is made: a running worker fills its buckets, then publishes it, and the one "
        "before ends a day later"
    )
    Screen().write(say(sentence, number=number))
    return DONE
