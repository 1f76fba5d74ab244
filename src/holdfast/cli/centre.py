"""`holdfast init`, `serve`, `worker`: make a centre's home, and run it."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say
from holdfast.server.home import PORT

CONNECTIONS_MAX = 4_000
"""Of one process, most of them idle: the bound on requests is `REQUESTS_IN_HAND_MAX`."""


def init_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast init`."""
    parser.add_argument(
        "home", nargs="?", type=Path, metavar="DIR", help="where; else HOLDFAST_HOME, else ./centre"
    )
    parser.add_argument(
        "--country", default="TH", help="whose law counts (ISO 3166), TH if not said"
    )
    parser.add_argument("--name", help="what others know the centre by, COUNTRY.AOC if not said")
    parser.add_argument(
        "--database", metavar="URL", help="postgresql://USER@HOST/NAME; else a file in the home"
    )
    parser.add_argument(
        "--host", action="append", default=[], help="a name under which the server is asked"
    )
    parser.add_argument(
        "--url", default="", help="https://HOST where others reach it, through a proxy with TLS"
    )
    parser.epilog = "example:\n  holdfast init centre --country TH"


def init(arguments: argparse.Namespace) -> int:
    """Make a centre's home, or bring its database up to this version; print the first way in."""
    refuse_password(arguments.database or "")
    folder = (arguments.home or Path(os.environ.get("HOLDFAST_HOME") or "centre")).absolute()
    os.environ["HOLDFAST_HOME"] = str(folder)
    from holdfast.server.home import CENTRE_FILE
    from holdfast.server.make_home import HomeWanted, make_home

    console = Screen()
    if (folder / CENTRE_FILE).exists():
        console.write(
            say(N_("{folder} is a centre; its database is brought up to date"), folder=folder)
        )
    else:
        make_home(
            HomeWanted(
                folder=folder,
                country=arguments.country,
                name=arguments.name or f"{arguments.country}.AOC",
                database=arguments.database,
                hosts=tuple(arguments.host),
                url=arguments.url,
            )
        )
        console.write(say(N_("made {folder}"), folder=folder))
    from holdfast.cli.shell import enter_centre

    enter_centre(migrated=False)
    _migrate()
    _print_link(console)
    return DONE


def refuse_password(database: str) -> None:
    """Refuse a database's URL that has a password in it.

    Raises:
        Refused: `database_password_shown`.
    """
    if urlsplit(database).password is not None:
        raise Refused(
            "database_password_shown",
            N_(
                "others on this machine can read the words of a command: put the password into "
                "HOLDFAST_DATABASE_PASSWORD, or into keys/database in the home, and not into the URL"
            ),
        )


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def _print_link(console: Screen) -> None:
    from holdfast.people.models import Staff
    from holdfast.people.one_time_link import LINK_DAYS
    from holdfast.server.home import this_home
    from holdfast.server.make_home import ADMINISTRATOR, first_link
    from holdfast.server.runtime import CLOCK

    known = Staff.objects.filter(username=ADMINISTRATOR).first()
    if known is not None and known.has_usable_password():
        return
    token = first_link(CLOCK())
    console.write(
        say(
            N_("the first administrator chooses a password, once and within {days} days, at"),
            days=LINK_DAYS,
        )
    )
    console.write(this_home().address_of(f"/enter/{token}"))
    console.write(say(N_("next: `holdfast serve --all`, then `holdfast check`")))


def serve_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on ({PORT})")
    parser.add_argument("--all", action="store_true", help="do due work in this process as well")
    parser.add_argument("--processes", type=int, default=1, help="how many processes answer")
    _clock_argument(parser)
    parser.epilog = "example:\n  holdfast serve --all --port 8441"


def serve(arguments: argparse.Namespace) -> int:
    """Answer over HTTP: the API for machines, and the pages for people."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    import uvicorn

    from holdfast.server.home import this_home

    _check_clock(arguments)
    has_proxy = bool(this_home().url)
    _check_address(arguments.host, has_proxy=has_proxy)
    config = {
        "app": "holdfast.server.asgi:application",
        "host": arguments.host,
        "port": arguments.port,
        "workers": arguments.processes if arguments.processes > 1 else None,
        "lifespan": "on",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 10,
        "limit_concurrency": CONNECTIONS_MAX,
        "proxy_headers": has_proxy,
    }
    Screen().write(
        say(N_("listening at http://{host}:{port}"), host=arguments.host, port=arguments.port)
    )
    if arguments.all:
        with _working():
            uvicorn.run(**config)
    else:
        uvicorn.run(**config)
    return DONE


def _check_address(host: str, *, has_proxy: bool) -> None:
    """Refuse to be reached from other machines where nobody has said how TLS comes before us."""
    try:
        is_here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here and not has_proxy:
        raise Refused(
            "serve_without_tls",
            N_(
                "at {host} passwords and keys would travel without encryption: put a proxy with "
                "TLS before this server, and its address as url into centre.toml"
            ),
            host=host,
        )


def worker_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast worker`."""
    _clock_argument(parser)
    parser.epilog = "example:\n  holdfast worker"


def worker(arguments: argparse.Namespace) -> int:
    """Do due work until told to end: deliver orders, let holds lapse, settle, seal the audit."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    _check_clock(arguments)
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with _working():
        Screen().write(say(N_("working; end me with ctrl-c")))
        told.wait()
    return DONE


def _clock_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clock-is-right", action="store_true", help="a person has looked: begin by this clock"
    )


def _check_clock(arguments: argparse.Namespace) -> None:
    """Refuse to begin by a clock that may be wrong: every hold ends by it."""
    from holdfast.server.home import this_home
    from holdfast.server.runtime import CLOCK
    from holdfast.server.witnesses import check_clock

    check_clock(this_home(), CLOCK(), is_right=arguments.clock_is_right)


@contextmanager
def _working() -> Iterator[None]:
    """Run a worker's loops beside what this process does."""
    from holdfast.records.signing_key import CurrentKey
    from holdfast.server.home import this_home
    from holdfast.server.worker import Worker

    home = this_home()
    running = Worker(home, CurrentKey(home.keys))
    running.start()
    try:
        yield
    finally:
        running.join()
