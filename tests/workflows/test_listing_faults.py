"""Bad input and faults of listing: what is no subject, what contradicts, what no law carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.workflows.centre_kit import LAW, TestCentre, account
from tests.workflows.registry_kit import (
    APPROVER,
    BANK,
    LISTER,
    OTHER_BANK,
    PHONE,
    assert_feed_is_true,
    banks,
    fresh,
    ground,
    put,
    said,
)

from holdfast.core.errors import Conflict, Refused
from holdfast.core.instant import format_instant
from holdfast.law.law import Law
from holdfast.law.tier import Event
from holdfast.records.models import AuditEntry
from holdfast.registry.code import contest_code
from holdfast.registry.contest import Via
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file, read_key
from holdfast.registry.models import Contest
from holdfast.registry.screening import Registry
from holdfast.registry.subject import parse_subject
from holdfast.workflows.apply_feed import rebuild_index
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.contest_listing import contest_listing, contest_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.withdraw_listing import withdraw_listing

LIGHT_GREY, DARK_BROWN, LIGHT_BROWN = 30, 20, 10


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("account", "TH.XXXXX.004.0123456789", "account_scheme_unknown"),
        ("account", "XX.THCBC.004.0123456789", "account_country_unknown"),
        ("account", "TH.THCBC.00A.0123456789", "account_member_form"),
        ("account", "0123456789", "account_form"),
        ("account", "TH.THCBC.004.", "account_form"),
        ("proxy", "TH.NOPAY.MBNO.+66812345678", "proxy_scheme_unknown"),
        ("proxy", "TH.PROMPTPAY.MBNO.+6681234567A", "proxy_value_form"),
        ("phone", "08A-234-5678", "phone_unreadable"),
        ("phone", "+999 12", "phone_unreadable"),
        ("wallet", "ETH:0x12", "wallet_unknown"),
        ("person", "TH.NIDN.11000000O0008", "person_form"),
        ("ship", "x", "subject_kind_unknown"),
    ],
)
def test_what_is_no_subject_is_told_by_its_code(kind: str, text: str, code: str) -> None:
    """Scheme, country, letters among digits: nothing is guessed, and no clear id is shown."""
    with pytest.raises(Refused) as refused:
        parse_subject(kind, text, "TH", b"a key of sixteen")
    assert refused.value.code == code


def ending(event: Event, last: date) -> Law:
    """Return the law with the basis of an event ending on a day."""
    there = LAW.tier_files["TH"]
    moves = tuple(replace(move, until=last) for move in there.moves[event])
    tiers = replace(there, moves=MappingProxyType({**there.moves, event: moves}))
    return replace(LAW, tier_files=MappingProxyType({**LAW.tier_files, "TH": tiers}))


def test_a_listing_ends_with_its_legal_basis(world: TestCentre) -> None:
    """At the end of its last day in the country; after that nothing is listed or approved on it."""
    world.centre = replace(world.centre, law=ending(Event.POLICE_COMPLAINT, date(2026, 11, 22)))
    row = put(world, event=Event.POLICE_COMPLAINT)
    late = put(world, event=Event.POLICE_COMPLAINT, reference="F-2")
    approve_listing(world.centre, row.listing_id, APPROVER, approve=True, reason="checked")
    assert format_instant(row.until_us) == "2026-11-22T17:00:00Z"
    world.now_us = row.until_us - 1
    world.work()
    assert fresh(row).state == "standing"
    world.now_us += 1
    world.work()
    assert {fresh(each).state for each in (row, late)} == {"lapsed"}
    assert said() is None
    brown = put(world, event=Event.BANK_SUSPICION, reference="F-3")
    with pytest.raises(Refused) as refused:
        put(world, event=Event.POLICE_COMPLAINT, reference="F-4")
    assert refused.value.code == "law_not_in_force"
    with pytest.raises(Refused) as refused:
        move_tier(world.centre, brown.listing_id, ground(Event.POLICE_COMPLAINT), LISTER)
    assert refused.value.code == "law_not_in_force"
    assert fresh(brown).state == "standing"


def test_one_number_at_two_banks_is_two_accounts(world: TestCentre, tmp_path: Path) -> None:
    """What is listed at one bank says nothing of the same number at another, in the index too."""
    banks()
    here, there = account(2, 7), account(3, 7)
    put(world, parse_subject("account", here, "TH"), Event.BANK_CONFIRMED, BANK)
    (tmp_path / "registry").mkdir()
    rebuild_index(tmp_path, lambda count: bytes(range(count)), lambda _: None)
    registry = Registry(Index.open(index_file(tmp_path), read_key(tmp_path)), LAW, "TH")
    tiers = [
        registry.screen_one(key, "account", "bank", world.now_us).tier for key in (here, there)
    ]
    assert tiers == ["dark_brown", None]


def test_what_two_institutions_say_differently_stands_side_by_side(world: TestCentre) -> None:
    """The strictest is answered; each one's twice is refused; what one takes back is one's own."""
    banks()
    sure = put(world, event=Event.BANK_CONFIRMED, actor=BANK)
    put(world, event=Event.BANK_SUSPICION, actor=OTHER_BANK)
    told = put(world, event=Event.VICTIM_REPORT, actor=OTHER_BANK, reference="F-2", days=1)
    for event, actor in ((Event.BANK_CONFIRMED, BANK), (Event.BANK_SUSPICION, OTHER_BANK)):
        with pytest.raises(Conflict) as refused:
            put(world, event=event, actor=actor)
        assert refused.value.code == "listing_stands"
    tiers = [strictest()]
    world.now_us = told.until_us
    world.work()
    tiers.append(strictest())
    withdraw_listing(world.centre, sure.listing_id, BANK, "cleared at the branch")
    tiers.append(strictest())
    assert tiers == [LIGHT_GREY, DARK_BROWN, LIGHT_BROWN]
    assert_feed_is_true(world)


def strictest() -> int:
    """Return the tier by which the phone of these tests is answered."""
    standing = said()
    assert standing is not None
    return standing.tier


def test_who_is_not_listed_appeals_and_learns_nothing(world: TestCentre) -> None:
    """Listed or not, by a code or by the hotline: one answer; what is kept names nobody."""
    put(world)
    stranger = parse_subject("phone", "+66899999999", "TH")
    listed, unlisted = (
        contest_subject(world.centre, about, ["it is mine"], LISTER) for about in (PHONE, stranger)
    )
    never = contest_code(b"another key, 32 bytes long ......", "listing-x", 1)
    by_code = contest_listing(world.centre, never, ["it is mine"], Via.PAGE, LISTER)
    days = {each.answer_within_days for each in (listed, unlisted, by_code)}
    lengths = {len(each.receipt) for each in (listed, unlisted, by_code)}
    assert (len(days), len(lengths)) == (1, 1)
    assert Contest.objects.count() == 1
    for entry in AuditEntry.objects.filter(verb="contest_nothing"):
        kept = entry.subject + entry.detail_json
        assert stranger.key not in kept
        assert never not in kept
