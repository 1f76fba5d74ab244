"""`holdfast staff`: who works at the centre: let in, let out, listed."""

from __future__ import annotations

import argparse
import secrets

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say
from holdfast.people.role import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast staff add`."""
    parser.add_argument("name", help="by which they sign in")
    parser.add_argument(
        "--role", required=True, choices=[role.value for role in Role], help="what they do"
    )
    parser.epilog = "example:\n  holdfast staff add malee --role reviewer"


def add(arguments: argparse.Namespace) -> int:
    """Let somebody in: print the link by which they choose a password, once."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.people.one_time_link import LINK_DAYS
    from holdfast.server.home import this_home
    from holdfast.server.runtime import centre
    from holdfast.workflows.let_in import let_in

    token = secrets.token_urlsafe(32)
    working = centre()
    let_in(working, arguments.name, Role(arguments.role), token, working.itself)
    console = Screen()
    sentence = N_("{name} chooses a password, once and within {days} days, at")
    console.write(say(sentence, name=arguments.name, days=LINK_DAYS))
    console.write(this_home().address_of(f"/enter/{token}"))
    return DONE


def end_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast staff end`."""
    parser.add_argument("name", help="by which they sign in")
    parser.epilog = "example:\n  holdfast staff end malee"


def end(arguments: argparse.Namespace) -> int:
    """Let somebody out: their password, links and sessions end at once."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.runtime import centre
    from holdfast.workflows.let_out import let_out

    working = centre()
    let_out(working, arguments.name, working.itself)
    Screen().write(say(N_("{name} is out"), name=arguments.name))
    return DONE
