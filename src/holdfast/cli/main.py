"""The `holdfast` command: finds the command asked for, imports it only then, and runs it.

Exit codes, for scripts: 0 done; 1 refused, with one line on standard error; 2 the words of the
call are off; 3 done, but not whole (rows refused, findings, a trail cut short); 4 not now, the
same call can succeed later; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper

from holdfast import __version__
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say, set_language

DONE, REFUSED, NOT_WHOLE, NOT_NOW, INTERRUPTED = 0, 1, 3, 4, 130

SETTINGS = {
    "HOLDFAST_LANGUAGE": N_("language of what is printed: en or th"),
    "HOLDFAST_HOME": N_("the centre's home; ./centre if it is not set"),
    "HOLDFAST_DATABASE_PASSWORD": N_(
        "password of the centre's database; if not set, keys/database in the home holds it"
    ),
    "HOLDFAST_DEBUG": N_("1 shows where in the program an error arose"),
}
"""Environment variables that are read, with what they do."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the module and function that run it, and one line for the list of commands.

    The module also has `<function>_arguments`, which tells a parser the command's words.
    """

    module: str
    function: str
    summary: str


COMMANDS = {
    "demo": Command("demo", "demo", N_("play days of a made-up country, and see what was held")),
    "country": Command(
        "country", "country", N_("make a month of payments, and follow its planted scams")
    ),
    "open": Command(
        "open_country", "open_country", N_("start a made-up country live, to play with")
    ),
    "ledger import": Command(
        "ledger", "import_files", N_("read transfers from files into a ledger")
    ),
    "ledger stats": Command("ledger", "stats", N_("say what a ledger holds")),
    "ledger verify": Command("ledger", "verify", N_("check that a ledger is sound")),
    "ledger follow-anew": Command(
        "ledger", "follow_anew", N_("take the centre's ledger for the true one, after a restore")
    ),
    "screen": Command(
        "screen_file", "screen", N_("ask the registry about a file of accounts, phones or links")
    ),
    "trail": Command("trail", "trail", N_("follow claimed money: where is it now?")),
    "init": Command("centre", "init", N_("make a centre's home, or bring it up to this version")),
    "serve": Command("centre", "serve", N_("answer over HTTP; with --all, do due work as well")),
    "worker": Command("centre", "worker", N_("do due work: deliver, lapse, settle, seal")),
    "report": Command("report", "report", N_("file a report from a JSON file")),
    "bank keys": Command("bank", "keys", N_("make a bank's signing key")),
    "keys new": Command("centre_keys", "new", N_("make a new signing key for the centre")),
    "bank connect": Command("bank", "connect", N_("enter an institution and its keys")),
    "bank retire": Command("revoke", "retire", N_("end the use of an institution's key")),
    "bank close": Command("revoke", "close", N_("end an institution's part and all its keys")),
    "bank check": Command("bank", "check", N_("rehearse every case with a bank's endpoint")),
    "bank agent": Command("bank", "agent", N_("answer a bank's orders: by machine, or by hand")),
    "bank orders": Command("bank", "export", N_("write open orders into a file for a bank")),
    "bank answers": Command("bank", "answers", N_("read a bank's answers from a file")),
    "staff add": Command("staff", "add", N_("let somebody in who is to work at the centre")),
    "staff end": Command("staff", "end", N_("let somebody out, at once")),
    "registry template": Command(
        "registry", "template", N_("write a template for files of listings")
    ),
    "registry import": Command("registry", "import_file", N_("read listings from a file")),
    "registry list": Command("registry", "list_one", N_("list a subject as the centre")),
    "registry approve": Command("registry", "approve", N_("approve listings as the second person")),
    "registry look-up": Command(
        "registry_look_up",
        "look_up",
        N_("find listings by hand, for a purpose that is kept on record"),
    ),
    "registry apply-list": Command(
        "registry_apply_list", "apply", N_("bring an authority's list to a new version of it")
    ),
    "registry questions": Command(
        "registry_questions", "questions", N_("check the record of what was asked and answered")
    ),
    "registry renew-check-key": Command(
        "registry_check_key", "renew", N_("make a new key by which citizens ask blindly")
    ),
    "registry index": Command(
        "registry_index", "index", N_("make the registry's lookup index anew")
    ),
    "registry verify": Command(
        "registry_index", "verify", N_("compare the registry's lookup index with the database")
    ),
    "replica": Command(
        "replica", "replica", N_("keep a copy of a centre's registry, and answer from it")
    ),
    "check-number": Command(
        "check_number", "check_number", N_("ask whether a number, account or link is reported")
    ),
    "check": Command("health", "check", N_("say whether the installation is healthy")),
    "audit verify": Command(
        "health", "verify_audit", N_("check that the audit is whole and unchanged")
    ),
    "trail explain": Command("trail", "explain", N_("tell in words how money got to an account")),
}


_IN_THE_HOME = frozenset(
    (
        "init",
        "serve",
        "worker",
        "ledger import",
        "ledger follow-anew",
        "keys new",
        "registry index",
    )
)
"""Commands that write into a centre's home, which is its owner's alone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    set_language(os.environ.get("HOLDFAST_LANGUAGE", "en"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except HoldfastError as error:
        complain(f"{error} [{error.code}]")
        return NOT_NOW if error.transient else REFUSED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        return DONE
    except KeyboardInterrupt:
        complain(say(N_("interrupted")))
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("HOLDFAST_DEBUG"):
            raise
        complain(
            say(
                N_("an error in this program: {error}; HOLDFAST_DEBUG=1 shows where"),
                error=f"{type(error).__name__}: {error}".splitlines()[0][:200],
            )
        )
        return REFUSED


def _run(words: list[str]) -> int:
    name = _command_of(words)
    if name is None:
        return _without_command(words)
    command = COMMANDS[name]
    arguments = parser_of(name).parse_args(words[len(name.split()) :])
    if name in _IN_THE_HOME:
        os.umask(0o077)
    run = getattr(import_module(f"holdfast.cli.{command.module}"), command.function)
    code: int = run(arguments)
    return code


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of a command's words, which also tells its help."""
    command = COMMANDS[name]
    module = import_module(f"holdfast.cli.{command.module}")
    parser = argparse.ArgumentParser(
        prog=f"holdfast {name}",
        description=getattr(module, command.function).__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    getattr(module, f"{command.function}_arguments")(parser)
    return parser


def _command_of(words: list[str]) -> str | None:
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in COMMANDS:
            return name
    return None


def _without_command(words: list[str]) -> int:
    if words == ["--version"]:
        print(__version__)
        return DONE
    named = [word for word in words if word not in ("--help", "-h")]
    known = [name for name in COMMANDS if name.split()[: len(named)] == named]
    if not known:
        unknown = " ".join(named[:2])
        complain(say(N_("there is no command {name!r}; see holdfast --help"), name=unknown))
        return 2
    _list_commands(known)
    return DONE if len(named) < len(words) or not words else 2


def _list_commands(names: list[str]) -> None:
    print(say(N_("Holdfast follows stolen money and holds it before it is gone.")))
    print()
    width = max(map(len, names))
    for name in names:
        print(f"  holdfast {name:{width}}  {say(COMMANDS[name].summary)}")
    print()
    print(say(N_("Each command has --help, with an example.")))
    print(say(N_("Exit codes: 0 done, 1 refused, 2 call wrong, 3 done but not whole, 4 not now.")))
    print(say(N_("Settings (environment):")))
    for name, summary in SETTINGS.items():
        print(f"  {name:26} {say(summary)}")


def complain(sentence: str) -> None:
    """Say what is wrong in one line on standard error."""
    from holdfast.documents.visible_text import visible

    print(f"holdfast: {visible(sentence, words=True)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
