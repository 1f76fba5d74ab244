"""Listings looked up by hand over HTTP: who may, with which purpose, and what is shown with why."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import Caller, World
from tests.workflows.registry_kit import PERSON, PHONE, put

from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry
from holdfast.registry.names import WARNING
from holdfast.workflows import look_up

PATH = "/v1/registry/look-up"
NUMBER = {"by": "part", "text": "081-234", "purpose": "enquiry"}


@pytest.fixture
def investigator(world: World) -> Caller:
    """Somebody at the centre."""
    return world.caller("TH.AOC", Scope.REGISTRY_CONTEST)


def _items(caller: Caller, **told: Any) -> list[dict[str, Any]]:
    answer = caller.post(PATH, NUMBER | told)
    assert answer.status_code == 200, answer.content
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_part_is_found_with_its_reason(world: World, investigator: Caller) -> None:
    """The reason in words as well; what was looked for stands on record as a hash alone."""
    put(world.test)
    (item,) = _items(investigator)
    assert (item["reason"], item["reason_said"]) == ("in_subject", "What was asked for is in it")
    assert item["listings"][0]["key"] == PHONE.key
    entry = AuditEntry.objects.get(verb="look_up")
    assert entry.actor.startswith("key:TH.AOC/")
    assert (entry.detail["purpose"], entry.detail["shown"]) == ("enquiry", 1)
    assert "234" not in entry.detail["by"] + entry.subject
    assert "081" not in str(entry.detail)


def test_a_name_comes_with_the_warning(
    world: World, investigator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either script; it is shown to a reader, with how it was heard and how alike it is."""
    payment = {"transfer_id": "P1", "name_shown": "นาย สมชาย ใจดี"}
    body = {"via": "bank", "payments": [payment]}
    bank = world.caller("TH.THCBC.002")
    case = bank.post("/v1/reports", body, idempotency_key="r1").json()["case"]
    put(world.test, case_number=case)
    for text, reason in (("สมชาย ใจดี", "same"), ("Somchai Chaidi", "same_sound")):
        answer = investigator.post(PATH, {"by": "name", "text": text, "purpose": "enquiry"}).json()
        assert answer["warning"] == WARNING
        (item,) = answer["items"]
        assert (item["reason"], item["name"], item["heard_as"]) == (
            reason,
            "นาย สมชาย ใจดี",
            "somchai chaidi",
        )
        assert item["listings"][0]["case"] == case
        assert answer["names_cut"] is False
    assert investigator.post(PATH, NUMBER).json()["warning"] is None
    monkeypatch.setattr(look_up, "NAMES_MAX", 0)
    few = investigator.post(PATH, {"by": "name", "text": "สมชาย", "purpose": "enquiry"}).json()
    assert (few["names_cut"], few["items"]) == (True, [])


def test_a_person_is_found_by_the_hash_of_the_id(world: World, investigator: Caller) -> None:
    """The identity number is nowhere in the answer."""
    put(world.test, PERSON)
    answer = investigator.post(PATH, NUMBER | {"by": "person", "text": "TH.NIDN.3100600445635"})
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    wrong = investigator.post(PATH, NUMBER | {"by": "person", "text": "3100600445635x"})
    assert wrong.status_code == 422
    assert "3100600445635" not in wrong.content.decode()


def test_pages_go_on_where_one_ended(world: World, investigator: Caller) -> None:
    """The newest first, each once."""
    for number in range(5):
        put(world.test, reference=f"F-{number}")
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = investigator.post(PATH, NUMBER | {"limit": 2, "after": after}).json()
        seen += [item["listings"][0]["reference"] for item in page["items"]]
        after = page["next"]
    assert seen == [f"F-{number}" for number in (4, 3, 2, 1, 0)]
    wrong = investigator.post(PATH, NUMBER | {"after": "??"})
    assert wrong.json()["code"] == "cursor_wrong"


def test_only_the_centres_people_look_up(world: World) -> None:
    """Neither another institution, nor a key for something else."""
    bank = world.caller("TH.THCBC.002", Scope.REGISTRY_LIST)
    assert bank.post(PATH, NUMBER).json()["code"] == "centre_only"
    asks = world.caller("TH.AOC", Scope.REGISTRY_ASK)
    assert asks.post(PATH, NUMBER).json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"text": "81"}, "look_up_part_short"),
        ({"text": "\u202e\u200f\u202a8\u2066"}, "look_up_part_short"),
        ({"text": "a\u0007bcd"}, "text_control_character"),
        ({"text": "x" * 2000}, "fields_wrong"),
        ({"text": "   "}, "fields_wrong"),
        ({"by": "number"}, "fields_wrong"),
        ({"by": "name", "text": "นาย"}, "name_form"),
        ({"purpose": "curiosity"}, "fields_wrong"),
        ({"purpose": "case"}, "look_up_reference_missing"),
        ({"purpose": "case", "reference": "TH-0"}, "case_unknown"),
        ({"purpose": "contest", "reference": "none"}, "contest_unknown"),
        ({"purpose": "listing", "reference": "none"}, "listing_unknown"),
    ],
)
def test_what_is_no_question_is_refused(
    investigator: Caller, told: dict[str, str], code: str
) -> None:
    """With a stable code, and without what was looked for."""
    answer = investigator.post(PATH, NUMBER | told)
    assert answer.json()["code"] == code
    assert "xxx" not in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="look_up").exists()


def test_nobody_reads_the_registry_off(investigator: Caller) -> None:
    """After some look-ups the next must wait, whatever they found."""
    codes = [investigator.post(PATH, NUMBER).status_code for _ in range(41)]
    assert (codes[0], codes[39], codes[40]) == (200, 200, 429)
