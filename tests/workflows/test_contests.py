"""Being heard: code, deadline, independent reviewer, and an answer that reveals nothing."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import (
    TestCentre,
    account,
    actor_of,
    bank,
    letters,
    open_reviews,
    pay,
)
from tests.workflows.registry_kit import (
    APPROVER,
    BANK,
    LISTER,
    PHONE,
    REVIEWER,
    assert_feed_is_true,
    banks,
    code_of,
    feed,
    first_account,
    fresh,
    ground,
    put,
    said,
)

from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.law.tier import Event
from holdfast.records.models import AuditEntry
from holdfast.registry.code import contest_code, countersign, read_code
from holdfast.registry.contest import Via
from holdfast.registry.models import Contest, ContestEvidence, ContestStep, Listing
from holdfast.registry.queries import figures
from holdfast.registry.subject import parse_subject
from holdfast.workflows.approve_listing import approve_batch, approve_listing
from holdfast.workflows.break_glass import break_glass
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.contest_listing import (
    EVIDENCE_MAX,
    Receipt,
    contest_listing,
    contest_subject,
)
from holdfast.workflows.decide_contest import decide_contest, suspend_undecided
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.read_notice import read_notice
from holdfast.workflows.tell_person import code_for_notice
from holdfast.workflows.withdraw_listing import withdraw_listing

WHY = "this is my own number since 2015"
REASON = "the contract shows the number since 2015"


def contest(world: TestCentre, code: str, *texts: str) -> Receipt:
    """Contest by a code on the page."""
    return contest_listing(world.centre, code, texts or (WHY,), Via.PAGE, world.centre.itself)


def decide(world: TestCentre, *, uphold: bool, actor: object = REVIEWER) -> Contest:
    """Let somebody decide the latest contest."""
    there = Contest.objects.latest("id")
    return decide_contest(
        world.centre,
        there.contest_id,
        actor,  # type: ignore[arg-type]
        uphold=uphold,
        reason=REASON,
    )


def listed(world: TestCentre, event: Event = Event.VICTIM_REPORT) -> Listing:
    """Return a listing that stands, approved where it must be."""
    row = put(world, event=event)
    if row.state == "proposed":
        approve_listing(world.centre, row.listing_id, APPROVER, approve=True, reason="checked")
    return fresh(row)


def test_a_contest_upheld_removes_the_listing(world: TestCentre) -> None:
    """Disputed at once, removed on a reviewer's word, the feed says both, the person is told why."""
    row = listed(world)
    contest(world, code_of(world, row))
    standing = said()
    assert standing is not None
    assert standing.disputed
    world.pass_time(hours=5)
    decide(world, uphold=True)
    world.work()
    assert (fresh(row).state, said()) == ("removed", None)
    assert [op for _, op, _ in feed()] == ["set", "set", "retract"]
    assert letters("notice")[-1]["reason"] == REASON
    assert_feed_is_true(world)


def test_what_a_contest_removed_is_not_listed_again(world: TestCentre) -> None:
    """Not on the same ground; on another by another institution it may be."""
    banks()
    row = listed(world)
    contest(world, code_of(world, row))
    decide(world, uphold=True)
    with pytest.raises(Conflict) as refused:
        put(world)
    assert refused.value.code == "listing_was_contested"
    assert put(world, reference="F-2", actor=BANK).state == "standing"


@pytest.mark.parametrize("decided", [False, True])
def test_another_number_is_no_way_round_a_contest(world: TestCentre, decided: bool) -> None:
    """Upheld or still open: no new listing of the same institution without new evidence."""
    contest(world, code_of(world, listed(world)))
    if decided:
        world.pass_time(hours=1)
        decide(world, uphold=True)
    mark_us = world.now_us
    world.pass_time(hours=1)
    for seen_us in (None, mark_us):
        with pytest.raises(Conflict) as refused:
            put(world, reference="F-2", seen_us=seen_us)
        assert refused.value.code == "listing_in_doubt"
        for event in (Event.VICTIM_REPORT, Event.POLICE_COMPLAINT):
            wanted = ToList(PHONE, ground(event, reference="F-2", seen_us=seen_us))
            with pytest.raises(Conflict):
                break_glass(world.centre, wanted, LISTER, "attack")
    with pytest.raises(Refused) as ahead:
        put(world, reference="F-2", seen_us=world.now_us + 1)
    assert ahead.value.code == "listing_seen_ahead"
    with pytest.raises(Conflict):
        put(world, reference="F-2", seen_us=mark_us + 1, behaviour="again")
    assert put(world, reference="F-2", seen_us=mark_us + 1).state == "standing"


def test_the_code_of_the_first_notice_contests_what_took_its_place(world: TestCentre) -> None:
    """The person holds one letter while the next is on its way: what they say is heard."""
    row = put(world, event=Event.BANK_SUSPICION)
    code = code_of(world, row)
    moved = move_tier(world.centre, row.listing_id, ground(Event.BANK_CONFIRMED), LISTER)
    contest(world, code)
    assert Contest.objects.get().listing == moved
    standing = said()
    assert standing is not None
    assert standing.disputed


def test_without_new_evidence_other_hands_decide(world: TestCentre) -> None:
    """Proposed on purpose: neither who lists now nor who had a hand in what was contested."""
    contest(world, code_of(world, listed(world)))
    decide(world, uphold=True)
    again = put(world, reference="F-2", actor=APPROVER, second=True)
    assert again.state == "proposed"
    for hands in (LISTER, APPROVER):
        with pytest.raises(Forbidden) as refused:
            approve_listing(world.centre, again.listing_id, hands, approve=True, reason="seen")
        assert refused.value.code == "own_request"
    approve_listing(world.centre, again.listing_id, REVIEWER, approve=True, reason="seen")
    assert said() is not None


def test_a_contest_rejected_leaves_the_listing(world: TestCentre) -> None:
    """No longer disputed; the person is told why, and gets a new code."""
    row = listed(world)
    first = code_of(world, row)
    contest(world, first)
    decide(world, uphold=False)
    standing = said()
    assert standing is not None
    assert not standing.disputed
    second = code_of(world, row)
    assert second != first
    assert letters("notice")[-1]["what"] == "rejected"
    contest(world, first)
    assert Contest.objects.count() == 1
    contest(world, second)
    assert Contest.objects.count() == 2


def test_an_undecided_contest_suspends_the_listing(world: TestCentre) -> None:
    """At its deadline, by itself, not a microsecond before; the reviewer may still decide."""
    row = listed(world)
    contest(world, code_of(world, row))
    there = Contest.objects.get()
    assert there.due_us == world.now_us + 7 * DAY_US
    world.now_us = there.due_us - 1
    assert not suspend_undecided(world.centre, there.contest_id)
    world.now_us += 1
    world.work()
    assert (fresh(row).state, said()) == ("suspended", None)
    decide(world, uphold=False)
    standing = said()
    assert (fresh(row).state, standing is not None and not standing.disputed) == ("standing", True)


def test_a_move_approved_late_does_not_outrun_a_contest(world: TestCentre) -> None:
    """Proposed, then contested, left without an answer and approved: it stays suspended."""
    row = listed(world)
    moved = move_tier(world.centre, row.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    contest(world, code_of(world, row), "I sold that phone")
    world.pass_time(hours=8 * 24)
    world.work()
    assert fresh(row).state == "suspended"
    approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    assert [fresh(one).state for one in (row, moved)] == ["replaced", "suspended"]
    assert said() is None
    decide(world, uphold=True)
    assert (fresh(moved).state, said()) == ("removed", None)
    assert_feed_is_true(world)


def test_where_the_law_forbids_it_nothing_is_suspended(world: TestCentre) -> None:
    """The authority's own list stands on, shown as disputed, and the contest is overdue by name."""
    row = listed(world, Event.OFFICIAL_LIST)
    contest(world, code_of(world, row))
    world.pass_time(hours=7 * 24)
    world.work()
    standing = said()
    assert standing is not None
    assert (fresh(row).state, standing.disputed) == ("standing", True)
    assert Contest.objects.get().state == "overdue"


def test_a_suspended_listing_still_lapses(world: TestCentre) -> None:
    """And what is contested then needs no answer any more."""
    row = listed(world)
    contest(world, code_of(world, row))
    world.now_us = row.until_us
    world.work()
    world.work()
    assert (fresh(row).state, Contest.objects.get().state) == ("lapsed", "moot")
    with pytest.raises(Conflict):
        decide(world, uphold=True)


def test_neither_lister_nor_approver_decides(world: TestCentre) -> None:
    """Nor who listed what this replaced; another person does."""
    row = listed(world)
    moved = move_tier(world.centre, row.listing_id, ground(Event.POLICE_COMPLAINT), REVIEWER)
    contest(world, code_of(world, row))
    approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    assert Contest.objects.get().listing == fresh(moved)
    for actor in (LISTER, APPROVER, REVIEWER):
        with pytest.raises(Forbidden):
            decide(world, uphold=False, actor=actor)


def test_a_contest_goes_along_when_the_subject_moves(world: TestCentre) -> None:
    """Its deadline stays; the new listing is disputed, and suspended when the time is over."""
    row = listed(world)
    code = code_of(world, row)
    contest(world, code)
    due_us = Contest.objects.get().due_us
    moved = move_tier(world.centre, row.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    world.pass_time(hours=24)
    approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    there = Contest.objects.get()
    assert (there.listing.listing_id, there.due_us) == (moved.listing_id, due_us)
    standing = said()
    assert standing is not None
    assert standing.disputed
    contest(world, code, "one more thing")
    assert there.evidence.count() == 2
    world.now_us = due_us
    world.work()
    assert (fresh(moved).state, said()) == ("suspended", None)


def test_a_move_cannot_outrun_a_contest(world: TestCentre) -> None:
    """Removed while the move waited for its second person: it is not approved any more."""
    row = listed(world)
    moved = move_tier(world.centre, row.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    contest(world, code_of(world, row))
    decide(world, uphold=True)
    with pytest.raises(Conflict) as refused:
        approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    assert refused.value.code == "listing_was_contested"
    assert (fresh(moved).state, said()) == ("proposed", None)


def test_a_proposal_cannot_outrun_a_contest_of_another(world: TestCentre) -> None:
    """Two say the same of one case; one is removed, and the other's proposal is not approved."""
    banks()
    row = listed(world)
    waiting = put(world, actor=BANK, second=True)
    beside = put(world, parse_subject("phone", "081-234-5679", "TH"), actor=BANK, second=True)
    Listing.objects.filter(id__in=[waiting.id, beside.id]).update(batch="file-1")
    contest(world, code_of(world, row))
    decide(world, uphold=True)
    with pytest.raises(Conflict) as refused:
        approve_listing(world.centre, waiting.listing_id, APPROVER, approve=True, reason="checked")
    assert refused.value.code == "listing_was_contested"
    assert approve_batch(world.centre, "file-1", APPROVER, approve=True, reason="checked") == 2
    assert (fresh(waiting).state, fresh(beside).state) == ("refused", "standing")
    assert said() is None


def test_withdrawing_does_not_outrun_a_contest(world: TestCentre) -> None:
    """Taken back before the answer was due, it is not listed anew on that ground, nor moved."""
    row = listed(world)
    moved = move_tier(world.centre, row.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    contest(world, code_of(world, row))
    withdraw_listing(world.centre, row.listing_id, LISTER, "anew tomorrow")
    with pytest.raises(Conflict) as refused:
        put(world)
    assert refused.value.code == "listing_was_contested"
    with pytest.raises(Conflict) as refused:
        approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    assert refused.value.code == "listing_was_contested"
    assert said() is None


def test_the_answer_reveals_nothing(world: TestCentre) -> None:
    """For a code of ours, for one that never was, for one used up: the same words."""
    row = listed(world)
    code = code_of(world, row)
    never = contest_code(b"another key, 32 bytes long ......", "listing-x", 1)
    first, strange = contest(world, code), contest(world, never)
    assert (first.answer_within_days, len(first.receipt)) == (
        strange.answer_within_days,
        len(strange.receipt),
    )
    assert contest(world, code) == first
    assert contest(world, never) == strange
    withdraw_listing(world.centre, row.listing_id, LISTER, "cleared")
    assert contest(world, code) == first
    assert Contest.objects.count() == 1
    kept = AuditEntry.objects.filter(verb="contest_nothing")
    assert kept.exists()
    assert not any(never in entry.subject + entry.detail_json for entry in kept)


def test_on_the_hotline_as_well(world: TestCentre) -> None:
    """For somebody the operator has made sure of; the same words where nothing is listed."""
    row = listed(world)
    other = parse_subject("phone", "+66899999999", "TH")
    receipts = [contest_subject(world.centre, about, (WHY,), LISTER) for about in (PHONE, other)]
    assert len({receipt.answer_within_days for receipt in receipts}) == 1
    assert Contest.objects.get().listing == fresh(row)
    assert Contest.objects.get().via == "hotline"


def test_the_same_code_adds_to_the_evidence(world: TestCentre) -> None:
    """Nothing that was said before changes; beyond the bound the rest is left out."""
    row = listed(world)
    code = code_of(world, row)
    contest(world, code)
    contest(world, code, *(f"page {i}" for i in range(EVIDENCE_MAX)))
    texts = list(ContestEvidence.objects.order_by("number").values_list("text", flat=True))
    assert (texts[:2], len(texts)) == ([WHY, "page 0"], EVIDENCE_MAX)


@pytest.mark.parametrize("texts", [(), (" ",), ("x" * 20_001,), ("x",) * (EVIDENCE_MAX + 1)])
def test_a_contest_says_why(world: TestCentre, texts: tuple[str, ...]) -> None:
    """In words, and within bounds."""
    row = listed(world)
    with pytest.raises(Refused):
        contest_listing(world.centre, code_of(world, row), texts, Via.PAGE, LISTER)
    assert not Contest.objects.exists()


def test_an_answer_needs_a_reason_in_words(world: TestCentre) -> None:
    """A dot is none."""
    row = listed(world)
    contest(world, code_of(world, row))
    contest_id = Contest.objects.get().contest_id
    with pytest.raises(Refused):
        decide_contest(world.centre, contest_id, REVIEWER, uphold=False, reason=".")
    with pytest.raises(NotFound):
        decide_contest(world.centre, "contest-none", REVIEWER, uphold=False, reason=REASON)
    assert ContestStep.objects.count() == 1


def test_a_slip_in_a_code_is_told(world: TestCentre) -> None:
    """Every slip of one sign; how it is written otherwise does not matter."""
    code = code_of(world, listed(world))
    assert read_code(code.lower().replace("-", " ").replace("0", "o")) == code
    for place, sign in enumerate(code):
        if sign != "-":
            other = "Z" if sign != "Z" else "Y"
            with pytest.raises(Refused):
                read_code(code[:place] + other + code[place + 1 :])


def test_both_sides_can_check_a_code(world: TestCentre) -> None:
    """The notice bears four digits that an impostor does not know; reading them is on record."""
    row = listed(world)
    code = code_of(world, row)
    bears = code_for_notice(world.centre, row.listing_id, LISTER)
    assert bears == (code, countersign(world.centre.person_key, code))
    read = read_notice(world.centre, code)
    assert read is not None
    assert read.countersign == bears[1]
    assert AuditEntry.objects.filter(verb="read_contest_code").count() == 2
    contest(world, code)
    with pytest.raises(Conflict):
        code_for_notice(world.centre, row.listing_id, LISTER)


def test_upheld_the_holds_of_the_case_are_put_before_a_person(world: TestCentre) -> None:
    """The account was listed and held for one case: the release waits for somebody's word."""
    victim, mule = account(1, 1), account(2, 2)
    world.write([pay("P", victim, mule, 100)])
    order = world.hold(world.report("P").orders[0])
    confirm_claim(world.centre, order.claim.claim_id, actor_of(bank(1)), name_matches=True)
    told = first_account(reference="", case_number=order.case.number)
    row = list_subject(world.centre, ToList(parse_subject("account", mule, "TH"), told), LISTER)
    contest(world, code_of(world, row))
    decide(world, uphold=True)
    assert open_reviews() == ["release"]


def test_figures_say_how_listings_fare(world: TestCentre) -> None:
    """How many, how many contested and upheld, how long an answer took."""
    row = listed(world)
    put(world, reference="F-2")
    contest(world, code_of(world, row))
    world.pass_time(hours=48)
    decide(world, uphold=True)
    (found,) = figures(world.now_us)
    assert (found.standing, found.ended, found.contested, found.upheld) == (1, 1, 1, 1)
    assert found.days_to_answer == 2.0
    assert figures(world.now_us, "TH.NOBODY") == []
