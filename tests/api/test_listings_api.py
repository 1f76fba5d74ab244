"""Listings over HTTP: who may what, what is shown to whom, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import MULE, Caller, World, codes
from tests.workflows.registry_kit import SEEN, feed

from holdfast.api import contests
from holdfast.people.role import Scope, scopes_of
from holdfast.records.models import AuditEntry
from holdfast.registry.code import contest_code
from holdfast.registry.models import Listing
from holdfast.registry.throttle import Throttle

LISTS = (Scope.REGISTRY_LIST,)
PHONE = {"kind": "phone", "key": "081-234-5678"}
ACCOUNT = {"kind": "account", "key": MULE}


def told(subject: dict[str, str], event: str = "bank_suspicion", **more: object) -> dict[str, Any]:
    """Return a listing that is right."""
    ground = {
        "event": event,
        "evidence": "official" if event == "official_list" else "confirmed",
        "behaviour": SEEN,
        "decided_by": "desk 7",
        "reference": "F-1",
    }
    return {"subject": subject, "ground": ground | more}


@pytest.fixture(autouse=True)
def _nobody_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test with every address free to ask."""
    monkeypatch.setattr(contests, "CODES", Throttle(burst=20, a_minute=6))


@pytest.fixture
def lister(world: World) -> Caller:
    """Somebody at the centre who lists."""
    return world.caller("TH.AOC", *LISTS)


@pytest.fixture
def approver(world: World) -> Caller:
    """Somebody else there, who approves and reviews."""
    return world.caller("TH.AOC", Scope.REGISTRY_APPROVE, Scope.REGISTRY_CONTEST, Scope.NOTICES)


def put(caller: Caller, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """List, and return the answer."""
    answer = caller.post("/v1/listings", body)
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_listing_from_one_end_to_the_other(
    world: World, lister: Caller, approver: Caller
) -> None:
    """Proposed, approved by another, withdrawn; the answer shows each step."""
    row = put(lister, told(PHONE, "police_complaint"))
    assert (row["state"], row["tier"], row["key"]) == ("proposed", "dark_grey", "+66812345678")
    path = f"/v1/listings/{row['listing_id']}"
    said = {"approve": True, "reason": "checked"}
    assert lister.post(f"{path}/approval", said).json()["code"] == "scope_missing"
    assert approver.post(f"{path}/approval", said).json()["state"] == "standing"
    assert approver.post(f"{path}/approval", said).status_code == 409
    assert lister.post(f"{path}/withdrawal", {"reason": "cleared"}).json()["state"] == "withdrawn"
    assert [op for _, op, _ in feed()] == ["set", "retract"]


def test_nobody_approves_their_own(world: World) -> None:
    """With all scopes in one hand as well."""
    alone = world.caller("TH.AOC", *Scope)
    row = put(alone, told(PHONE, "police_complaint"))
    answer = alone.post(
        f"/v1/listings/{row['listing_id']}/approval", {"approve": True, "reason": "x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "own_request")


def test_an_institution_sees_its_own_and_its_accounts(world: World, approver: Caller) -> None:
    """Another bank's listing looks like none; of its own account a bank sees what stands."""
    lists, keeps, other = (
        world.caller(f"TH.THCBC.{number}", *LISTS) for number in ("002", "004", "006")
    )
    row = put(lists, told(ACCOUNT))
    path = f"/v1/listings/{row['listing_id']}"
    assert (lists.get(path).status_code, keeps.get(path).status_code) == (200, 200)
    assert other.get(path).status_code == 404
    assert other.get("/v1/listings").json()["items"] == []
    assert other.post(f"{path}/withdrawal", {"reason": "x"}).status_code == 404
    assert keeps.post(f"{path}/withdrawal", {"reason": "x"}).status_code == 404
    assert keeps.get(path).json()["listed_by"] == "TH.THCBC.002"
    assert approver.get(path).json()["listed_by"].startswith("key:TH.THCBC.002/")
    assert AuditEntry.objects.filter(verb="read_listing").count() == 4
    assert AuditEntry.objects.filter(verb="list_listings").count() == 1


def test_the_bank_of_the_account_brings_the_notice(world: World, approver: Caller) -> None:
    """It finds it, reads the code that goes with it, and says that it was brought."""
    lists = world.caller("TH.THCBC.002", *LISTS)
    keeps = world.caller("TH.THCBC.004")
    row = put(lists, told(ACCOUNT))
    world.test.work()
    (notice,) = keeps.get("/v1/notices").json()["items"]
    assert (notice["recipient"], notice["says"]["standing"]) == ("person", "reported_not_proven")
    assert notice["due_at"] is not None
    path = f"/v1/listings/{row['listing_id']}/contest-code"
    given = keeps.get(path).json()
    assert world.caller("TH.THCBC.006").get(path).status_code == 404
    anybody = Caller("", world)
    sign = anybody.post("/v1/contests/check-code", {"code": given["code"]}).json()
    assert sign == {"ours": True, "countersign": given["countersign"]}


def test_an_invented_code_has_no_countersign(world: World) -> None:
    """Nobody can have us make up the digits by which we are known; its form may be right."""
    invented = contest_code(b"an impostor's key", "listing-1", 1)
    answer = Caller("", world).post("/v1/contests/check-code", {"code": invented})
    assert (answer.status_code, answer.json()) == (200, {"ours": False, "countersign": None})


def test_a_contest_from_one_end_to_the_other(
    world: World, lister: Caller, approver: Caller
) -> None:
    """Without a key by the code; read and decided by somebody else at the centre."""
    row = put(lister, told(PHONE, "victim_report"))
    world.test.work()
    code = approver.get(f"/v1/listings/{row['listing_id']}/contest-code").json()["code"]
    person = Caller("", world)
    answer = person.post("/v1/contests", {"code": code, "texts": ["it is mine"]})
    assert (answer.status_code, answer.json()["answer_within_days"]) == (202, 7)
    (found,) = approver.get("/v1/contests").json()["items"]
    read = approver.get(f"/v1/contests/{found['contest_id']}").json()
    assert read["evidence"][0]["text"] == "it is mine"
    assert read["listing"]["disputed"] is True
    path = f"/v1/contests/{found['contest_id']}/decision"
    said = {"uphold": True, "reason": "the contract shows it"}
    assert approver.post(path, said).json()["state"] == "upheld"
    assert Listing.objects.get().state == "removed"
    figures = approver.get("/v1/registry/figures").json()["items"]
    assert (figures[0]["upheld"], figures[0]["standing"]) == (1, 0)


def test_a_strange_code_is_answered_alike(world: World, lister: Caller, approver: Caller) -> None:
    """The same status and form; a slip is told before anything is looked up."""
    person = Caller("", world)
    row = put(lister, told(PHONE, "victim_report"))
    world.test.work()
    right = approver.get(f"/v1/listings/{row['listing_id']}/contest-code").json()["code"]
    wrong = contest_code(b"another key, 32 bytes long ......", "x", 1)
    answers = [
        person.post("/v1/contests", {"code": code, "texts": ["why"]}) for code in (right, wrong)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({tuple(answer.json()) for answer in answers}) == 1
    slip = person.post("/v1/contests", {"code": "AAAA", "texts": ["why"]})
    assert slip.json()["code"] == "contest_code_form"


def test_contests_without_a_key_are_bounded(world: World) -> None:
    """After some from one address the next must wait, not for ever."""
    person = Caller("", world)
    for _ in range(40):
        answer = person.post("/v1/contests/check-code", {"code": "AAAA"})
        if answer.status_code == 429:
            break
    assert answer.json()["code"] == "asked_too_often"
    assert answer["Retry-After"] == "10"  # six a minute
    world.test.pass_time(hours=1)
    answer = person.post("/v1/contests/check-code", {"code": "AAAA"})
    assert answer.json()["code"] == "contest_code_form"


def test_the_hotline_contests_by_subject(world: World, lister: Caller, approver: Caller) -> None:
    """With the same words where nothing is listed."""
    put(lister, told(PHONE, "victim_report"))
    other = {"kind": "phone", "key": "+66899999999"}
    answers = [
        approver.post("/v1/contests/by-subject", {"subject": subject, "texts": ["mine"]})
        for subject in (PHONE, other)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(approver.get("/v1/contests").json()["items"]) == 1


def test_alone_for_an_hour(world: World, lister: Caller, approver: Caller) -> None:
    """Break-glass stands at once; another says that it was without cause, and it ends."""
    body = told(PHONE, "police_complaint") | {"reason": "running attack"}
    answer = lister.post("/v1/break-glass-listings", body)
    row = answer.json()
    assert (answer.status_code, row["state"], row["break_glass"]) == (201, "standing", True)
    verdict = {"justified": False, "reason": "no attack"}
    path = f"/v1/listings/{row['listing_id']}/glass-review"
    assert approver.post(path, verdict).json()["state"] == "withdrawn"


def test_a_move_and_a_case(world: World, lister: Caller, approver: Caller) -> None:
    """A suspicion that was made sure of; a case that is not there."""
    row = put(lister, told(PHONE))
    moved = lister.post(
        f"/v1/listings/{row['listing_id']}/move", told(PHONE, "bank_confirmed")["ground"]
    )
    assert (moved.status_code, moved.json()["tier"]) == (201, "dark_brown")
    assert lister.post("/v1/cases/TH-1-1/listings", {}).status_code == 404
    bank = world.caller("TH.THCBC.002", *LISTS)
    assert bank.post("/v1/cases/TH-1-1/listings", {}).json()["code"] == "centre_only"


def test_the_same_request_lists_once(world: World, lister: Caller) -> None:
    """By its idempotency key; without one the second is told of the first."""
    for _ in range(2):
        answer = lister.post("/v1/listings", told(PHONE), idempotency_key="k1")
        assert answer.status_code == 201
    assert Listing.objects.count() == 1
    assert lister.post("/v1/listings", told(PHONE)).json()["code"] == "listing_stands"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (told({"kind": "account", "key": "TH.XX.1.1"}), "account_scheme_unknown"),
        (told({"kind": "phone", "key": "08A"}), "phone_unreadable"),
        (told(ACCOUNT, behaviour="received"), "ground_behaviour_missing"),
        (told(PHONE, "official_list"), "lister_not_allowed"),
        (told(PHONE, reference=""), "ground_nothing_behind"),
        (told(PHONE) | {"days": 999}, "listing_days"),
        (told(PHONE, seen_at="2126-11-20T05:00:00Z"), "listing_seen_ahead"),
        (
            told(ACCOUNT, link="first_account", payment_confirmed=True, paid_from=MULE),
            "ground_not_sender",
        ),
    ],
)
def test_what_is_wrong_is_told(world: World, body: dict[str, Any], code: str) -> None:
    """With its stable code; nothing is kept."""
    bank = world.caller("TH.THCBC.002", *LISTS)
    answer = bank.post("/v1/listings", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Listing.objects.exists()


def test_the_sending_bank_confirms_a_payment(world: World) -> None:
    """By the account at itself that the payment left; the answer does not bear it."""
    bank = world.caller("TH.THCBC.002", *LISTS)
    mine = "TH.THCBC.002.0000000099"
    told_ = told(
        ACCOUNT,
        "victim_report",
        link="first_account",
        payment_confirmed=True,
        paid_from=mine,
        behaviour="",
        decided_by="",
    )
    answer = bank.post("/v1/listings", told_)
    assert (answer.status_code, answer.json()["tier"]) == (201, "light_grey")
    assert mine not in answer.content.decode()


def test_what_it_rests_on_can_be_dated_and_given_to_a_second(world: World, lister: Caller) -> None:
    """When it was seen, until when the number is registered, and that another is to look."""
    body = told(PHONE, seen_at="2026-11-19T05:00:00Z") | {
        "ask_second": True,
        "registered_until": "2026-11-25T00:00:00Z",
    }
    row = put(lister, body)
    assert (row["state"], row["needs_second"]) == ("proposed", True)
    assert (row["seen_at"], row["registered_until"], row["expires_at"]) == (
        "2026-11-19T05:00:00Z",
        "2026-11-25T00:00:00Z",
        "2026-11-25T00:00:00Z",
    )


def test_a_file_tells_what_could_not_be_decided(world: World, lister: Caller) -> None:
    """By listing and code; the rest is decided, and what is left another decides."""
    both, other = world.caller("TH.AOC", *Scope), world.caller("TH.AOC", *Scope)
    rows = [
        put(who, told({"kind": "phone", "key": f"+6681234567{i}"}) | {"ask_second": True})
        for i, who in enumerate((lister, both, lister))
    ]
    Listing.objects.all().update(batch="file-1")
    path, said = "/v1/listing-files/file-1/approval", {"approve": True, "reason": "seen"}
    answer = both.post(path, said).json()
    assert (answer["listings"], answer["problem_count"]) == (2, 1)
    (problem,) = answer["problems"]
    assert (problem["listing_id"], problem["code"]) == (rows[1]["listing_id"], "own_request")
    assert both.post(path, said).json()["code"] == "own_request"
    assert other.post(path, said).json() == {"listings": 1, "problems": [], "problem_count": 0}
    assert other.post(path, said).json()["code"] == "batch_unknown"


def test_a_case_of_others_is_no_ground(world: World) -> None:
    """It looks like none: who does not see a case cannot list for it."""
    case = world.caller("TH.THCBC.002").report("P1").json()["case"]
    stranger = world.caller("TH.THCBC.011", *LISTS)
    answer = stranger.post("/v1/listings", told(PHONE, case=case))
    assert (answer.status_code, answer.json()["code"]) == (404, "case_unknown")


def test_unknown_words_are_refused_by_their_place(world: World, lister: Caller) -> None:
    """A kind or an event that is none, a field that is none."""
    body = told({"kind": "car", "key": "x"}, "rumour") | {"more": 1}
    answer = lister.post("/v1/listings", body)
    assert answer.status_code == 422
    assert set(codes(answer.json()["errors"])) == {"#/subject/kind", "#/ground/event", "#/more"}


def test_a_file_that_can_be_none_is_refused(lister: Caller) -> None:
    """A NUL, which PostgreSQL takes in no text, and anything else that no id of a file has."""
    for batch in ("%00", "a%20b", "x" * 61):
        answer = lister.get(f"/v1/listings?batch={batch}")
        assert (answer.status_code, answer.json()["code"]) == (422, "fields_wrong")


def test_telcos_ask_but_do_not_list(world: World) -> None:
    """The scope is not of their kind."""
    assert Scope.REGISTRY_ASK in scopes_of("telco")
    assert Scope.REGISTRY_REPLICATE in scopes_of("telco")
    assert Scope.REGISTRY_LIST not in scopes_of("telco")
    assert Scope.REGISTRY_APPROVE not in scopes_of("bank")


def test_what_ends_many_at_once(world: World, lister: Caller) -> None:
    """An unfounded case, by those who see all of it; a number that is another person's now."""
    sender = world.caller("TH.THCBC.002", Scope.REPORTS_WRITE, Scope.REGISTRY_LIST)
    case = sender.report("P1").json()["case"]
    put(lister, told(PHONE, "victim_report", case=case))
    put(lister, told(PHONE, "victim_report", reference="F-2"))
    path = f"/v1/cases/{case}/unfounded"
    stranger = world.caller("TH.THCBC.011", *LISTS)
    assert stranger.post(path, {}).status_code == 404
    assert sender.post(path, {}).json()["code"] == "case_in_part"
    assert lister.post(path, {}).json() == {"listings": 1}
    assert sender.post("/v1/registry/registered-anew", PHONE).json()["code"] == "centre_only"
    assert lister.post("/v1/registry/registered-anew", PHONE).json() == {"listings": 1}
    assert [op for _, op, _ in feed()] == ["set", "retract"]
