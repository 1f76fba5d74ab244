"""Listings looked up by hand: what is found by which text, at which pace, and what is on record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import LISTER, PHONE, REVIEWER, put

from holdfast.core.errors import Forbidden, Refused
from holdfast.records.models import AuditEntry
from holdfast.registry.lookup import TEXT_LENGTH_MAX, By, Purpose
from holdfast.registry.names import Reason
from holdfast.registry.subject import parse_subject
from holdfast.registry.throttle import AskedTooOften
from holdfast.workflows.look_up import PACE, Asked, Found, hash_of, look_up

pytestmark = pytest.mark.django_db
LINK = parse_subject("link", "https://scam.example/100%_sure", "TH")
HANDLE = parse_subject("handle", "line:@rich_now", "TH")


@pytest.fixture
def world(tmp_path: Path) -> TestCentre:
    """A centre with a phone, a link and a handle listed."""
    made = TestCentre(tmp_path / "ledger")
    for subject in (PHONE, LINK, HANDLE):
        put(made, subject)
    return made


def _asked(text: str, by: By = By.PART, **more: Any) -> Asked:
    return Asked(by, text, Purpose.ENQUIRY, **more)


def _keys(found: Found) -> list[str]:
    return [row.subject_key for candidate in found.candidates for row in candidate.listings]


@pytest.mark.parametrize(
    "text",
    [
        "081-234",
        "0812",
        "+66 81 234",
        "(081) 234.5678",
        "0066812345678",
        "๐๘๑-๒๓๔",
        "\u202e081\u200b-234\u2069",
        " 6681234 ",
    ],
)
def test_a_number_is_found_as_people_write_it(world: TestCentre, text: str) -> None:
    """As it is dialled at home or abroad, in Thai digits, with marks that nobody sees."""
    assert _keys(look_up(world.centre, _asked(text), LISTER)) == [PHONE.key]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%%%%", []),
        ("____", []),
        ("0000", []),
        ("0-0.0", []),
        ("(((--", []),
        ("'; --", []),
        ("100%", [LINK.key]),
        ("rich_now", [HANDLE.key]),
        ("rich-now", []),
        ("SCAM.Example", [LINK.key]),
        ("²²²²", []),
    ],
)
def test_no_sign_means_anything(world: TestCentre, text: str, found: list[str]) -> None:
    """What a database takes for any sign stands for itself, and zeros alone are no number."""
    assert _keys(look_up(world.centre, _asked(text), LISTER)) == found


@given(text=st.text(max_size=TEXT_LENGTH_MAX * 11), by=st.sampled_from(By))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered_or_refused(world: TestCentre, text: str, by: By) -> None:
    """In a sentence with a code that is about the text; nothing breaks."""
    world.now_us += 60_000_000
    try:
        look_up(world.centre, _asked(text, by), LISTER)
    except Refused:
        return
    assert AuditEntry.objects.filter(verb="look_up").exists()


def test_a_reason_stands_with_each(world: TestCentre) -> None:
    """Of a part and of a person."""
    (part,) = look_up(world.centre, _asked("081234"), LISTER).candidates
    assert (part.reason, part.hint) == (Reason.IN_SUBJECT, None)
    person = parse_subject("person", "TH.NIDN.3100600445635", "TH", world.centre.person_key)
    put(world, person)
    by_id = _asked("TH.NIDN.3100600445635", By.PERSON)
    (known,) = look_up(world.centre, by_id, LISTER).candidates
    assert (known.reason, known.listings[0].subject_key) == (Reason.SAME_PERSON, person.key)


def test_the_pace_is_a_persons_own(world: TestCentre) -> None:
    """In whatever process; another is not slowed, and after a while there is more."""
    for _ in range(PACE.size):
        look_up(world.centre, _asked("081234"), LISTER)
    with pytest.raises(AskedTooOften, match="look up again in 10 s"):
        look_up(world.centre, _asked("081234"), LISTER)
    look_up(world.centre, _asked("081234"), REVIEWER)
    world.now_us += 10_000_000
    look_up(world.centre, _asked("081234"), LISTER)


def test_no_program_looks_up(world: TestCentre) -> None:
    """Behind the actor there is one person."""
    with pytest.raises(Forbidden, match="only a person"):
        look_up(world.centre, _asked("081234"), replace(LISTER, person=""))


def test_who_looked_for_somebody_can_be_told(world: TestCentre) -> None:
    """By the keyed hash of what was looked for, however it was typed; the text is not kept."""
    look_up(world.centre, _asked("Mr. SOMCHAI  Jaidee", By.NAME), LISTER)
    entry = AuditEntry.objects.get(verb="look_up")
    assert entry.detail["asked"] == hash_of(world.centre, By.NAME, "somchai jaidee")
    assert entry.detail["asked"] != hash_of(world.centre, By.NAME, "somchai jaide")
    assert "jaidee" not in entry.detail_json.casefold()
    ids = ("TH.NIDN.3100600445635", "TH.NIDN.3-1006-00445-63-5")
    assert len({hash_of(world.centre, By.PERSON, text) for text in ids}) == 1


def test_the_purpose_is_about_something_that_is_there(world: TestCentre) -> None:
    """The look-up stands in that one's history."""
    row = put(world, reference="F-2")
    about = replace(_asked("081234"), purpose=Purpose.LISTING, reference=row.listing_id)
    look_up(world.centre, about, LISTER)
    assert AuditEntry.objects.get(verb="look_up").subject == f"listing:{row.listing_id}"
    with pytest.raises(Refused, match="give the number"):
        look_up(world.centre, replace(about, reference=""), LISTER)
