"""`holdfast bank retire` and `close`: end the use of a key, or an institution's part."""

from __future__ import annotations

import argparse

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say


def retire_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank retire`."""
    parser.add_argument(
        "key_id", metavar="KEY_ID", help="of a public key, or what follows hf_ in a program's key"
    )
    parser.epilog = "example:\n  holdfast bank retire 0123456789abcdef"


def retire(arguments: argparse.Namespace) -> int:
    """End the use of a program's key or of a public key, from now on and for good."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.connect_institution import retire_any_key

    retire_any_key(centre(), arguments.key_id, centre().itself)
    Screen().write(say(N_("the key {key} is retired"), key=arguments.key_id))
    return DONE


def close_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast bank close`."""
    parser.add_argument("institution", help="such as TH.THCBC.004")
    parser.epilog = "example:\n  holdfast bank close TH.THCBC.004"


def close(arguments: argparse.Namespace) -> int:
    """End an institution's part: nothing is pushed to it, and none of its keys opens anything."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.connect_institution import close_institution

    close_institution(centre(), arguments.institution, centre().itself)
    Screen().write(say(N_("{institution} is closed"), institution=arguments.institution))
    return DONE
