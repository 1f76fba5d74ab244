"""Being heard without an account: by a code, which is ours or an impostor's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.console.desk_kit import Desk, text_of
from tests.workflows.registry_kit import (
    ACCOUNT,
    OTHER_BANK,
    PHONE,
    REVIEWER,
    banks,
    code_of,
    first_account,
    put,
)

from holdfast.core.instant import DAY_US
from holdfast.law.tier import Event
from holdfast.records.models import AuditEntry
from holdfast.registry.code import contest_code
from holdfast.registry.models import Contest, Listing
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.tell_person import code_for_notice

WHY = "this number has been mine since 2015"
BLAME = re.compile(r"guilty|fraudster|scammer|criminal|culprit|suspect", re.IGNORECASE)


@pytest.fixture
def listing(desk: Desk) -> Listing:
    """A phone number that stands as reported."""
    return put(desk.world)


def _open(code: str) -> Any:
    return Client().post("/contest", {"code": code, "what": "open"})


def _contest(code: str, **more: str) -> Any:
    return Client().post("/contest", {"code": code, "what": "contest", "reason": WHY} | more)


def test_the_holder_of_a_code_sees_what_is_reported(desk: Desk, listing: Listing) -> None:
    """Reported, not proven: since when, by which kind of institution, until when an answer is due."""
    page = text_of(_open(code_of(desk.world, listing)))
    for said in ("Reported, not proven", "Phone number …678", "the anti-online-scam centre"):
        assert said in page
    assert "20 Nov 2026, 12:00" in page
    assert "27 Nov 2026, 12:00" in page
    assert PHONE.key not in page
    assert not BLAME.search(page)
    assert AuditEntry.objects.filter(verb="read_notice").count() == 1


def test_an_unknown_code_reveals_nothing(desk: Desk, listing: Listing) -> None:
    """Neither who is listed nor that anybody is; a slip of the pen is told."""
    code_of(desk.world, listing)
    other = contest_code(b"another centre's key, 32 bytes ..", "listing-1", 1)
    answer = _open(other)
    assert answer.status_code == 404
    assert "We do not know this code" in text_of(answer)
    assert "reported" not in text_of(answer).partition("We do not know")[2].partition("One-time")[0]
    slip = _open(other[:-1] + ("0" if other[-1] != "0" else "1"))
    assert "has a slip in it" in text_of(slip)
    assert not AuditEntry.objects.filter(verb="read_notice").exists()


def test_a_contest_is_taken_in_and_can_be_added_to(desk: Desk, listing: Listing) -> None:
    """With a receipt; the same code then shows by when the answer is due."""
    code = code_of(desk.world, listing)
    sent = _contest(code, evidence="the contract of 2015")
    assert "R-" in text_of(sent)
    contest = Contest.objects.get()
    assert [row.text for row in contest.evidence.order_by("number")] == [
        WHY,
        "the contract of 2015",
    ]
    page = text_of(_open(code))
    assert "You have contested it on 20 Nov 2026" in page
    assert "The answer is due by 27 Nov 2026" in page
    _contest(code, reason="and here is a bill")
    assert contest.evidence.count() == 3


def test_nothing_written_is_no_contest(desk: Desk, listing: Listing) -> None:
    """The field says so, and the code need not be typed again."""
    code = code_of(desk.world, listing)
    answer = _contest(code, reason=" ")
    assert answer.status_code == 422
    assert f'value="{code}"' in answer.content.decode()
    assert not Contest.objects.exists()


def test_a_contest_sent_by_hand_with_an_unknown_code_looks_the_same(
    desk: Desk, listing: Listing
) -> None:
    """A receipt all the same, so that sending tells nothing that looking would not."""
    known = text_of(_contest(code_of(desk.world, listing)))
    unknown = text_of(_contest(contest_code(b"another key that is 32 bytes ...", "x", 1)))
    assert known.partition("R-")[0] == unknown.partition("R-")[0]
    assert Contest.objects.count() == 1


@pytest.mark.parametrize("uphold", [True, False])
def test_the_answer_is_shown_with_its_reason(desk: Desk, listing: Listing, *, uphold: bool) -> None:
    """In the reviewer's words, and whether it is listed still."""
    code = code_of(desk.world, listing)
    _contest(code)
    why = "the contract shows what was said"
    decide_contest(
        desk.world.centre, Contest.objects.get().contest_id, REVIEWER, uphold=uphold, reason=why
    )
    page = text_of(_open(code))
    assert why in page
    assert ("It is listed no more" in page) is uphold
    assert "Say why it is wrong" not in page


def test_an_answer_that_is_late_is_owned_up_to(desk: Desk, listing: Listing) -> None:
    """The listing is suspended, and the page says so."""
    code = code_of(desk.world, listing)
    _contest(code)
    desk.world.now_us += 8 * DAY_US
    desk.world.work()
    page = text_of(_open(code))
    assert "The deadline has passed" in page
    assert "At present nobody is told of it" in page


def test_a_code_of_ours_is_told_from_an_impostors(desk: Desk, listing: Listing) -> None:
    """By the digits on the notice, which nobody else can say; an invented code is none of ours."""
    code_of(desk.world, listing)
    code, sign = code_for_notice(desk.world.centre, listing.listing_id, REVIEWER)
    ours = text_of(Client().post("/contest/code", {"code": code}))
    assert "This code is ours" in ours
    assert sign in ours
    invented = contest_code(b"an impostor's own key, 32 bytes .", "listing-1", 1)
    not_ours = text_of(Client().post("/contest/code", {"code": invented}))
    assert "This code is not ours" in not_ours
    assert Client().post("/contest/code", {"code": "nonsense"}).status_code == 422


def test_every_page_warns_of_false_help_desks(desk: Desk, listing: Listing) -> None:
    """Who asks for money is a fraud."""
    code = code_of(desk.world, listing)
    pages = [Client().get("/contest"), Client().get("/contest/code"), _open(code), _contest(code)]
    assert all("never asks for money" in text_of(page) for page in pages)


def test_who_tries_codes_waits(desk: Desk, listing: Listing) -> None:
    """By address, on both pages together; another address is free."""
    code = code_of(desk.world, listing)
    tried = [Client().post("/contest/code", {"code": code}).status_code for _ in range(12)]
    tried += [_open(code).status_code for _ in range(12)]
    assert tried == [200] * 20 + [429] * 4
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.post("/contest", {"code": code}).status_code == 200


def test_forms_need_their_token(desk: Desk) -> None:
    """Another site can't contest in somebody's name."""
    strict = Client(enforce_csrf_checks=True)
    for path in ("/contest", "/contest/code"):
        assert strict.post(path, {"code": "x"}).status_code == 403


def test_an_account_that_moved_to_another_tier_is_shown_as_it_stands(desk: Desk) -> None:
    """The code of the first notice leads to what took its place."""
    from holdfast.workflows.move_tier import move_tier

    wanted = ToList(ACCOUNT, first_account())
    banks()
    first = list_subject(desk.world.centre, wanted, OTHER_BANK)
    code = code_of(desk.world, first)
    desk.world.now_us += DAY_US
    moved = move_tier(
        desk.world.centre, first.listing_id, first_account(event=Event.BANK_SUSPICION), OTHER_BANK
    )
    assert moved.state == "standing"
    assert "21 Nov 2026" in text_of(_open(code))
