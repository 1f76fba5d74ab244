"""Listing and its ends: who must approve, what stands, what the feed says of it."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import TestCentre, account, letters
from tests.workflows.registry_kit import (
    ACCOUNT,
    APPROVER,
    BANK,
    LISTER,
    OTHER_BANK,
    PERSON,
    PHONE,
    assert_feed_is_true,
    banks,
    feed,
    first_account,
    fresh,
    ground,
    put,
    said,
)

from holdfast.cases.models import Case
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry
from holdfast.registry.ground import Involvement, Link
from holdfast.registry.models import FeedEntry, Listing, ListingStep
from holdfast.registry.subject import parse_subject
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.lapse_listing import lapse_listing
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.withdraw_listing import close_unfounded, withdraw_listing

LIGHT_GREY, DARK_GREY, BLACK, DARK_BROWN, LIGHT_BROWN = 30, 40, 50, 20, 10


def approve(world: TestCentre, row: Listing, actor: Actor = APPROVER, *, yes: bool = True) -> None:
    """Let a second person decide."""
    approve_listing(world.centre, row.listing_id, actor, approve=yes, reason="checked")


def test_a_listing_stands_and_the_feed_says_so(world: TestCentre) -> None:
    """Row, history, audit, feed, lapse and notice are all there at once."""
    row = put(world)
    assert (row.state, row.tier, row.until_us) == (
        "standing",
        "light_grey",
        world.now_us + 30 * DAY_US,
    )
    standing = said()
    assert standing is not None
    assert (standing.tier, standing.disputed, standing.until_us) == (
        LIGHT_GREY,
        False,
        row.until_us,
    )
    assert ListingStep.objects.filter(listing=row).count() == 1
    entry = AuditEntry.objects.get(subject=f"listing:{row.listing_id}")
    assert PHONE.key not in entry.detail_json
    world.work()
    (notice,) = letters("notice")
    assert notice["standing"] == "reported_not_proven"
    assert notice["answer_within_days"] == 7
    assert PHONE.key not in str(notice)


def test_a_top_tier_waits_for_a_second_person(world: TestCentre) -> None:
    """Nobody hears of it before; who proposed it cannot approve it, also by another key."""
    row = put(world, event=Event.POLICE_COMPLAINT)
    assert (row.state, feed()) == ("proposed", [])
    mine = Actor("key:TH.AOC/k9", "TH.AOC", frozenset(Scope), is_centre=True, person=LISTER.person)
    for actor in (LISTER, mine):
        for yes in (True, False):
            with pytest.raises(Forbidden):
                approve(world, row, actor, yes=yes)
    approve(world, row)
    assert fresh(row).approved_by == APPROVER.name
    assert feed() == [(1, "set", DARK_GREY)]
    with pytest.raises(Conflict):
        approve(world, row)


def test_a_person_needs_two_people_in_any_tier(world: TestCentre) -> None:
    """What binds all of a person's accounts is never one person's doing."""
    row = put(world, PERSON, Event.BANK_SUSPICION)
    assert (row.tier, row.state) == ("light_brown", "proposed")
    approve(world, row)
    standing = said(PERSON)
    assert standing is not None
    assert standing.tier == LIGHT_BROWN


def test_who_decided_does_not_approve(world: TestCentre) -> None:
    """Also where somebody else wrote it down."""
    row = put(world, event=Event.POLICE_COMPLAINT, decided_by=APPROVER.person)
    with pytest.raises(Forbidden) as refused:
        approve(world, row)
    assert refused.value.code == "own_request"


def test_refused_nothing_was_ever_said(world: TestCentre) -> None:
    """The second person's no ends it; nobody is told."""
    row = put(world, event=Event.POLICE_COMPLAINT)
    approve(world, row, yes=False)
    world.work()
    assert (fresh(row).state, feed(), letters("notice")) == ("refused", [], [])


@pytest.mark.parametrize("involvement", [Involvement.COERCED, Involvement.STOLEN_IDENTITY])
def test_victims_are_not_listed_as_persons(world: TestCentre, involvement: Involvement) -> None:
    """Who was forced or whose identity was stolen; the account that was used may be."""
    with pytest.raises(Refused) as refused:
        put(world, PERSON, Event.BANK_CONFIRMED, involvement=involvement)
    assert refused.value.code == "ground_person_spared"
    assert put(world, ACCOUNT, Event.BANK_CONFIRMED, involvement=involvement).state == "standing"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"link": Link.FIRST_ACCOUNT}, "ground_unconfirmed"),
        ({"link": Link.FURTHER_ACCOUNT, "behaviour": ""}, "ground_behaviour_missing"),
        ({"link": Link.FURTHER_ACCOUNT, "decided_by": " "}, "ground_nobody_decided"),
        ({"behaviour": "received"}, "ground_behaviour_missing"),
        ({"reference": ""}, "ground_nothing_behind"),
        ({"event": Event.CASE_UNFOUNDED}, "ground_lists_nobody"),
        ({"event": Event.OFFICIAL_LIST, "evidence": Grade.CONFIRMED}, "ground_evidence_weak"),
    ],
)
def test_receipt_of_money_alone_lists_nobody(
    world: TestCentre, more: dict[str, object], code: str
) -> None:
    """Each ground that does not carry is refused by name, and nothing is written."""
    wanted = ToList(ACCOUNT, ground(**more))  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        list_subject(world.centre, wanted, LISTER)
    assert refused.value.code == code
    assert not Listing.objects.exists()


def test_a_wallet_further_along_the_trail_needs_behaviour_too(world: TestCentre) -> None:
    """Told of by the victim it is named by that; where money came on to it, that is no ground."""
    wallet = parse_subject("wallet", "BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "TH")
    told = ground(behaviour="", link=Link.FURTHER_ACCOUNT)
    with pytest.raises(Refused) as refused:
        list_subject(world.centre, ToList(wallet, told), LISTER)
    assert refused.value.code == "ground_behaviour_missing"
    told_of = ground(behaviour="", link=Link.NOT_BY_MONEY)
    assert list_subject(world.centre, ToList(wallet, told_of), LISTER).state == "standing"


def test_the_first_account_is_listed_as_that_account_only(world: TestCentre) -> None:
    """Without behaviour and a named person; nobody behind it."""
    banks()
    told = first_account(behaviour="", decided_by="")
    assert list_subject(world.centre, ToList(ACCOUNT, told), OTHER_BANK).state == "standing"
    with pytest.raises(Refused) as refused:
        list_subject(world.centre, ToList(PERSON, told), OTHER_BANK)
    assert refused.value.code == "ground_receipt_alone"


@pytest.mark.parametrize("actor", [BANK, LISTER])
@pytest.mark.parametrize("paid_from", ["", account(3, 1), "TH.THCBC.003"])
def test_only_the_bank_that_sent_it_confirms_a_payment(
    world: TestCentre, actor: Actor, paid_from: str
) -> None:
    """Another's word, the centre's without a case too, lists nobody; nothing is written."""
    banks()
    told = first_account(behaviour="", decided_by="", paid_from=paid_from)
    with pytest.raises(Refused) as refused:
        list_subject(world.centre, ToList(ACCOUNT, told), actor)
    assert refused.value.code in ("ground_not_sender", "account_form")
    assert not Listing.objects.exists()


def test_two_institutions_two_listings_one_standing(world: TestCentre) -> None:
    """The strictest counts; when it goes, the other is what is left; then nothing is."""
    banks()
    brown = put(world, event=Event.BANK_CONFIRMED, actor=OTHER_BANK)
    light = put(world, event=Event.BANK_SUSPICION, actor=BANK)
    assert feed() == [(1, "set", DARK_BROWN)]
    withdraw_listing(world.centre, brown.listing_id, OTHER_BANK, "a mistake")
    assert feed()[1:] == [(2, "set", LIGHT_BROWN)]
    withdraw_listing(world.centre, light.listing_id, BANK, "a mistake")
    assert feed()[2:] == [(3, "retract", 0)]
    assert_feed_is_true(world)


def test_the_same_twice_is_refused(world: TestCentre) -> None:
    """By the same institution on the same ground; on another case it is another listing."""
    put(world)
    with pytest.raises(Conflict) as refused:
        put(world)
    assert refused.value.code == "listing_stands"
    assert put(world, reference="F-2").state == "standing"
    assert len(feed()) == 1


def test_one_by_one_is_no_way_round_a_second_person(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what the law lets an institution list alone in a day the next waits; not the centre's."""
    banks()
    number = type(world.centre.law).registry_number
    monkeypatch.setattr(
        type(world.centre.law),
        "registry_number",
        lambda law, country, name, on: (
            3 if name == "alone_listings" else number(law, country, name, on)
        ),
    )
    by = {BANK: 5, OTHER_BANK: 1, LISTER: 5}
    states = {
        actor.institution_id: [
            put(world, event=Event.BANK_SUSPICION, actor=actor, reference=f"F-{i}").state
            for i in range(count)
        ]
        for actor, count in by.items()
    }
    assert states == {
        BANK.institution_id: ["standing"] * 3 + ["proposed"] * 2,
        OTHER_BANK.institution_id: ["standing"],
        LISTER.institution_id: ["standing"] * 5,
    }
    world.pass_time(hours=24)
    assert put(world, event=Event.BANK_SUSPICION, actor=BANK, reference="F-9").state == "standing"


def test_only_its_maker_or_the_centre_withdraws(world: TestCentre) -> None:
    """To another bank the listing is not there."""
    banks()
    row = put(world, event=Event.BANK_SUSPICION, actor=BANK)
    with pytest.raises(NotFound):
        withdraw_listing(world.centre, row.listing_id, OTHER_BANK, "not mine")
    withdraw_listing(world.centre, row.listing_id, APPROVER, "cleared")
    assert fresh(row).state == "withdrawn"


def test_who_may_list_is_data(world: TestCentre) -> None:
    """A bank does not list from the authority's list; a stranger lists nothing."""
    banks()
    for actor in (BANK, Actor("key:TH.X/k", "TH.X")):
        with pytest.raises(Refused) as refused:
            put(world, event=Event.OFFICIAL_LIST, actor=actor)
        assert refused.value.code == "lister_not_allowed"


def test_a_listing_lapses_on_time(world: TestCentre) -> None:
    """Not a microsecond early; then the feed takes it back."""
    row = put(world, days=2)
    world.now_us = row.until_us - 1
    world.work()
    assert not lapse_listing(world.centre, row.listing_id)
    world.now_us += 1
    world.work()
    assert (fresh(row).state, fresh(row).ended_us) == ("lapsed", row.until_us)
    assert feed()[-1] == (2, "retract", 0)


def test_a_proposal_lapses_too(world: TestCentre) -> None:
    """Nobody looked: it ends, and cannot be approved any more."""
    row = put(world, event=Event.POLICE_COMPLAINT, days=1)
    world.pass_time(hours=24)
    with pytest.raises(Conflict) as refused:
        approve(world, row)
    assert refused.value.code == "listing_out_of_time"
    world.work()
    assert (fresh(row).state, feed()) == ("lapsed", [])


def test_a_listing_never_outlasts_its_tier(world: TestCentre) -> None:
    """Fewer days may be asked for, never more."""
    for days in (0, 31):
        with pytest.raises(Refused) as refused:
            put(world, days=days)
        assert refused.value.code == "listing_days"


def test_an_account_of_a_merged_bank_is_one_subject(world: TestCentre) -> None:
    """Listed under the old code, it is found under the new."""
    old = parse_subject("account", account(65, 5), "TH")
    assert old == parse_subject("account", account(11, 5), "TH")
    put(world, old, Event.BANK_CONFIRMED)
    assert said(parse_subject("account", account(11, 5), "TH")) is not None


def test_a_police_complaint_moves_a_subject(world: TestCentre) -> None:
    """The light grey stands until a second person approves the dark grey, then gives place."""
    former = put(world)
    row = move_tier(world.centre, former.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    assert (row.state, fresh(former).state) == ("proposed", "standing")
    approve(world, row)
    assert (fresh(row).state, fresh(former).state) == ("standing", "replaced")
    assert [tier for _, _, tier in feed()] == [LIGHT_GREY, DARK_GREY]
    with pytest.raises(Conflict):
        move_tier(world.centre, former.listing_id, ground(Event.OFFICIAL_LIST), LISTER)


def test_a_move_without_a_second_person_takes_effect_at_once(world: TestCentre) -> None:
    """The suspicion is made sure of: dark brown in place of light brown."""
    banks()
    wanted = ToList(PHONE, ground(Event.BANK_SUSPICION), source_country="LA")
    former = list_subject(world.centre, wanted, BANK)
    row = move_tier(world.centre, former.listing_id, ground(Event.BANK_CONFIRMED), BANK)
    assert (fresh(row).state, fresh(former).state) == ("standing", "replaced")
    assert row.source_country == "LA"
    assert_feed_is_true(world)


def test_an_unfounded_case_takes_all_of_it_off(world: TestCentre) -> None:
    """Also what was only proposed; only those whom the law names may say so."""
    banks()
    rows = [
        put(world, case_number="TH-2026-000009"),
        put(world, ACCOUNT, Event.POLICE_COMPLAINT, case_number="TH-2026-000009"),
        put(world, reference="F-2"),
    ]
    with pytest.raises(Refused):
        close_unfounded(world.centre, "TH-2026-000009", BANK)
    assert close_unfounded(world.centre, "TH-2026-000009", LISTER) == 2
    assert [fresh(row).state for row in rows] == ["withdrawn", "withdrawn", "standing"]


def test_a_merged_case_takes_its_listings_off_too(world: TestCentre) -> None:
    """Listed under the number before the merge, found under the one after it."""
    before, after = (
        Case.objects.create(number=f"TH-2026-00000{number}", opened_us=world.now_us)
        for number in (7, 8)
    )
    row = put(world, case_number=before.number)
    Case.objects.filter(id=before.id).update(merged_into=after)
    assert close_unfounded(world.centre, after.number, LISTER) == 1
    assert fresh(row).state == "withdrawn"


def test_a_basis_that_expired_carries_no_approval(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law of the day of approval counts: proposed before, gone by then."""
    row = put(world, event=Event.POLICE_COMPLAINT)

    def gone(*_: object) -> None:
        raise Refused("law_not_in_force", "not in force")

    monkeypatch.setattr(type(world.centre.law), "move", gone)
    with pytest.raises(Conflict) as refused:
        approve(world, row)
    assert refused.value.code == "listing_basis_gone"
    assert fresh(row).state == "proposed"


def test_every_entry_names_the_listing_behind_it(world: TestCentre) -> None:
    """From the feed one finds the step that brought it about."""
    row = put(world)
    assert FeedEntry.objects.get().listing_id == row.listing_id
