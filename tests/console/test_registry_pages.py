"""The registry on the desk: who may what, what is on record, and what is said where it is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from tests.console.desk_kit import COMPLAINT_TOLD, PHONE_TOLD, Desk, text_of
from tests.workflows.centre_kit import account, actor_of, bank, pay, told
from tests.workflows.registry_kit import LISTER, PHONE, put

from holdfast.people.models import Staff
from holdfast.people.role import Role
from holdfast.records.models import AuditEntry
from holdfast.registry.models import BreakGlassReview, Contest, Listing
from holdfast.registry.names import WARNING
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.list_from_case import list_from_case
from holdfast.workflows.take_report import take_report

READS = ("/registry", "/registry/find", "/registry/contests")
LISTS = ("/registry/list", "/registry/break-glass", "/registry/upload", "/registry/on-the-phone")
FOR = {"purpose": "enquiry"}
FOR_OTHER_HANDS = "nobody decides what they asked for themselves"


def _verbs() -> set[str]:
    return set(AuditEntry.objects.values_list("verb", flat=True))


def _add(browser: Client, values: Any = PHONE_TOLD, path: str = "/registry/list") -> Listing:
    done = browser.post(path, values)
    assert done.status_code == 302, text_of(done)
    found: Listing = Listing.objects.order_by("-id")[0]
    assert done.url.endswith(f"/registry/listings/{found.listing_id}")
    return found


def _at(row: Listing) -> str:
    return f"/registry/listings/{row.listing_id}"


@pytest.mark.parametrize(
    ("role", "reads", "lists"),
    [
        (Role.OPERATOR, 200, 200),
        (Role.REVIEWER, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.POLICE, 403, 403),
        (Role.ADMINISTRATOR, 403, 403),
    ],
)
def test_each_role_sees_what_it_works_with(desk: Desk, role: Role, reads: int, lists: int) -> None:
    """Operators list, reviewers and auditors read, those who look after keys see nothing of it."""
    row = put(desk.world)
    browser = desk.browser(role)
    found = {path: browser.get(path).status_code for path in (*READS, _at(row), *LISTS)}
    assert found == dict.fromkeys((*READS, _at(row)), reads) | dict.fromkeys(LISTS, lists)


def test_without_signing_in_nothing_is_shown(desk: Desk) -> None:
    """Every page leads to where one signs in."""
    for path in (*READS, *LISTS, _at(put(desk.world))):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in")


@pytest.mark.parametrize(
    ("role", "place"), [(Role.REVIEWER, "/registry"), (Role.ADMINISTRATOR, "/")]
)
def test_signing_in_leads_to_ones_own_work(
    desk: Desk, settings: Settings, role: Role, place: str
) -> None:
    """To the registry who works with it, to the institutions who looks after them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Staff.objects.create_user("somebody", password="four good words here", role=role.value)  # noqa: S106
    told_name = {"name": "somebody", "password": "four good words here"}
    assert Client().post("/sign-in", told_name)["Location"] == place


def test_the_menu_shows_what_one_may_do(desk: Desk) -> None:
    """Who may not list is not led there."""
    assert 'href="/registry/list"' in desk.operator.get("/registry").content.decode()
    assert 'href="/registry/list"' not in desk.reviewer.get("/registry").content.decode()


def test_a_listing_from_one_end_to_the_other(desk: Desk) -> None:
    """Proposed by one, approved by another, withdrawn; each step and each look is on record."""
    row = _add(desk.operator, COMPLAINT_TOLD)
    assert (row.state, row.tier, row.subject_key) == ("proposed", "dark_grey", PHONE.key)
    assert "Approve or refuse" in text_of(desk.reviewer.get(_at(row)))
    said = {"what": "approve", "reason": "compared with the complaint"}
    assert desk.operator.post(_at(row), said).status_code == 403
    assert desk.reviewer.post(_at(row), said).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.approved_by) == ("standing", f"staff:{_id(desk.reviewer)}")
    gone = {"what": "withdraw", "reason": "it was mistaken"}
    assert desk.reviewer.post(_at(row), gone).status_code == 403
    assert desk.operator.post(_at(row), gone).status_code == 302
    page = text_of(desk.browser(Role.AUDITOR).get(_at(row)))
    assert "compared with the complaint" in page
    assert "it was mistaken" in page
    assert {"list_subject", "step_listing", "read_listing"} <= _verbs()


def test_a_refusal_is_a_step_as_well(desk: Desk) -> None:
    """The second person says no, with a reason."""
    row = _add(desk.operator, COMPLAINT_TOLD)
    assert desk.reviewer.post(_at(row), {"what": "refuse", "reason": ""}).status_code == 422
    assert desk.reviewer.post(_at(row), {"what": "refuse", "reason": "no"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "refused"


def test_nobody_approves_their_own_and_the_page_says_why(desk: Desk) -> None:
    """Also who has changed roles meanwhile."""
    row = _add(desk.operator, COMPLAINT_TOLD)
    desk.world.now_us += 1
    _become(desk.operator, Role.REVIEWER)
    answer = desk.operator.post(_at(row), {"what": "approve", "reason": "mine"})
    assert answer.status_code == 422
    assert FOR_OTHER_HANDS in text_of(answer)
    row.refresh_from_db()
    assert row.state == "proposed"


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"subject": "no number"}, "subject", "is not a phone number"),
        ({"reference": ""}, "case", "needs the number of a case"),
        ({"case": "TH-0"}, "case", "there is no case TH-0"),
        ({"days": "3000"}, "days", "not 3000"),
        ({"event": "official_list"}, "evidence", "must be official at least"),
        (
            {"kind": "account", "subject": account(2, 2), "behaviour": ""},
            "behaviour",
            "what behaviour",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    desk: Desk, wrong: dict[str, str], field: str, says: str
) -> None:
    """In a sentence that belongs to the field, and what was right is still there."""
    answer = desk.operator.post("/registry/list", PHONE_TOLD | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    beside = page.partition(f'id="id_{field}_error"')[2].partition("</ul>")[0]
    assert says in beside
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error"', page)
    assert not Listing.objects.exists()


def test_the_same_again_is_told(desk: Desk) -> None:
    """What is listed on the same ground is not listed twice."""
    _add(desk.operator)
    assert "listed this on the same ground" in text_of(
        desk.operator.post("/registry/list", PHONE_TOLD)
    )


def test_glass_is_broken_by_one_and_reviewed_by_another(desk: Desk) -> None:
    """It stands at once for an hour; not justified, it ends."""
    row = _add(desk.operator, PHONE_TOLD | {"reason": "it rings now"}, path="/registry/break-glass")
    assert row.state == "standing"
    assert row.break_glass
    again = desk.operator.post("/registry/break-glass", PHONE_TOLD | {"reason": "once more"})
    assert "within the last day" in text_of(again)
    said = {"what": "unjustified", "reason": "nobody was called"}
    assert desk.reviewer.post(_at(row), said).status_code == 302
    row.refresh_from_db()
    assert (row.state, BreakGlassReview.objects.get().justified) == ("withdrawn", False)
    assert "It was not justified" in text_of(desk.reviewer.get(_at(row)))


def test_the_code_for_the_notice_is_shown_on_asking(desk: Desk) -> None:
    """To who brings it; that it was read is on record."""
    row = _add(desk.operator)
    assert "no code that waits" in text_of(desk.operator.post(_at(row), {"what": "code"}))
    desk.world.work()
    assert "Countersign" in text_of(desk.operator.post(_at(row), {"what": "code"}))
    assert desk.reviewer.post(_at(row), {"what": "code"}).status_code == 403
    assert "read_contest_code" in _verbs()


def test_an_unknown_step_or_listing_is_not_there(desk: Desk) -> None:
    """As a page that says so."""
    row = _add(desk.operator)
    assert desk.operator.get("/registry/listings/none").status_code == 404
    assert desk.operator.get("/registry/contests/none").status_code == 404
    wrong = desk.operator.post(_at(row), {"what": "bless", "reason": "x"})
    assert "there is no such step" in text_of(wrong)


@pytest.mark.parametrize("place", ["files", "listings", "contests"])
def test_an_address_with_a_nul_leads_nowhere(desk: Desk, place: str) -> None:
    """PostgreSQL takes none in a text, so nothing is asked of it."""
    done = desk.operator.get(f"/registry/{place}/file-%00")
    assert (done.status_code, "there is nothing at this address" in text_of(done)) == (404, True)


def test_the_list_shows_what_is_asked_for(desk: Desk) -> None:
    """By state, tier and kind, and that it was shown is on record."""
    _add(desk.operator)
    _add(desk.operator, COMPLAINT_TOLD | {"kind": "handle", "subject": "line:@rich"})
    for query, shown in (("", 2), ("?state=proposed", 1), ("?tier=black", 0), ("?kind=phone", 1)):
        page = desk.operator.get(f"/registry{query}").content.decode()
        assert page.count("/registry/listings/") == shown, query
    assert AuditEntry.objects.filter(verb="list_listings").count() == 4


def test_a_long_list_has_more_pages(desk: Desk) -> None:
    """The next one begins where the first ends, with the same choice."""
    for number in range(51):
        put(desk.world, reference=f"F-{number}")
    page = desk.operator.get("/registry?kind=phone").content.decode()
    assert page.count("/registry/listings/") == 50
    rest = page.partition('<p><a href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert desk.operator.get(f"/registry?{rest}").content.decode().count("/registry/listings/") == 1


@pytest.mark.parametrize("part", ["081-234", "812345678", "+6681234", "081 234 5678"])
def test_a_part_of_a_number_is_found(desk: Desk, part: str) -> None:
    """As it is dialled or written; what was looked for stands in no address and no record."""
    put(desk.world)
    page = desk.operator.post("/registry/find", FOR | {"by": "part", "text": part})
    assert PHONE.key in text_of(page)
    assert "1234" not in str(AuditEntry.objects.get(verb="look_up").detail)
    none = desk.operator.post("/registry/find", FOR | {"by": "part", "text": "9999"})
    assert "Nothing was found" in text_of(none)
    assert (
        desk.operator.post("/registry/find", FOR | {"by": "part", "text": "8"}).status_code == 422
    )


def test_a_person_is_found_by_id(desk: Desk) -> None:
    """The id is hashed at once, and never shown again."""
    told_person = {"kind": "person", "subject": "TH.NIDN.3100600445635", "link": "further_account"}
    _add(desk.operator, PHONE_TOLD | told_person)
    page = desk.operator.post(
        "/registry/find", FOR | {"by": "person", "text": "TH.NIDN.3100600445635"}
    )
    assert "TH.NIDN." in text_of(page)
    assert "3100600445635" not in text_of(page)
    assert (
        desk.operator.post("/registry/find", FOR | {"by": "person", "text": "x"}).status_code == 422
    )


def test_a_name_is_a_hint_with_its_reason(desk: Desk) -> None:
    """From the names that victims were shown; with the warning, and nothing is decided by it."""
    world = desk.world
    world.write([pay("P", account(1, 1), account(2, 2), 100)])
    payment = {"transfer_id": "P", "name_shown": "นาย สมชาย ใจดี"}
    taken = take_report(
        world.centre, told(payments=[payment], reporter={"name": "Victim"}), world.centre.itself
    )
    confirm_claim(world.centre, taken.claims[0].claim_id, actor_of(bank(1)), name_matches=True)
    list_from_case(world.centre, taken.case.number, LISTER)
    page = text_of(desk.operator.post("/registry/find", FOR | {"by": "name", "text": "สมชาย ใจดี"}))
    assert WARNING in page
    assert "The same name" in page
    assert account(2, 2) in page
    nobody = desk.operator.post("/registry/find", FOR | {"by": "name", "text": "Victim"})
    assert "Nothing was found" in text_of(nobody)
    assert (
        desk.operator.post("/registry/find", FOR | {"by": "name", "text": "นาย"}).status_code == 422
    )


HEADER = "record,bank_case_id,level,kind,subject,ground,confirmed\n"


def _csv(*rows: str, name: str = "list.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, (HEADER + "\n".join(rows)).encode())}


def test_a_file_is_taken_and_its_problems_told_row_by_row(desk: Desk) -> None:
    """Good rows are kept; sent again, they are known."""
    rows = (
        "case,K-1,1,phone,081-234-5678,victim_report,",
        "case,K-2,1,phone,nonsense,victim_report,",
    )
    page = desk.operator.post("/registry/upload", _csv(*rows))
    assert page.status_code == 200
    assert Listing.objects.get().subject_key == PHONE.key
    assert '<th scope="row">3</th>' in page.content.decode()
    assert "is not a phone number" in text_of(page)
    again = text_of(desk.operator.post("/registry/upload", _csv(*rows)))
    assert "Known before 1" in again


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (SimpleUploadedFile("list.pdf", b"x"), "ends with .xlsx or .csv"),
        (SimpleUploadedFile("list.xlsx", b"no archive"), "cannot be read as a table"),
        (SimpleUploadedFile("list.csv", b"a,b\n1,2\n"), "column"),
        (SimpleUploadedFile("list.csv", b"x" * 900_001), "at most 900000 bytes"),
    ],
)
def test_a_file_that_is_none_is_refused(desk: Desk, file: SimpleUploadedFile, says: str) -> None:
    """In a sentence beside the field, and nothing is kept."""
    answer = desk.operator.post("/registry/upload", {"file": file})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Listing.objects.exists()


def test_a_file_that_waits_is_approved_as_a_whole(desk: Desk) -> None:
    """By somebody else than who sent it."""
    rows = [f"case,K-{n},1,phone,08{n:08d},victim_report," for n in range(10_000_000, 10_000_030)]
    page = desk.operator.post("/registry/upload", _csv(*rows)).content.decode()
    path = page.partition('href="/registry/files/')[2].partition('"')[0]
    said = {"what": "approve", "reason": "compared with the desk's cases"}
    assert desk.operator.post(f"/registry/files/{path}", said).status_code == 403
    assert desk.reviewer.post(f"/registry/files/{path}", said).status_code == 302
    assert set(Listing.objects.values_list("state", flat=True)) == {"standing"}
    assert desk.reviewer.post(f"/registry/files/{path}", {"reason": "x"}).status_code == 404


def _contested(desk: Desk) -> Contest:
    _add(desk.operator, COMPLAINT_TOLD | {"event": "victim_report"})
    told_phone = {"kind": "phone", "subject": PHONE.key, "reason": "it has been mine for years"}
    answer = desk.operator.post("/registry/on-the-phone", told_phone)
    assert "Receipt" in text_of(answer)
    found: Contest = Contest.objects.get()
    return found


def test_a_contest_on_the_phone_is_decided_by_another(desk: Desk) -> None:
    """It waits with its deadline; upheld, the listing is gone, with the reason in words."""
    contest = _contested(desk)
    path = f"/registry/contests/{contest.contest_id}"
    assert contest.contest_id in text_of(desk.reviewer.get("/registry/contests"))
    assert "it has been mine for years" in text_of(desk.reviewer.get(path))
    said = {"what": "uphold", "reason": "the contract shows it"}
    assert desk.operator.post(path, said).status_code == 403
    assert "in words" in text_of(desk.reviewer.post(path, said | {"reason": "yes"}))
    assert desk.reviewer.post(path, said).status_code == 302
    assert Listing.objects.get().state == "removed"
    assert contest.contest_id not in text_of(desk.reviewer.get("/registry/contests"))
    assert contest.contest_id in text_of(desk.reviewer.get("/registry/contests?state=upheld"))
    assert "read_contest" in _verbs()


def test_who_listed_does_not_decide_the_contest(desk: Desk) -> None:
    """Also in another role meanwhile; the page says why."""
    contest = _contested(desk)
    _become(desk.operator, Role.REVIEWER)
    said = {"what": "reject", "reason": "the listing was right"}
    answer = desk.operator.post(f"/registry/contests/{contest.contest_id}", said)
    assert FOR_OTHER_HANDS in text_of(answer)
    contest.refresh_from_db()
    assert contest.state == "open"


def test_a_contest_of_what_is_not_listed_looks_the_same(desk: Desk) -> None:
    """The one on the phone learns nothing by it."""
    _contested(desk)
    receipts = []
    for number in (PHONE.key, "+66899999999"):
        values = {"kind": "phone", "subject": number, "reason": "not me"}
        receipts.append(text_of(desk.operator.post("/registry/on-the-phone", values)))
    strip = [page.replace(PHONE.key, "").partition("R-")[0] for page in receipts]
    assert strip[0] == strip[1]


def test_every_form_needs_its_token(desk: Desk) -> None:
    """A form sent from elsewhere does nothing."""
    row = _add(desk.operator)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.operator.cookies
    for path in (*LISTS, _at(row), "/registry/find"):
        assert strict.post(path, PHONE_TOLD).status_code == 403


def test_pages_speak_thai_with_its_years(desk: Desk) -> None:
    """The year is of the Buddhist era, the time Bangkok's, and the machine's form stands beside it."""
    row = _add(desk.operator)
    page = desk.operator.get(_at(row), headers={"accept-language": "th"}).content.decode()
    assert 'lang="th"' in page
    assert "20 พ.ย. 2569 12:00\u00a0น." in page
    assert 'datetime="2026-11-20T05:00:00Z"' in page
    english = desk.operator.get(_at(row)).content.decode()
    assert "20 Nov 2026, 12:00" in english


def _id(browser: Client) -> int:
    return int(browser.session["_auth_user_id"])


def _become(browser: Client, role: Role) -> None:
    Staff.objects.filter(id=_id(browser)).update(role=role.value)
