"""Make a centre's home: its folder, keys, ledger, database, and a way in for the first person."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.ledger.store import LedgerWriter
from holdfast.records.signing_key import create_key
from holdfast.server.home import CENTRE_FILE, Home
from holdfast.server.runtime import CLOCK

LINK_DAYS = 3
ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class HomeWanted:
    """What a new centre is to be."""

    folder: Path
    country: str
    name: str
    database: str | None = None
    hosts: tuple[str, ...] = ()


def make_home(wanted: HomeWanted) -> Home:
    """Make the folder with its keys and an empty ledger; nothing there is ever replaced.

    Raises:
        CentreError: `home_exists`.
        Refused: `law_country_unknown`.
    """
    Law.load().local_day(wanted.country, CLOCK())
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
    create_key(keys, f"{wanted.name}-{CLOCK() // 1_000_000:x}")
    with LedgerWriter.open(wanted.folder / "ledger"):
        pass
    lines = [f'country = "{wanted.country}"', f'name = "{wanted.name}"']
    if wanted.database:
        lines.append(f'database = "{wanted.database}"')
    if wanted.hosts:
        lines.append(f"hosts = [{', '.join(f'{host!r}' for host in wanted.hosts)}]")
    draft = wanted.folder / f"{CENTRE_FILE}.new"
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(wanted.folder / CENTRE_FILE)
    return Home.read(wanted.folder)


def first_link(now_us: int) -> str:
    """Make the first administrator without a password, and return the token of a one-time link.

    Asked again before anybody has used it, it makes a new link and the old one ends.

    Raises:
        CentreError: `administrator_exists`.
    """
    from holdfast.people.models import OneTimeLink, Staff
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
            N_("this centre has its first administrator; others are let in by them"),
        )
    token = secrets.token_urlsafe(32)
    OneTimeLink.objects.filter(staff=staff).delete()
    OneTimeLink.objects.create(
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        staff=staff,
        expires_us=now_us + LINK_DAYS * DAY_US,
    )
    return token


def _secret(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
