"""The first way in, and who may see what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings
from tests.workflows.centre_kit import TestCentre

from holdfast.people.keys import actor_of
from holdfast.people.models import Institution, Staff
from holdfast.people.role import Role, Scope
from holdfast.records.models import AuditEntry
from holdfast.server.make_home import LINK_DAYS, first_link
from holdfast.workflows import running

PASSWORD = "four words are good enough"  # noqa: S105  (of a test's person)


@pytest.fixture
def world(tmp_path: Path, db: None, settings: Settings) -> Iterator[TestCentre]:
    """Return the centre that the pages belong to; passwords are hashed fast, as they are tests'."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    test = TestCentre(tmp_path / "ledger")
    before = running.centre
    running.set_centre(lambda: test.centre)
    yield test
    running.set_centre(before)


@pytest.fixture
def browser(world: TestCentre) -> Client:
    """Return a browser that nobody has signed in with."""
    return Client()


def _signed_in(world: TestCentre, browser: Client) -> None:
    token = first_link(world.now_us)
    browser.post(f"/enter/{token}", {"password": PASSWORD, "again": PASSWORD})
    browser.post("/sign-in", {"name": "administrator", "password": PASSWORD})


def test_the_first_administrator_enters_by_a_link_that_works_once(
    world: TestCentre, browser: Client
) -> None:
    """The link leads to a form, the form keeps a password, and then the link is nobody's."""
    link = f"/enter/{first_link(world.now_us)}"
    assert b"password" in browser.get(link).content
    done = browser.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert urlsplit(done.url).path == "/sign-in"
    assert Staff.objects.get().check_password(PASSWORD)
    assert browser.get(link).status_code == 404
    assert AuditEntry.objects.filter(verb="choose_password").count() == 1


def test_an_old_link_is_nobodys(world: TestCentre, browser: Client) -> None:
    """After its days a link leads nowhere, and a new one ends the one before."""
    first = first_link(world.now_us)
    second = first_link(world.now_us)
    assert browser.get(f"/enter/{first}").status_code == 404
    world.pass_time(hours=24 * LINK_DAYS)
    assert browser.get(f"/enter/{second}").status_code == 404


@pytest.mark.parametrize(
    ("password", "again"),
    [("short", "short"), ("password1234", "password1234"), (PASSWORD, "another one entirely")],
)
def test_a_password_must_be_worth_it(
    world: TestCentre, browser: Client, password: str, again: str
) -> None:
    """Short, common and mistyped ones are refused, and the link still works."""
    link = f"/enter/{first_link(world.now_us)}"
    refused = browser.post(link, {"password": password, "again": again})
    assert refused.status_code == 200
    assert not Staff.objects.get().has_usable_password()
    assert browser.get(link).status_code == 200


def test_signing_in_does_not_tell_what_was_wrong(world: TestCentre, browser: Client) -> None:
    """An unknown name and a wrong password look the same."""
    _signed_in(world, browser)
    browser.post("/sign-out")
    wrong = browser.post("/sign-in", {"name": "administrator", "password": "x" * 20})
    unknown = browser.post("/sign-in", {"name": "nobody", "password": "x" * 20})
    assert (wrong.status_code, unknown.status_code) == (403, 403)
    assert b'role="alert"' in wrong.content
    assert b'role="alert"' in unknown.content


def test_institutions_are_for_administrators(world: TestCentre, browser: Client) -> None:
    """Without signing in one is sent there; another role is refused."""
    assert urlsplit(browser.get("/").url).path == "/sign-in"
    operator = Staff.objects.create(username="o", role=Role.OPERATOR.value)
    browser.force_login(operator)
    assert browser.get("/").status_code == 403
    assert browser.post("/", {"what": "institution"}).status_code == 403
    assert not Institution.objects.exists()


def test_an_institution_is_added_and_gets_a_key(world: TestCentre, browser: Client) -> None:
    """The key is shown once, works, and both are on record."""
    _signed_in(world, browser)
    values = {
        "what": "institution",
        "institution_id": "TH.THCBC.004",
        "name": "A bank",
        "kind": "bank",
        "delivery": "push",
        "endpoint": "https://bank.example/holdfast/",
    }
    assert browser.post("/", values).status_code == 302
    assert Institution.objects.get().endpoint == "https://bank.example/holdfast"
    shown = browser.post(
        "/",
        {
            "what": "key",
            "institution_id": "TH.THCBC.004",
            "label": "orders",
            "scopes": [Scope.ORDERS_READ.value],
        },
    ).content.decode()
    text = shown.partition("<code>")[2].partition("</code>")[0]
    actor = actor_of(text, world.now_us, "TH.AOC")
    assert (actor.institution_id, actor.scopes) == (
        "TH.THCBC.004",
        frozenset((Scope.ORDERS_READ,)),
    )
    assert text not in browser.get("/").content.decode()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"add_institution", "issue_key"} <= verbs


@pytest.mark.parametrize("endpoint", ["http://bank.example/", "ftp://x", "javascript:alert(1)"])
def test_an_endpoint_without_encryption_is_refused(
    world: TestCentre, browser: Client, endpoint: str
) -> None:
    """Orders go over https only."""
    _signed_in(world, browser)
    browser.post(
        "/",
        {
            "what": "institution",
            "institution_id": "TH.THCBC.004",
            "name": "A bank",
            "kind": "bank",
            "delivery": "push",
            "endpoint": endpoint,
        },
    )
    assert not Institution.objects.exists()


def test_pages_speak_thai(world: TestCentre, browser: Client) -> None:
    """A browser that asks for Thai gets a Thai page."""
    page = browser.get("/sign-in", headers={"Accept-Language": "th"}).content.decode()
    assert 'lang="th"' in page


def test_forms_need_their_token(world: TestCentre) -> None:
    """A form sent from elsewhere is refused."""
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/sign-in", {"name": "x", "password": "y"}).status_code == 403
