"""A centre behind the HTTP API, and clients of institutions that ask it."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from tests.workflows.centre_kit import TestCentre, account, pay

from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.workflows import running

EDGE = "holdfast.api.edge.ApiEdge"
VICTIM, MULE, SECOND = account(2, 1), account(4, 1), account(6, 1)


@dataclass
class Caller:
    """A program of an institution with a key."""

    key: str
    world: World
    http: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **headers: str) -> Any:
        """Ask."""
        return self.http.get(path, headers=self._headers(headers))

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Send JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.generic(
            method, path, data, content_type="application/json", headers=self._headers(headers)
        )

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Send by POST."""
        return self.send("POST", path, body, **headers)

    def report(self, *transfer_ids: str, key: str | None = None, **more: Any) -> Any:
        """File a report of payments by their ids."""
        payments = [{"transfer_id": transfer_id} for transfer_id in transfer_ids]
        body = {"via": "bank", "payments": payments} | more
        return self.post("/v1/reports", body, idempotency_key=key or self.world.fresh())

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ({"authorization": f"Bearer {self.key}"} if self.key else {}) | named


class World:
    """The centre that is asked, and its institutions."""

    def __init__(self, folder: Path) -> None:
        self.test = TestCentre(folder)
        self._numbers = itertools.count(1)

    def fresh(self) -> str:
        """Return an idempotency key that nobody had."""
        return f"fresh-{next(self._numbers)}"

    def chance(self, count: int) -> bytes:
        """Return bytes that differ each time."""
        return hashlib.shake_128(str(next(self._numbers)).encode()).digest(count)

    def institution(self, name: str) -> Institution:
        """Return an institution, made when it is first asked for."""
        found: Institution = Institution.objects.get_or_create(
            institution_id=name, defaults={"name": name, "kind": kind_of(name), "created_us": 0}
        )[0]
        return found

    def caller(self, name: str, *scopes: Scope) -> Caller:
        """Return a program of an institution; without scopes it has those that banks have.

        Each is held by a person of its own.
        """
        key = issue_key(
            self.institution(name),
            scopes or BANK_SCOPES,
            "",
            self.test.now_us,
            self.chance,
            person=f"person {next(self._numbers)}",
        )
        return Caller(key, self)

    def pay(self, *rows: Transfer) -> None:
        """Write transfers into the ledger."""
        with LedgerWriter.open(self.test.folder) as writer:
            writer.append(rows)


def kind_of(name: str) -> str:
    """Return what an institution of the tests is."""
    if name in ("TH.AOC", "MY.NSRC"):
        return "centre"
    return "police" if "POLICE" in name else "bank"


BANK_SCOPES = (
    Scope.REPORTS_WRITE,
    Scope.REPORTS_CONFIRM,
    Scope.CASES_READ,
    Scope.ORDERS_READ,
    Scope.ORDERS_ANSWER,
)


@pytest.fixture(scope="session")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the victim has paid 500 to a mule, who has sent on 200; to be copied."""
    folder = tmp_path_factory.mktemp("paid") / "ledger"
    with LedgerWriter.open(folder) as writer:
        writer.append([pay("P1", VICTIM, MULE, 500_00, -30), pay("P2", MULE, SECOND, 200_00, -20)])
    return folder


@pytest.fixture
def world(paid: Path, tmp_path: Path, settings: Settings, db: None) -> Iterator[World]:
    """A centre with the ledger `paid`, and nothing reported yet."""
    if EDGE not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [EDGE, *settings.MIDDLEWARE]
    shutil.copytree(paid, tmp_path / "ledger")
    made = World(tmp_path / "ledger")
    running.set_centre(lambda: made.test.centre)
    yield made
    running.set_centre(running._nobody)


@pytest.fixture
def sender(world: World) -> Caller:
    """The victim's bank."""
    return world.caller("TH.THCBC.002")


@pytest.fixture
def mules_bank(world: World) -> Caller:
    """The bank of the first payee."""
    return world.caller("TH.THCBC.004")


@pytest.fixture
def stranger(world: World) -> Caller:
    """A bank that has nothing to do with it."""
    return world.caller("TH.THCBC.011")


@pytest.fixture
def staff(world: World) -> Caller:
    """A program of the centre itself."""
    return world.caller("TH.AOC", *Scope)


def codes(errors: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return the codes of wrong fields by their place."""
    return {row.get("pointer") or row["parameter"]: row["code"] for row in errors}
