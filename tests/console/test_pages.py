"""The first way in, and who may see what."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings
from tests.workflows.centre_kit import TestCentre

from holdfast.console import sign_in
from holdfast.core.instant import DAY_US
from holdfast.core.keys import SigningKey
from holdfast.people import sign_in as people_sign_in
from holdfast.people.keys import NotRecognised, actor_of
from holdfast.people.models import ApiKey, Institution, InstitutionKey, Staff
from holdfast.people.one_time_link import LINK_DAYS
from holdfast.people.role import Role, Scope
from holdfast.records.models import AuditEntry
from holdfast.server.make_home import first_link
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


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://bank.example/",
        "ftp://x",
        "javascript:alert(1)",
        "https://bank.example/x?",
        "https://bank.example/x#",
        "https://bank.example/?#",
    ],
)
def test_an_endpoint_without_encryption_is_refused(
    world: TestCentre, browser: Client, endpoint: str
) -> None:
    """Orders go over https only, and nothing swallows the path of an order."""
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


def _refuse(browser: Client, times: int, **values: str) -> list[int]:
    told = {"name": "administrator", "password": "wrong"} | values
    return [browser.post("/sign-in", told).status_code for _ in range(times)]


def test_passwords_are_not_tried_for_ever(world: TestCentre, browser: Client) -> None:
    """After five failures the right one must wait too; then it opens, and the series is over."""
    _signed_in(world, browser)
    browser.post("/sign-out")
    assert _refuse(browser, 6) == [403] * 5 + [429]
    told = {"name": "administrator", "password": PASSWORD}
    waits = browser.post("/sign-in", told)
    assert (waits.status_code, waits["Retry-After"]) == (429, "30")
    assert b'role="alert"' in waits.content
    world.pass_time(minutes=0.5)
    assert browser.post("/sign-in", told).status_code == 302


def test_names_that_nobody_has_wait_alike(world: TestCentre, browser: Client) -> None:
    """To be told to wait tells nothing about who is known here; other addresses are free."""
    assert _refuse(browser, 6, name="nobody") == [403] * 5 + [429]
    assert _refuse(browser, 1, name="somebody else") == [429]
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert _refuse(elsewhere, 1, name="somebody else") == [403]


def test_refusals_do_not_fill_the_audit(world: TestCentre, browser: Client) -> None:
    """Of a hundred tries the first is on record, and that tries had to wait from then on."""
    _refuse(browser, 100)
    _refuse(browser, 20, name="another")
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["sign_in_refused", "sign_in_throttled"]


def test_a_flood_of_strangers_does_not_fill_the_audit(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ever new names from ever new addresses: it is on record that they came, and how many."""
    monkeypatch.setattr(people_sign_in, "NEW_A_MINUTE", 2)
    for number in range(9):
        _refuse(Client(REMOTE_ADDR=f"203.0.113.{number}"), 1, name=f"stranger {number}")
    world.pass_time(minutes=1)
    _refuse(Client(REMOTE_ADDR="203.0.113.99"), 1, name="stranger 99")
    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.verb for entry in entries] == [
        "sign_in_refused",
        "sign_in_refused",
        "sign_in_flood",
        "sign_in_flood_ended",
        "sign_in_refused",
    ]
    assert entries[3].detail == {"tries": 7}


def test_few_passwords_are_hashed_at_once(world: TestCentre, browser: Client) -> None:
    """While two are, others are told to come again and not counted as failures."""
    with ExitStack() as busy:
        for _ in range(sign_in.HASHED_AT_ONCE):
            busy.enter_context(sign_in._hashing)
        assert _refuse(browser, 9) == [429] * 9
    assert _refuse(browser, 1) == [403]


def test_a_page_may_do_nothing_but_show_itself(browser: Client) -> None:
    """No script, nothing from elsewhere; the one sheet of style is known by its hash."""
    page = browser.get("/sign-in")
    style = page.content.partition(b"<style>")[2].partition(b"</style>")[0]
    known = base64.b64encode(hashlib.sha256(style).digest()).decode()
    policy = page["Content-Security-Policy"]
    assert f"style-src 'sha256-{known}'" in policy
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert b" style=" not in page.content


@pytest.fixture
def bank(world: TestCentre, browser: Client) -> Institution:
    """A bank, and an administrator who has signed in."""
    _signed_in(world, browser)
    found: Institution = Institution.objects.create(
        institution_id="TH.THCBC.004", name="A bank", kind="bank", created_us=0
    )
    return found


def _issue(browser: Client, institution: str, *scopes: Scope, **more: object) -> str:
    values = {
        "what": "key",
        "institution_id": institution,
        "label": "a program",
        "scopes": [scope.value for scope in scopes],
    }
    return str(browser.post("/", values | more).content.decode())


def test_a_key_is_retired_by_a_button(
    world: TestCentre, browser: Client, bank: Institution
) -> None:
    """Programs' keys and public keys alike; from then on they open nothing, and it is on record."""
    shown = _issue(browser, bank.institution_id, Scope.ORDERS_READ)
    text = shown.partition("<code>")[2].partition("</code>")[0]
    public = SigningKey.new("bank-1").public_base64
    entered = {"institution_id": bank.institution_id, "key_id": "bank-1", "public_key": public}
    browser.post("/", {"what": "public_key"} | entered)
    page = browser.get("/").content.decode()
    for key_id in (text.split("_")[1], "bank-1"):
        assert f'name="key_id" value="{key_id}"' in page
        assert browser.post("/", {"what": "retire", "key_id": key_id}).status_code == 302
    with pytest.raises(NotRecognised, match="retired"):
        actor_of(text, world.now_us, "TH.AOC")
    assert InstitutionKey.objects.get().retired_us == world.now_us
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"retire_key", "retire_public_key"} <= verbs
    assert 'value="retire"' not in browser.get("/").content.decode()
    unknown = browser.post("/", {"what": "retire", "key_id": "none"})
    assert "there is no key none" in unknown.content.decode()


def test_a_key_ends_by_itself(world: TestCentre, browser: Client, bank: Institution) -> None:
    """After 400 days where nothing else is said."""
    _issue(browser, bank.institution_id, Scope.ORDERS_READ)
    _issue(browser, bank.institution_id, Scope.ORDERS_READ, expires_days=7)
    days = [(key.expires_us - world.now_us) / DAY_US for key in ApiKey.objects.order_by("id")]
    assert days == [400, 7]


def test_a_key_beyond_the_kind_or_without_its_person_is_refused(
    browser: Client, bank: Institution
) -> None:
    """The page says why, and no key is made."""
    refused = _issue(browser, bank.institution_id, Scope.COMPLAINTS_WRITE)
    assert "may not be allowed complaints:write" in refused
    Institution.objects.update(kind="centre")
    assert "name who holds it" in _issue(browser, bank.institution_id, Scope.REVIEWS_DECIDE)
    assert not ApiKey.objects.exists()
    _issue(browser, bank.institution_id, Scope.REVIEWS_DECIDE, person=" Administrator")
    staff = f"staff:{Staff.objects.get().id}"
    assert ApiKey.objects.values_list("person", "issued_by").get() == (staff, staff)


def test_pages_speak_thai(world: TestCentre, browser: Client) -> None:
    """A browser that asks for Thai gets a Thai page."""
    page = browser.get("/sign-in", headers={"Accept-Language": "th"}).content.decode()
    assert 'lang="th"' in page


def test_forms_need_their_token(world: TestCentre) -> None:
    """A form sent from elsewhere is refused."""
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/sign-in", {"name": "x", "password": "y"}).status_code == 403
