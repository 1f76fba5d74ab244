"""Mergers: an account asked about by the old code or the new gets one answer, whenever it was listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workflows.centre_kit import TestCentre, account, bank
from tests.workflows.registry_kit import (
    APPROVER,
    BANK,
    LISTER,
    OTHER_BANK,
    REVIEWER,
    assert_feed_is_true,
    banks,
    code_of,
    feed,
    fresh,
    ground,
    put,
    said,
)

from holdfast.core.errors import Conflict
from holdfast.law.tier import Event
from holdfast.registry import canonical, merged
from holdfast.registry.contest import Via
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file, read_key
from holdfast.registry.models import Contest, Listing, ListingStep
from holdfast.registry.screening import Registry
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.workflows.apply_feed import rebuild_index
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.break_glass import break_glass, review_glass
from holdfast.workflows.contest_listing import contest_listing
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.follow_mergers import follow_merger, plan_mergers
from holdfast.workflows.list_subject import ToList
from holdfast.workflows.move_tier import move_tier

OLD_BANK, NEW_BANK = bank(72), bank(73)
OLD, NEW = account(72, 9), account(73, 9)


@pytest.fixture(autouse=True)
def _not_merged(world: TestCentre, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin before the merger: no bank of these tests has a successor."""
    banks()
    _know(monkeypatch, {})
    yield
    canonical._excepted.cache_clear()


def _know(monkeypatch: pytest.MonkeyPatch, table: dict[str, str]) -> None:
    """Let the table of merged banks be another."""
    monkeypatch.setattr(merged, "successors", lambda: table)
    monkeypatch.setattr(canonical, "successors", lambda: table)
    monkeypatch.setattr("holdfast.workflows.follow_mergers.successors", lambda: table)
    canonical._excepted.cache_clear()


def merge(monkeypatch: pytest.MonkeyPatch, world: TestCentre) -> None:
    """Bring a release that knows of the merger, and do what is due."""
    _know(monkeypatch, {OLD_BANK: NEW_BANK})
    plan_mergers(world.centre)
    world.work()


def old_subject() -> Subject:
    """Return the account as it was known before the merger."""
    return Subject(SubjectKind.ACCOUNT, OLD)


def asked(home: Path, world: TestCentre) -> list[tuple[str | None, int | None]]:
    """Return what an index made anew answers, by the old code and by the new."""
    rebuild_index(home, lambda count: bytes(range(count)), lambda _: None)
    registry = Registry(Index.open(index_file(home), read_key(home)), world.centre.law, "TH")
    found = [registry.screen_one(key, "account", "bank", world.now_us) for key in (OLD, NEW)]
    return [(answer.tier, answer.until_us) for answer in found]


def test_both_codes_get_one_answer(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed before the merger, asked about after it: same tier, same end, dated in the history."""
    (tmp_path / "registry").mkdir()
    row = put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    assert asked(tmp_path, world) == [("dark_brown", row.until_us), (None, None)]
    world.pass_time(hours=5)
    merge(monkeypatch, world)
    assert asked(tmp_path, world) == [("dark_brown", row.until_us)] * 2
    now = Listing.objects.get(state="standing")
    assert (now.subject_key, now.listed_by, now.listed_us) == (NEW, row.listed_by, row.listed_us)
    assert (fresh(row).state, fresh(row).reason, now.replaces_id) == (
        "replaced",
        "bank_merged",
        row.id,
    )
    assert ListingStep.objects.get(listing=now).at_us == world.now_us
    assert [op for _, op, _ in feed()] == ["set", "set", "retract"]
    assert_feed_is_true(world)


def test_it_is_done_once(world: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again, or with nothing listed so, nothing is changed."""
    merge(monkeypatch, world)
    assert feed() == []
    _know(monkeypatch, {})
    put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    merge(monkeypatch, world)
    before = feed()
    assert follow_merger(world.centre, OLD_BANK) == 0
    assert feed() == before


def test_a_contest_goes_along(world: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock stays, the code of the first notice stays good, and the answer counts."""
    row = put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    code = code_of(world, row)
    contest_listing(world.centre, code, ["mine"], Via.PAGE, LISTER)
    due_us = Contest.objects.get().due_us
    merge(monkeypatch, world)
    contest = Contest.objects.get()
    assert (contest.listing.subject_key, contest.listing.disputed, contest.due_us) == (
        NEW,
        True,
        due_us,
    )
    contest_listing(world.centre, code, ["more"], Via.PAGE, LISTER)
    assert contest.evidence.count() == 2
    decide_contest(
        world.centre, contest.contest_id, REVIEWER, uphold=True, reason="the account is theirs"
    )
    assert said(parse_subject("account", OLD, "TH")) is None
    assert_feed_is_true(world)


def test_an_upheld_contest_is_not_forgotten(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removed under the old code, the same is not listed again under the new."""
    row = put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    contest_listing(world.centre, code_of(world, row), ["mine"], Via.PAGE, LISTER)
    contest_id = Contest.objects.get().contest_id
    decide_contest(world.centre, contest_id, REVIEWER, uphold=True, reason="the account is theirs")
    merge(monkeypatch, world)
    for reference, code in (("F-1", "listing_was_contested"), ("F-2", "listing_in_doubt")):
        with pytest.raises(Conflict) as refused:
            put(
                world,
                parse_subject("account", NEW, "TH"),
                Event.BANK_CONFIRMED,
                BANK,
                reference=reference,
            )
        assert refused.value.code == code


def test_what_is_suspended_proposed_or_made_alone_goes_along(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each as it was: suspended stays so, a move waits for what it is to replace, the hour counts."""
    late = put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    contest_listing(world.centre, code_of(world, late), ["mine"], Via.PAGE, LISTER)
    world.now_us = Contest.objects.get().due_us
    world.work()
    assert fresh(late).state == "suspended"
    first = put(world, old_subject(), Event.BANK_SUSPICION, OTHER_BANK)
    move = move_tier(world.centre, first.listing_id, ground(Event.POLICE_COMPLAINT), OTHER_BANK)
    wanted = ToList(old_subject(), ground(Event.BANK_CONFIRMED))
    alone = break_glass(world.centre, wanted, LISTER, "attack")
    merge(monkeypatch, world)
    there = {
        (row.institution_id, row.state): row for row in Listing.objects.filter(subject_key=NEW)
    }
    assert set(there) == {
        (bank(2), "suspended"),
        (bank(3), "standing"),
        (bank(3), "proposed"),
        ("TH.AOC", "standing"),
    }
    assert {fresh(row).state for row in (late, first, move, alone)} == {"replaced"}
    approve_listing(
        world.centre,
        there[bank(3), "proposed"].listing_id,
        APPROVER,
        approve=True,
        reason="checked",
    )
    assert fresh(there[bank(3), "standing"]).state == "replaced"
    review_glass(world.centre, alone.listing_id, APPROVER, justified=False, reason="no attack")
    assert fresh(there["TH.AOC", "standing"]).state == "withdrawn"
    assert_feed_is_true(world)


def test_listed_anew_meanwhile_is_one_listing(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the new code by the same lister, before the old one went over: that one counts."""
    row = put(world, old_subject(), Event.BANK_CONFIRMED, BANK)
    contest_listing(world.centre, code_of(world, row), ["mine"], Via.PAGE, LISTER)
    anew = put(world, Subject(SubjectKind.ACCOUNT, NEW), Event.BANK_CONFIRMED, BANK)
    merge(monkeypatch, world)
    assert (fresh(row).state, fresh(anew).state, fresh(anew).disputed) == (
        "replaced",
        "standing",
        True,
    )
    assert Contest.objects.get().listing_id == anew.id
    standing = said(Subject(SubjectKind.ACCOUNT, NEW))
    assert standing is not None
    assert standing.disputed
    assert_feed_is_true(world)


def test_an_account_is_found_by_what_it_was_known_as(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of before lead to that of today, and back; another bank's stay as they are."""
    _know(monkeypatch, {OLD_BANK: NEW_BANK})
    assert (merged.current_key(OLD), merged.current_key(NEW)) == (NEW, NEW)
    assert (merged.former_keys(NEW), merged.former_keys(OLD)) == ((OLD,), ())
    assert merged.current_key(account(2, 1)) == account(2, 1)
