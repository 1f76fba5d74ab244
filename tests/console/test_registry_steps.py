"""Steps on the registry's pages: another tier, a case as a whole, registered anew, figures."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client
from tests.console.desk_kit import COMPLAINT_TOLD, PHONE_TOLD, Desk, text_of
from tests.workflows.centre_kit import account, actor_of, bank, pay, told
from tests.workflows.registry_kit import (
    ACCOUNT,
    LISTER,
    PERSON,
    PHONE,
    REVIEWER,
    fresh,
    ground,
    put,
)

from holdfast.core.instant import HOUR_US, format_instant
from holdfast.law.tier import Event
from holdfast.people.role import Role
from holdfast.records.models import AuditEntry
from holdfast.registry.models import Contest, Listing
from holdfast.registry.subject import parse_subject
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.contest_listing import contest_subject
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.take_report import take_report

CONFIRMED = PHONE_TOLD | {"what": "move", "event": "bank_confirmed", "evidence": "confirmed"}
"""A ground on which a suspected number moves at once."""
SHOWN_MOVE, SHOWN_ANEW = 'value="move"', 'value="anew"'


def _at(row: Listing) -> str:
    return f"/registry/listings/{row.listing_id}"


def _suspected(desk: Desk) -> Listing:
    assert desk.operator.post("/registry/list", PHONE_TOLD).status_code == 302
    found: Listing = Listing.objects.get()
    return found


def _case(desk: Desk) -> str:
    """Report a payment with a phone beside it, which the sending bank confirms."""
    world = desk.world
    world.write([pay("P", account(1, 1), account(2, 2), 100)])
    report = told(
        payments=[{"transfer_id": "P"}],
        identifiers={"phones": ["081-234-5678", "1441"]},
    )
    taken = take_report(world.centre, report, world.centre.itself)
    confirm_claim(world.centre, taken.claims[0].claim_id, actor_of(bank(1)), name_matches=True)
    number: str = taken.case.number
    return number


def test_a_listing_moves_by_its_new_ground(desk: Desk) -> None:
    """The tier follows from it; the page leads to the new listing, and the former is replaced."""
    row = _suspected(desk)
    assert SHOWN_MOVE in desk.operator.get(_at(row)).content.decode()
    done = desk.operator.post(_at(row), CONFIRMED)
    moved = Listing.objects.get(replaces=row)
    assert (done.status_code, done["Location"]) == (302, _at(moved))
    assert (fresh(row).state, moved.state, moved.tier) == ("replaced", "standing", "dark_brown")
    assert SHOWN_MOVE not in desk.operator.get(_at(row)).content.decode()


def test_a_move_that_needs_a_second_person_waits(desk: Desk) -> None:
    """The former stands until another approves; who moved cannot."""
    row = _suspected(desk)
    complaint = COMPLAINT_TOLD | {"what": "move"}
    assert desk.operator.post(_at(row), complaint).status_code == 302
    moved = Listing.objects.get(replaces=row)
    assert (fresh(row).state, moved.state) == ("standing", "proposed")
    said = {"what": "approve", "reason": "compared with the complaint"}
    assert desk.operator.post(_at(moved), said).status_code == 403
    assert desk.reviewer.post(_at(moved), said).status_code == 302
    assert (fresh(row).state, fresh(moved).state) == ("replaced", "standing")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"evidence": "suspected"}, "must be confirmed at least"),
        ({"case": "TH-0"}, "there is no case TH-0"),
        ({"event": "nonsense"}, "Select a valid choice"),
        ({"event": "bank_suspicion"}, "listed this on the same ground"),
    ],
)
def test_a_wrong_move_is_told(desk: Desk, wrong: dict[str, str], says: str) -> None:
    """In the words of the workflow, with the form open; nothing moves."""
    row = _suspected(desk)
    answer = desk.operator.post(_at(row), CONFIRMED | wrong)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert "<details" not in answer.content.decode()
    assert Listing.objects.count() == 1


def test_a_number_registered_anew_is_off(desk: Desk) -> None:
    """All that anybody listed of it ends, once somebody has said that they are certain."""
    rows = [put(desk.world), put(desk.world, reference="F-2", event=Event.POLICE_COMPLAINT)]
    unsure = desk.operator.post(_at(rows[0]), {"what": "anew"})
    assert (unsure.status_code, fresh(rows[0]).state) == (422, "standing")
    done = desk.operator.post(_at(rows[0]), {"what": "anew", "certain": "on"})
    assert done.status_code == 302
    assert {fresh(row).state for row in rows} == {"withdrawn"}
    assert {fresh(row).reason for row in rows} == {"registered_anew"}


def test_only_what_is_registered_is_registered_anew(desk: Desk) -> None:
    """A person is not; who sends it by hand is told so."""
    row = put(desk.world, PERSON)
    assert SHOWN_ANEW not in desk.operator.get(_at(row)).content.decode()
    answer = desk.operator.post(_at(row), {"what": "anew", "certain": "on"})
    assert "a person is not registered anew" in text_of(answer)


def test_a_case_is_listed_as_a_whole(desk: Desk) -> None:
    """What was listed and what was left out, with why; again, everything is known."""
    path = f"/registry?case={_case(desk)}"
    assert "List what the case tells of" in text_of(desk.operator.get(path))
    done = desk.operator.post(path, {"what": "list_case"})
    assert "Listed now 2" in text_of(done)
    assert "a service's own short code" in text_of(done)
    assert {row.subject_key: row.state for row in Listing.objects.all()} == {
        ACCOUNT.key: "standing",
        PHONE.key: "proposed",
    }
    again = text_of(desk.operator.post(path, {"what": "list_case"}))
    assert "Listed now 0 Known before 2" in again


def test_an_unfounded_case_is_taken_off(desk: Desk) -> None:
    """What waits as well, once somebody has said that they are certain; others stay."""
    number = _case(desk)
    other = put(desk.world, reference="F-9")
    path = f"/registry?case={number}"
    desk.operator.post(path, {"what": "list_case"})
    assert desk.operator.post(path, {"what": "unfounded"}).status_code == 422
    done = text_of(desk.operator.post(path, {"what": "unfounded", "certain": "on"}))
    assert "Listings that ended by it: 2" in done
    states = Listing.objects.filter(case_number=number).values_list("state", flat=True)
    assert (set(states), fresh(other).state) == ({"withdrawn"}, "standing")


def test_a_case_shows_its_own_listings(desk: Desk) -> None:
    """A case that is not there has none, and is told beside its field."""
    number = _case(desk)
    put(desk.world, reference="F-9")
    row = put(desk.world, case_number=number)
    page = desk.reviewer.get(f"/registry?case={number}").content.decode()
    assert page.count("/registry/listings/") == 1
    assert f"?case={number}" in desk.reviewer.get(_at(row)).content.decode()
    none = desk.reviewer.get("/registry?case=TH-0")
    assert (none.status_code, none.content.decode().count("/registry/listings/")) == (422, 0)
    assert "there is no case TH-0" in text_of(none)


def test_who_may_not_list_takes_no_step(desk: Desk) -> None:
    """Neither sees its form nor gets it done by hand."""
    path, row = f"/registry?case={_case(desk)}", _suspected(desk)
    for role in (Role.REVIEWER, Role.AUDITOR):
        browser = desk.browser(role)
        assert 'value="list_case"' not in browser.get(path).content.decode()
        assert SHOWN_MOVE not in browser.get(_at(row)).content.decode()
        assert browser.post(path, {"what": "list_case"}).status_code == 403
        certain = {"what": "unfounded", "certain": "on"}
        assert browser.post(path, certain).status_code == 403
        assert browser.post(_at(row), CONFIRMED).status_code == 403
        assert browser.post(_at(row), {"what": "anew", "certain": "on"}).status_code == 403
    assert Listing.objects.count() == 1


def test_steps_need_their_token_and_a_name(desk: Desk) -> None:
    """A form sent from elsewhere does nothing, nor does a step that is none."""
    path, row = f"/registry?case={_case(desk)}", _suspected(desk)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.operator.cookies
    assert strict.post(path, {"what": "list_case"}).status_code == 403
    assert strict.post(_at(row), CONFIRMED).status_code == 403
    for address in (path, "/registry"):
        assert "there is no such step" in text_of(desk.operator.post(address, {"what": "bless"}))
    assert desk.operator.post("/registry", {"what": "list_case"}).status_code == 404


def test_what_of_a_file_cannot_be_decided_is_told(desk: Desk) -> None:
    """With its reason; the rest goes through."""
    rows, name = [], f"staff:{_id(desk.operator)}"
    lister = replace(LISTER, name=name, person=name)
    for number, by in (("081-234-5678", "anan"), ("081-234-5679", f"staff:{_id(desk.reviewer)}")):
        subject = parse_subject("phone", number, "TH")
        wanted = ToList(subject, ground(decided_by=by), batch="file-1", second=True)
        rows.append(list_subject(desk.world.centre, wanted, lister))
    said = {"what": "approve", "reason": "compared"}
    done = desk.reviewer.post("/registry/files/file-1", said)
    assert done.status_code == 200
    assert "could not be decided like the rest" in text_of(done)
    assert "nobody decides what they asked for themselves" in text_of(done)
    assert [fresh(row).state for row in rows] == ["standing", "proposed"]


def test_a_second_person_can_be_asked_for(desk: Desk) -> None:
    """Also where the tier would not need one; not where one lists alone in an attack."""
    asked = PHONE_TOLD | {"ask_second": "on", "seen": "2026-11-19"}
    assert desk.operator.post("/registry/list", asked).status_code == 302
    row = Listing.objects.get()
    assert (row.state, format_instant(row.seen_us)) == ("proposed", "2026-11-18T17:00:00Z")
    ahead = desk.operator.post("/registry/list", asked | {"seen": "2026-11-29", "case": ""})
    assert "was seen before it is listed" in text_of(ahead)
    assert 'name="ask_second"' not in desk.operator.get("/registry/break-glass").content.decode()


def test_figures_stand_below_the_contests(desk: Desk) -> None:
    """Where they are asked for; looking at contests is on record."""
    row = put(desk.world)
    contest_subject(desk.world.centre, PHONE, ["it is mine"], LISTER)
    desk.world.now_us += 30 * HOUR_US
    contest = Contest.objects.get(listing=row)
    reason = "the contract of the phone shows it"
    decide_contest(desk.world.centre, contest.contest_id, REVIEWER, uphold=True, reason=reason)
    assert "Hours until half" not in text_of(desk.reviewer.get("/registry/contests"))
    page = text_of(desk.reviewer.get("/registry/contests?figures=30"))
    assert "TH.AOC 1 0 0 1 100.0 30.0 30.0 0" in page
    assert AuditEntry.objects.filter(verb="list_contests").count() == 2
    assert "Select a valid choice" in text_of(desk.reviewer.get("/registry/contests?figures=7"))


def test_more_is_found_on_the_next_page(desk: Desk) -> None:
    """What was looked for goes along in the form, never in the address."""
    for number in range(101):
        put(desk.world, reference=f"F-{number}")
    asked = {"by": "part", "text": "081-234", "purpose": "oversight"}
    page = desk.reviewer.post("/registry/find", asked).content.decode()
    assert page.count("/registry/listings/") == 100
    form = page.rpartition("<form")[2]
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert asked.items() <= sent.items()
    rest = desk.reviewer.post("/registry/find", sent).content.decode()
    assert rest.count("/registry/listings/") == 1
    assert 'name="after"' not in rest


def test_a_look_up_says_what_for(desk: Desk) -> None:
    """A purpose is needed, of some the number of what it is about; both stand beside their field."""
    put(desk.world)
    asked = {"by": "part", "text": "081-234"}
    unknown = {"purpose": "case", "reference": "TH-0"}
    for more, field in (
        ({}, "purpose"),
        ({"purpose": "case"}, "reference"),
        (unknown, "reference"),
    ):
        answer = desk.reviewer.post("/registry/find", asked | more)
        assert answer.status_code == 422
        assert f'id="id_{field}_error"' in answer.content.decode()
    for_case = asked | {"purpose": "case", "reference": _case(desk)}
    assert PHONE.key in text_of(desk.reviewer.post("/registry/find", for_case))
    hostile = {"text": "\u202e%_" * 60, "purpose": "enquiry"}
    assert "Nothing was found" in text_of(desk.reviewer.post("/registry/find", asked | hostile))
    for text in ("", "x" * 2000, "\u202e\u202e\u202e\u202e8"):
        wrong = asked | {"text": text, "purpose": "enquiry"}
        assert desk.reviewer.post("/registry/find", wrong).status_code == 422


def test_who_looks_up_too_often_waits(desk: Desk) -> None:
    """By the page as well, which says how long."""
    asked = {"by": "part", "text": "081-234", "purpose": "enquiry"}
    answers = [desk.reviewer.post("/registry/find", asked) for _ in range(41)]
    assert (answers[39].status_code, answers[40].status_code) == (200, 429)
    assert "look up again in 10 s" in text_of(answers[40])


def _id(browser: Client) -> int:
    return int(browser.session["_auth_user_id"])
