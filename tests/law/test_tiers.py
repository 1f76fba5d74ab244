"""Tiers as data: what they say on a day, and files that cannot be used."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from holdfast.core.errors import Refused
from holdfast.law.errors import LawError
from holdfast.law.law import TIERS, Law
from holdfast.law.page import page
from holdfast.law.tier import AskerKind, Effect, Event, Grade, Spare
from holdfast.law.tier_law import asker_kind

LAW = Law.load()
TODAY = date(2026, 11, 20)
TEXT = (TIERS / "generic.yaml").read_text(encoding="utf-8")


def test_thailand_has_five_tiers_in_order() -> None:
    """Black down to light brown, the strictest first."""
    names = [tier.name for tier in LAW.tiers("TH", TODAY)]
    assert names == ["black", "dark_grey", "light_grey", "dark_brown", "light_brown"]


@pytest.mark.parametrize(
    ("event", "by", "tier"),
    [
        (Event.VICTIM_REPORT, "bank", "light_grey"),
        (Event.POLICE_COMPLAINT, "police", "dark_grey"),
        (Event.OFFICIAL_LIST, "centre", "black"),
        (Event.BANK_SUSPICION, "e-money", "light_brown"),
        (Event.BANK_CONFIRMED, "bank", "dark_brown"),
        (Event.CASE_UNFOUNDED, "centre", None),
    ],
)
def test_events_move_a_subject(event: Event, by: str, tier: str | None) -> None:
    """As the working group's rules have it."""
    found = LAW.tier_for("TH", event, by, TODAY)
    assert (found.name if found else None) == tier


@pytest.mark.parametrize("by", ["bank", "moon", ""])
def test_not_everybody_may_say_everything(by: str) -> None:
    """The authority's list is entered by the centre alone."""
    with pytest.raises(Refused) as refused:
        LAW.tier_for("TH", Event.OFFICIAL_LIST, by, TODAY)
    assert refused.value.code == "lister_not_allowed"


def test_digital_asset_firms_know_three_tiers() -> None:
    """Black and the greys; the brown ones are not for their eyes."""
    seen = {
        tier.name
        for tier in LAW.tiers("TH", TODAY)
        if LAW.effects("TH", tier.code, AskerKind.DIGITAL_ASSET, TODAY) is not None
    }
    assert seen == {"black", "dark_grey", "light_grey"}


def test_what_a_tier_does_changes_with_the_days() -> None:
    """Incoming to dark grey is blocked from January 2025 on."""
    before, after = (
        LAW.effects("TH", 40, AskerKind.BANK, day) for day in (date(2024, 12, 31), date(2025, 1, 1))
    )
    assert before is not None
    assert after is not None
    assert (before.incoming, after.incoming) == (Effect.NONE, Effect.BLOCK)
    assert LAW.tier_of_code("TH", 30, date(2024, 12, 31)) is None
    assert LAW.effects("TH", 99, AskerKind.BANK, TODAY) is None


def test_what_is_spared_is_for_those_who_hold_the_money() -> None:
    """Dark grey leaves wages, benefits and a minimum free; black and brown say nothing of it."""
    spared = {
        (tier.name, asker): tier.spared_by(asker)
        for tier in LAW.tiers("TH", TODAY)
        for asker in AskerKind
    }
    told = {place for place, spares in spared.items() if spares}
    assert told == {("dark_grey", AskerKind.BANK), ("dark_grey", AskerKind.DIGITAL_ASSET)}
    assert spared["dark_grey", AskerKind.BANK] == tuple(Spare)


def test_a_silent_law_has_the_generic_tiers() -> None:
    """Cautious ones, each with a deadline for contests."""
    names = [tier.name for tier in LAW.tiers("SG", TODAY)]
    assert names == ["listed", "complained", "reported", "suspected"]
    assert LAW.contest_days_max("SG", TODAY) == 7
    assert LAW.contest_way("SG", TODAY)


@pytest.mark.parametrize("country", ["TH", "SG"])
def test_every_event_leads_somewhere_and_ends(country: str) -> None:
    """No tier without an end, a deadline, and a basis; only one that takes off."""
    for event in Event:
        move = LAW.move(country, event, TODAY)
        assert move.legal_basis
        assert move.by
        if move.tier is not None:
            tier = LAW.tier(country, move.tier, TODAY)
            assert 1 <= tier.default_days <= 366
            assert 1 <= tier.contest_days <= 30


def test_before_the_law_nothing_is_allowed() -> None:
    """An event has no basis before its day, and a tier no meaning."""
    early = date(2020, 1, 1)
    for ask in (
        lambda: LAW.move("TH", Event.VICTIM_REPORT, early),
        lambda: LAW.tier("TH", "black", early),
        lambda: LAW.contest_way("TH", early),
        lambda: LAW.registry_number("TH", "bulk_listings", early),
    ):
        with pytest.raises(Refused):
            ask()
    assert LAW.last_day("TH", Event.VICTIM_REPORT, TODAY) is None


def test_kinds_of_institutions_ask_as_what_they_are() -> None:
    """E-money firms as banks; the police have no effects of their own."""
    assert [asker_kind(kind) for kind in ("bank", "e-money", "exchange", "telco")] == [
        AskerKind.BANK,
        AskerKind.BANK,
        AskerKind.DIGITAL_ASSET,
        AskerKind.TELCO,
    ]
    assert asker_kind("police") is None


def test_grades_are_in_order() -> None:
    """What is official is confirmed as well, not the other way."""
    assert Grade.OFFICIAL.reaches(Grade.SUSPECTED)
    assert not Grade.REPORTED.reaches(Grade.CONFIRMED)


def test_the_page_tells_of_every_tier() -> None:
    """With its source, and what needs review."""
    told = page(LAW)
    for tier in LAW.tiers("TH", TODAY):
        assert f"`{tier.name}`" in told
    assert "incoming block" in told


def loaded(folder: Path, text: str) -> Law:
    """Load the law with other generic tiers."""
    for path in TIERS.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "generic.yaml").write_text(text, encoding="utf-8")
    return Law.load(tiers=folder)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("country: generic", "country: XX", "law_country_wrong"),
        ("four_eyes: true", "four_eyes: true\n          more: 1", "law_key_unknown"),
        ("          default_days: 180\n", "", "law_key_missing"),
        ("default_days: 180", "default_days: 0", "law_number_wrong"),
        ("code: 40", "code: 30", "law_tier_code_twice"),
        ("code: 40", "code: 256", "law_number_wrong"),
        ("incoming: block", "incoming: perhaps", "law_word_unknown"),
        ("telco: {service: block}", "telco: {incoming: block}", "law_key_unknown"),
        ("tier: listed", "tier: lost", "law_tier_unknown"),
        ("tier: null", "tier: listed", "law_tier_unknown"),
        ("tier: listed", "tier: null", "law_tier_unknown"),
        ("by: [centre]", "by: []", "law_lister_missing"),
        ("by: [centre]", "by: [neighbour]", "law_word_unknown"),
        ("new_account: block}", "new_account: none}", "law_tier_weaker"),
        ("            telco: {service: block}\n", "", "law_tier_weaker"),
        ("evidence: official", "evidence: rumour", "law_word_unknown"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, old: str, new: str, code: str) -> None:
    """Refused with file and line."""
    assert old in TEXT
    with pytest.raises(LawError) as refused:
        loaded(tmp_path, TEXT.replace(old, new, 1))
    assert refused.value.code == code
    assert refused.value.fields["file"] == "generic.yaml"
    line = refused.value.fields["line"]
    assert isinstance(line, int)
    assert line >= 1


def test_breaking_the_glass_is_an_hour_at_most(tmp_path: Path) -> None:
    """No data make it longer."""
    with pytest.raises(LawError):
        loaded(tmp_path, re.sub(r"(break_glass_minutes:\n    - value: )60", r"\g<1>61", TEXT))


def test_tiers_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    """A listing names the very data it was made under."""
    assert loaded(tmp_path, TEXT).fingerprint == LAW.fingerprint
    assert loaded(tmp_path, TEXT + "\n").fingerprint != LAW.fingerprint
