"""The registry from one end to the other: centre, workers and a bank's replica as real processes."""

from __future__ import annotations

import csv
import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.services.processes import PATIENCE_S, Program, a_port, until
from tests.services.town import MULES_BANKS, NAME, Running, account

from holdfast.people.keys import issue_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.registry.models import FeedEntry, Replica, Retraction
from holdfast.registry.questions import read_questions

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

BANK = MULES_BANKS[0]
PHONE, OTHER_PHONE, CLEAN_PHONE = "+66812345678", "+66823456789", "+66834567890"
MULE = account(MULES_BANKS[1], 1)
SEEN = "twenty payments in and out within a minute each"
REPORTED, NOTHING = "Reported, not proven", "Nothing is reported here"
LATEST = 5
"""Number of the feed's last entry: three subjects set, two of them retracted."""


@dataclass
class Desk:
    """What the people of a centre and a bank do, over HTTP and by command."""

    running: Running
    keys: dict[str, str]
    replica: Program = field(init=False)
    replica_port: int = field(default_factory=a_port)
    _count: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        folder = self.running.town.folder
        (folder / "replica.key").write_text(self.keys["bank"], encoding="ascii")
        self.replica = self.running._holdfast(
            "replica",
            *("--from", self.running.url, "--into", str(folder / "replica")),
            *("--centre-keys", str(folder / "centre.csv")),
            *("--bearer-file", str(folder / "replica.key"), "--port", str(self.replica_port)),
        )

    def post(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do something as somebody; it must be taken."""
        headers = {
            "authorization": f"Bearer {self.keys[who]}",
            "idempotency-key": f"key-{next(self._count)}",
        }
        answer = httpx.post(self.running.url + path, json=body, headers=headers, timeout=PATIENCE_S)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def put(self, kind: str, key: str, event: str, evidence: str) -> dict[str, Any]:
        """List a subject as the first person of the centre."""
        ground = {"event": event, "evidence": evidence, "behaviour": SEEN, "reference": "F-1"}
        ground["decided_by"] = "desk 7"
        body = {"subject": {"kind": kind, "key": key}, "ground": ground}
        return self.post("lister", "/v1/listings", body)

    def asked(self, kind: str, key: str) -> str | None:
        """Return the tier that the centre answers with, None where it is not listed."""
        answer = self.post(
            "bank",
            "/v1/screen",
            {"kind": kind, "key": key, "purpose": "review", "reference": "R-1"},
        )
        tier: str | None = answer["tier"]
        return tier

    def at_replica(self, kind: str, key: str) -> str | None:
        """Return the tier that the bank's replica answers with; it must not be stale."""
        url = f"http://127.0.0.1:{self.replica_port}/screen/{kind}/{quote(key)}"
        answer = httpx.get(url, timeout=PATIENCE_S).json()
        assert answer["answer"] in {"listed", "not_listed"}, answer
        tier: str | None = answer.get("tier")
        return tier

    def command(self, *words: str) -> str:
        """Run a command of the centre's machine to its end, and return what it wrote."""
        name = f"command-{next(self._count)}"
        program = self.running._holdfast(words[0], *words[1:], log=name)
        program.start()
        until(lambda: not program.runs, f"the end of {words}")
        program.pid = None
        return program.said

    def checked(self, number: str) -> str:
        """Return what a citizen is told who asks about a number."""
        return self.command("check-number", number, "--at", self.running.url)

    def screened(self) -> list[str]:
        """Return the tiers that `holdfast screen` finds for a file of the three phones."""
        folder, name = self.running.town.folder, f"answers-{next(self._count)}.csv"
        rows = "".join(f"{phone}\n" for phone in (PHONE, OTHER_PHONE, CLEAN_PHONE))
        (folder / "payees.csv").write_text(f"phone\n{rows}", encoding="ascii")
        words = ("--kind", "phone", "--out", str(folder / name))
        said = self.command("screen", str(folder / "payees.csv"), *words)
        assert "3 rows" in said
        with (folder / name).open(encoding="utf-8") as source:
            return [row["tier"] for row in csv.DictReader(source)]


@pytest.fixture
def desk(running: Running) -> Desk:
    """Return a desk; two workers, of which one keeps the index, and a bank with a replica."""
    running.add_server()
    running.add_worker("one")
    running.add_worker("two")
    centre = Institution.objects.create(institution_id=NAME, name=NAME, kind="centre", created_us=0)
    bank = Institution.objects.get(institution_id=BANK)
    wanted = {
        "lister": (centre, [Scope.REGISTRY_LIST], "malee"),
        "approver": (centre, [Scope.REGISTRY_APPROVE], "somsri"),
        "bank": (bank, [Scope.REGISTRY_ASK, Scope.REGISTRY_REPLICATE], ""),
    }
    keys = {
        name: issue_key(of, scopes, name, 1, secrets.token_bytes, person=person)
        for name, (of, scopes, person) in wanted.items()
    }
    return Desk(running, keys)


def test_a_listing_reaches_everybody_and_goes_again(running: Running, desk: Desk) -> None:
    """Listed, asked in every way, one worker killed, both killed, withdrawn, gone everywhere."""
    running.start()
    running.centre["replica"] = desk.replica
    desk.replica.start()
    until(Replica.objects.exists, "a replica")

    phone = desk.put("phone", PHONE, "bank_confirmed", "confirmed")
    mule = desk.put("account", MULE, "official_list", "official")
    assert (phone["state"], mule["state"]) == ("standing", "proposed")
    until(lambda: desk.asked("phone", PHONE) == "dark_brown", "the phone's tier")
    assert desk.asked("account", MULE) is None
    path = f"/v1/listings/{mule['listing_id']}"

    # Whichever of the two keeps the index: the other one goes on.
    running.centre["one"].kill()
    desk.post("approver", f"{path}/approval", {"approve": True, "reason": "compared with the list"})
    until(lambda: desk.asked("account", MULE) == "black", "the account's tier")
    running.centre["two"].kill()
    desk.put("phone", OTHER_PHONE, "bank_suspicion", "suspected")
    assert desk.asked("account", MULE) == "black"
    assert desk.asked("phone", OTHER_PHONE) is None
    running.centre["one"].start()
    until(lambda: desk.asked("phone", OTHER_PHONE) == "light_brown", "the other phone's tier")

    until(lambda: desk.at_replica("phone", OTHER_PHONE) == "light_brown", "it at the replica")
    assert desk.at_replica("account", MULE) == "black"
    assert desk.at_replica("phone", PHONE) == "dark_brown"
    assert desk.screened() == ["dark_brown", "light_brown", ""]
    until(lambda: REPORTED in desk.checked(PHONE), "an answer to a citizen")
    assert NOTHING in desk.checked(CLEAN_PHONE)

    for row in (phone, mule):
        desk.post(
            "lister", f"/v1/listings/{row['listing_id']}/withdrawal", {"reason": "another's number"}
        )
    until(lambda: desk.asked("phone", PHONE) is desk.asked("account", MULE) is None, "both gone")
    until(lambda: not _owed(), "the replica's confirmation of both retractions")
    assert desk.at_replica("phone", PHONE) is desk.at_replica("account", MULE) is None
    assert desk.at_replica("phone", OTHER_PHONE) == "light_brown"
    assert desk.screened() == ["", "light_brown", ""]
    until(lambda: NOTHING in desk.checked(PHONE), "nothing told to a citizen")
    _check_whole(running, desk)


def _owed() -> int:
    assert Retraction.objects.count() == 2
    found: int = Retraction.objects.filter(whole_us=None).count()
    return found


def _check_whole(running: Running, desk: Desk) -> None:
    """The feed has no gap, the index says what it says, and every question is on record."""
    assert list(FeedEntry.objects.order_by("number").values_list("number", flat=True)) == list(
        range(1, LATEST + 1)
    )
    assert "says what the database says" in desk.command("registry", "verify")
    assert Replica.objects.get().confirmed_number == LATEST
    answered = list(read_questions(running.town.home.folder / "registry" / "questions"))
    assert {question.reference for question in answered} == {"R-1"}
    assert len({question.id for question in answered}) == len(answered)
    for program in running.everyone():
        assert "Traceback" not in program.said
