"""Letting in and out: who works at the centre gets in by a link of their own, and out at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from tests.workflows.centre_kit import TestCentre

from holdfast.core.errors import Conflict, Refused
from holdfast.people.models import Staff
from holdfast.people.one_time_link import LINK_DAYS
from holdfast.people.role import Role
from holdfast.records.models import AuditEntry
from holdfast.workflows import running
from holdfast.workflows.let_in import let_in
from holdfast.workflows.let_out import let_out

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"  # noqa: S105


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TestCentre]:
    """A centre whose pages answer."""
    made = TestCentre(tmp_path / "ledger")
    before = running.centre
    running.set_centre(lambda: made.centre)
    yield made
    running.set_centre(before)


def _let_in(world: TestCentre, name: str, token: str, role: Role = Role.REVIEWER) -> str:
    return let_in(world.centre, name, role, token, world.centre.itself)


def _enter(token: str) -> int:
    data = {"password": PASSWORD, "again": PASSWORD}
    status: int = Client().post(f"/enter/{token}", data).status_code
    return status


def _signed_in(name: str) -> Client:
    browser = Client()
    browser.post("/sign-in", {"name": name, "password": PASSWORD})
    return browser


def test_who_is_let_in_works_in_their_role(world: TestCentre) -> None:
    """A reviewer chooses a password by the link, signs in, and sees the registry's desk."""
    known_as = _let_in(world, "malee", "first")
    assert _enter("first") == 302
    assert _signed_in("malee").get("/registry").status_code == 200
    staff = Staff.objects.get(username="malee")
    assert (staff.actor_name, staff.role) == (known_as, "reviewer")
    entry = AuditEntry.objects.get(verb="let_in")
    assert entry.subject == known_as


def test_a_link_is_one_persons_and_only_the_last(world: TestCentre) -> None:
    """Asked for again before it was used, the older link opens nothing; nor does an old one."""
    _let_in(world, "malee", "first")
    _let_in(world, "Malee", "second", Role.OPERATOR)
    assert Staff.objects.get(username="malee").role == "operator"
    assert _enter("first") == 404
    world.pass_time(hours=24 * LINK_DAYS)
    assert _enter("second") == 404


def test_who_is_in_is_not_let_in_again(world: TestCentre) -> None:
    """A role is changed by letting out first, so that a password is never taken over unseen."""
    _let_in(world, "malee", "first")
    _enter("first")
    with pytest.raises(Conflict) as caught:
        _let_in(world, "MALEE", "second", Role.ADMINISTRATOR)
    assert caught.value.code == "staff_known"
    assert Staff.objects.get(username="malee").role == "reviewer"


def test_who_is_let_out_is_out_at_once(world: TestCentre) -> None:
    """Their session ends with their password; let in again, what they did is still theirs."""
    known_as = _let_in(world, "malee", "first")
    _enter("first")
    browser = _signed_in("malee")
    let_out(world.centre, "malee", world.centre.itself)
    assert browser.get("/registry").status_code == 302
    assert _signed_in("malee").get("/registry").status_code == 302
    with pytest.raises(Conflict) as caught:
        let_out(world.centre, "malee", world.centre.itself)
    assert caught.value.code == "staff_unknown"
    assert _let_in(world, "malee", "second") == known_as
    assert _enter("second") == 302
    assert _signed_in("malee").get("/registry").status_code == 200


def test_a_link_that_was_not_used_ends_with_letting_out(world: TestCentre) -> None:
    """Who has it chooses no password any more."""
    _let_in(world, "malee", "first")
    let_out(world.centre, "malee", world.centre.itself)
    assert _enter("first") == 404


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 101])
def test_a_name_is_plain_text(world: TestCentre, name: str) -> None:
    """Nobody is let in under a name that cannot be typed."""
    with pytest.raises(Refused):
        _let_in(world, name, "first")
    assert not Staff.objects.exists()
