"""Make a centre's home: its folder, keys, ledger, database, and a way in for the first person."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.ledger.store import LedgerWriter
from holdfast.records.signing_key import create_key, public_keys
from holdfast.server.home import CENTRE_FILE, Home, check_url
from holdfast.server.runtime import CLOCK

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class HomeWanted:
    """What a new centre is to be."""

    folder: Path
    country: str
    name: str
    database: str | None = None
    hosts: tuple[str, ...] = ()
    url: str = ""


def make_home(wanted: HomeWanted, clock: Callable[[], int] = CLOCK) -> Home:
    """Make the folder with its keys and an empty ledger; nothing there is ever replaced.

    What was ended midway can be begun again: secrets and keys that are there are kept.

    Raises:
        CentreError: `home_exists` or `centre_url_form`.
        Refused: `law_country_unknown`.
    """
    now_us = clock()
    Law.load().local_day(wanted.country, now_us)
    url = check_url(wanted.url) if wanted.url else ""
    if (wanted.folder / CENTRE_FILE).exists():
        raise CentreError(
            "home_exists",
            N_("there is a centre at {folder} already; nothing of it was changed"),
            folder=wanted.folder,
        )
    wanted.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = wanted.folder / "keys"
    keys.mkdir(exist_ok=True, mode=0o700)
    _secret(keys / "django", secrets.token_urlsafe(48).encode())
    _secret(keys / "person", secrets.token_bytes(32))
    if not public_keys(keys):
        create_key(keys, new_key_id(wanted.name, now_us), now_us)
    with LedgerWriter.open(wanted.folder / "ledger"):
        pass
    values = {
        "country": wanted.country,
        "name": wanted.name,
        "database": wanted.database,
        "hosts": list(wanted.hosts),
        "url": url,
    }
    lines = [f"{name} = {_toml(value)}\n" for name, value in values.items() if value]
    draft = wanted.folder / f"{CENTRE_FILE}.new"
    draft.write_text("".join(lines), encoding="utf-8")
    draft.replace(wanted.folder / CENTRE_FILE)
    return Home.read(wanted.folder)


def new_key_id(name: str, now_us: int) -> str:
    """Return the id of a new signing key of a centre, told from others by its time (ms)."""
    return f"{name}-{now_us // 1000:x}"


def _toml(value: str | list[str] | None) -> str:
    """Write text, or a list of it: TOML's basic strings are JSON's, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def first_link(now_us: int) -> str:
    """Make the first administrator without a password, and return the token of a one-time link.

    Asked again before anybody has used it, it makes a new link and the old one ends.

    Raises:
        CentreError: `administrator_exists`.
    """
    from holdfast.people.models import Staff
    from holdfast.people.one_time_link import give_link
    from holdfast.people.role import Role

    staff, new = Staff.objects.get_or_create(
        username=ADMINISTRATOR, defaults={"role": Role.ADMINISTRATOR.value}
    )
    if new:
        staff.set_unusable_password()
        staff.save()
    elif staff.has_usable_password():
        raise CentreError(
            "administrator_exists",
            N_(
                "this centre has its first administrator; others are let in by `holdfast staff add`"
            ),
        )
    token = secrets.token_urlsafe(32)
    give_link(staff, token, now_us)
    return token


def _secret(path: Path, content: bytes) -> None:
    """Keep a secret whole or not at all; one that is there stays."""
    if path.exists():
        return
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
