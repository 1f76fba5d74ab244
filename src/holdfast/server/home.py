"""A centre's home: one folder with what this installation is and the keys only it has.

centre.toml         country, names, database, ledger, the address if it is asked from outside,
                    clock_ahead_hours, keep_done_days and keep_questions_days where the
                    usual ones don't fit
keys/django         what sessions and one-time links are signed with
keys/database       the database's password, unless HOLDFAST_DATABASE_PASSWORD says it or none is needed
keys/<key id>.pem   the Ed25519 key that orders and audit heads are signed with
ledger/             the transfers (unless centre.toml names another folder)
centre.sqlite3      the database (unless centre.toml names another)
heads.jsonl         signed heads of the audit, a copy outside the database
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from holdfast.core.errors import CentreError
from holdfast.core.words import N_

CENTRE_FILE = "centre.toml"
HOME_DEFAULT = "centre"
CLOCK_AHEAD_HOURS = 12
PORT = 8441
"""Where the server listens if it is not told otherwise."""
KEEP_DONE_DAYS = 90
KEEP_QUESTIONS_DAYS = 2 * 365
"""Assumed: no law that we know sets a time for a registry's question log. Two years is as long as
Thailand's Computer Crime Act (B.E. 2550, section 26 as amended B.E. 2560) lets an official have
records of traffic kept, whose 90 days are too short for a person who contests a listing."""
HOURS_MAX = 31 * 24
DAYS_MAX = 100 * 366
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_URL = re.compile(r"(https://[a-z0-9.-]+(?::[0-9]{1,5})?)/?", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Home:
    """What a centre's home says; all folders and files are absolute."""

    folder: Path
    country: str
    """ISO 3166-1 alpha-2, which chooses the law."""
    name: str
    """What banks and people know this centre by, e.g. TH.AOC."""
    database: str
    """`sqlite:////ABSOLUTE/FILE` or `postgresql://USER@HOST/NAME`."""
    ledger: Path
    heads: Path
    hosts: tuple[str, ...]
    """Names under which the server may be asked; this machine's own are always among them."""
    url: str = ""
    """Such as https://centre.example: where others reach it, through a proxy that speaks TLS."""
    clock_ahead_hours: int = CLOCK_AHEAD_HOURS
    """After how long without a worker nobody begins before a person has looked at the clock."""
    keep_done_days: int = KEEP_DONE_DAYS
    """How long work that is done, and messages that have arrived, stay in the database."""
    keep_questions_days: int = KEEP_QUESTIONS_DAYS
    """How long what the registry was asked stays on record."""

    @property
    def keys(self) -> Path:
        """Where the keys are."""
        return self.folder / "keys"

    def address_of(self, path: str) -> str:
        """Return where a page is reached, by its path from `/` on."""
        return f"{self.url or f'http://127.0.0.1:{PORT}'}{path}"

    def database_password(self) -> str:
        """Return the database's password, which centre.toml need not hold; empty if none is kept.

        Raises:
            CentreError: `database_password_unreadable`.
        """
        told = os.environ.get("HOLDFAST_DATABASE_PASSWORD")
        if told is not None:
            return told
        try:
            return (self.keys / "database").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise CentreError(
                "database_password_unreadable",
                N_("the database's password in {file} can't be read"),
                file=self.keys / "database",
            ) from None

    @classmethod
    def read(cls, folder: Path) -> Home:
        """Read the home that `holdfast init` made.

        Raises:
            CentreError: `home_missing` or `home_unreadable`.
        """
        folder = folder.absolute()
        try:
            values = tomllib.loads((folder / CENTRE_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CentreError(
                "home_missing",
                N_(
                    "there is no centre at {folder}; `holdfast init` makes one, "
                    "HOLDFAST_HOME names it"
                ),
                folder=folder,
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise _unreadable(folder, str(error)) from None
        try:
            return cls._of(folder, values)
        except KeyError as error:
            raise _unreadable(folder, f"{error.args[0]} is missing") from None
        except ValueError as error:
            raise _unreadable(folder, str(error)) from None

    @classmethod
    def _of(cls, folder: Path, values: dict[str, Any]) -> Home:
        url = check_url(values["url"]) if values.get("url") else ""
        named = (*values.get("hosts", ()), *filter(None, [urlsplit(url).hostname]), *LOOPBACK)
        return cls(
            folder=folder,
            country=values["country"],
            name=values["name"],
            database=values.get("database", f"sqlite:///{folder / 'centre.sqlite3'}"),
            ledger=folder / values.get("ledger", "ledger"),
            heads=folder / values.get("heads", "heads.jsonl"),
            hosts=tuple(dict.fromkeys(named)),
            url=url,
            clock_ahead_hours=_number(values, "clock_ahead_hours", CLOCK_AHEAD_HOURS, HOURS_MAX),
            keep_done_days=_number(values, "keep_done_days", KEEP_DONE_DAYS, DAYS_MAX),
            keep_questions_days=_number(
                values, "keep_questions_days", KEEP_QUESTIONS_DAYS, DAYS_MAX
            ),
        )


def check_url(url: str) -> str:
    """Return the address of a centre, without a slash at its end.

    Raises:
        CentreError: `centre_url_form`.
    """
    found = _URL(url)
    if found is None:
        raise CentreError(
            "centre_url_form",
            N_("{value!r} is not where a centre is reached; https://HOST or https://HOST:PORT is"),
            value=url[:80],
        )
    return found[1]


def _number(values: dict[str, Any], name: str, default: int, most: int) -> int:
    number = values.get(name, default)
    if type(number) is not int or not 1 <= number <= most:
        msg = f"{name} is a whole number from 1 to {most}"
        raise ValueError(msg)
    return number


def this_home() -> Home:
    """Return the home that this process works for: HOLDFAST_HOME, else ./centre."""
    return Home.read(Path(os.environ.get("HOLDFAST_HOME") or HOME_DEFAULT))


def _unreadable(folder: Path, why: str) -> CentreError:
    return CentreError(
        "home_unreadable",
        N_("{file} can't be read: {why}"),
        file=folder / CENTRE_FILE,
        why=why,
    )
