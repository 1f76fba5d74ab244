"""Institutions and their keys: entered in one form, ended for good, and all of it on record."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.workflows.centre_kit import TestCentre

from holdfast.core.errors import NotFound, Refused
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.people.keys import NotRecognised, actor_of
from holdfast.people.models import Institution, InstitutionKey
from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry
from holdfast.workflows.connect_institution import (
    Connection,
    add_public_key,
    close_institution,
    connect_institution,
    issue_program_key,
    retire_any_key,
)

pytestmark = pytest.mark.django_db

BANK = "TH.THCBC.004"
KEY = SigningKey.new("bank-1").private.public_key()


def _key(valid_from_us: int = 0, retired_us: int | None = None) -> PublicKey:
    return PublicKey("bank-1", KEY, valid_from_us, retired_us)


@pytest.fixture
def world(tmp_path: Path) -> TestCentre:
    """A centre with one bank."""
    test = TestCentre(tmp_path / "ledger")
    connect_institution(test.centre, Connection(BANK, "A bank"), test.centre.itself)
    return test


def _issue(world: TestCentre, days: int = 9) -> str:
    return issue_program_key(
        world.centre,
        BANK,
        [Scope.ORDERS_READ],
        "",
        world.centre.itself,
        lambda count: hashlib.shake_128(b"key").digest(count),
        expires_days=days,
    )


@pytest.mark.parametrize(
    "name", ["", "x", "TH", "TH.", "th.x", "TH.a b", "TH.x\n", "TH.ก", "TH." + "x" * 51, "TH.a/b"]
)
def test_an_institution_has_one_form(world: TestCentre, name: str) -> None:
    """What could not stand in an address, a file or a header is no institution."""
    with pytest.raises(Refused) as caught:
        connect_institution(world.centre, Connection(name, "X"), world.centre.itself)
    assert caught.value.code == "institution_form"


def test_a_kind_must_be_known(world: TestCentre) -> None:
    """By it is decided what its programs may do."""
    with pytest.raises(Refused) as caught:
        connect_institution(world.centre, Connection("TH.X", "X", "moon"), world.centre.itself)
    assert caught.value.code == "institution_kind"


def test_a_key_keeps_the_times_it_came_with(world: TestCentre) -> None:
    """From when and until when it is believed; told again, it can end, and never begin anew."""
    itself = world.centre.itself
    add_public_key(world.centre, BANK, _key(5), itself)
    assert InstitutionKey.objects.values_list("valid_from_us", "retired_us").get() == (5, None)
    for told_us, kept_us in ((90, 90), (None, 90), (95, 90), (80, 80), (80, 80)):
        add_public_key(world.centre, BANK, _key(5, told_us), itself)
        assert InstitutionKey.objects.get().retired_us == kept_us
    assert AuditEntry.objects.filter(verb="retire_public_key").count() == 2


def test_a_closed_institution_takes_no_part(world: TestCentre) -> None:
    """Its keys end with it, and stay ended where it is connected again."""
    text = _issue(world)
    add_public_key(world.centre, BANK, _key(), world.centre.itself)
    for _ in range(2):
        close_institution(world.centre, BANK, world.centre.itself)
    assert Institution.objects.get().closed_us == world.now_us
    assert InstitutionKey.objects.get().retired_us == world.now_us
    assert AuditEntry.objects.filter(verb="close_institution").count() == 1
    connect_institution(world.centre, Connection(BANK, "A bank"), world.centre.itself)
    assert Institution.objects.get().closed_us is None
    with pytest.raises(NotRecognised) as caught:
        actor_of(text, world.now_us, "TH.AOC")
    assert caught.value.code == "api_key_retired"
    with pytest.raises(NotFound):
        close_institution(world.centre, "TH.THCBC.099", world.centre.itself)


def test_a_key_is_retired_once_and_on_record(world: TestCentre) -> None:
    """Saying it again changes neither the time nor the record; an unknown key is said to be so."""
    key_id = _issue(world).split("_")[1]
    retire_any_key(world.centre, key_id, world.centre.itself)
    world.pass_time(hours=1)
    retire_any_key(world.centre, key_id, world.centre.itself)
    assert AuditEntry.objects.filter(verb="retire_key").count() == 1
    with pytest.raises(NotFound) as caught:
        retire_any_key(world.centre, "none", world.centre.itself)
    assert caught.value.code == "key_unknown"


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_no_key_is_for_ever(world: TestCentre, days: int) -> None:
    """Ten years at most, and at least one day."""
    with pytest.raises(Refused) as caught:
        _issue(world, days)
    assert caught.value.code == "key_expires_days"
