"""Whatever a stranger sends gets a problem document, in the stranger's language."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import MutableMapping
from io import BytesIO
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest
from django.urls import resolve
from tests.api.conftest import Caller, World

from holdfast.api import reports
from holdfast.api.bounded import BoundedBody
from holdfast.api.problem import BODY_BYTES_MAX
from holdfast.cases.models import Report
from holdfast.people.role import Scope

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def _deep(levels: int) -> bytes:
    return b'{"via":"bank","payments":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b'{"via": NaN}',
        b'{"via": Infinity}',
        b'{"via": 1e999}',
        b'{"via": ' + b"9" * 5000 + b"}",
        b'{"via": "bank", "via": "police"}',
        b'{"via": "ba\\u0000nk"}',
        b'{"via": "\\ud800"}',
        _deep(25),
        _deep(100_000),
    ],
)
def test_hostile_json_is_refused(sender: Caller, body: bytes) -> None:
    """What two readers could read differently, or a database can't keep, is not JSON here."""
    response = sender.post("/v1/reports", body, idempotency_key="k")
    assert response.status_code in (400, 422)
    assert response["Content-Type"] == PROBLEM
    assert response.json()["code"] in ("json_unreadable", "fields_wrong")
    assert Report.objects.count() == 0


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null", b'{"payments": {}}', b"{}"])
def test_json_of_another_shape_is_refused(sender: Caller, body: bytes) -> None:
    """The place of what is wrong is named."""
    response = sender.post("/v1/reports", body, idempotency_key="k")
    assert (response.status_code, response.json()["code"]) == (422, "fields_wrong")
    assert response.json()["errors"]


def test_other_types_of_content_are_refused(sender: Caller) -> None:
    """A form is no JSON."""
    response = sender.http.post(
        "/v1/reports",
        {"via": "bank"},
        headers={"authorization": f"Bearer {sender.key}", "idempotency-key": "k"},
    )
    assert (response.status_code, response.json()["code"]) == (415, "content_type_wrong")


def test_a_report_of_ten_megabytes_is_refused(sender: Caller) -> None:
    """By its length alone, before anything of it is read or looked at."""
    response = sender.post("/v1/reports", b" " * 10_000_000, idempotency_key="k")
    assert (response.status_code, response.json()["code"]) == (413, "body_too_long")
    assert response["Content-Type"] == PROBLEM


def test_a_body_without_length_is_bounded_too(sender: Caller) -> None:
    """Chunked, what was read beyond the bound is refused before anything is made of it."""
    headers = [(b"authorization", f"Bearer {sender.key}".encode()), (b"idempotency-key", b"k")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/reports",
        "headers": [*headers, (b"content-type", b"application/json")],
    }
    request = ASGIRequest(scope, BytesIO(b" " * (BODY_BYTES_MAX + 1)))
    response = resolve("/v1/reports").func(request)
    assert (response.status_code, json.loads(response.content)["code"]) == (413, "body_too_long")


def _door(chunks: list[bytes], length: int | None) -> tuple[list[MutableMapping[str, Any]], int]:
    """Send a body in chunks to the door; return what it says and how many chunks it took."""
    said: list[MutableMapping[str, Any]] = []
    taken = 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def inner(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "headers": headers}
    asyncio.run(BoundedBody(inner, 100)(scope, receive, send))
    return said, taken


def test_the_door_reads_nothing_of_a_body_said_to_be_too_long() -> None:
    """413 comes before the first byte is taken."""
    said, taken = _door([b"x"], 101)
    assert (said[0]["status"], taken) == (413, 0)
    told = json.loads(said[1]["body"])
    assert (told["code"], "at most 100 bytes" in told["detail"]) == ("body_too_long", True)


def test_the_door_stops_a_chunked_body_at_the_bound() -> None:
    """What comes after the bound is never taken."""
    said, taken = _door([b"x" * 60] * 9, None)
    assert (said[0]["status"], taken) == (413, 2)


def test_the_door_waits_for_no_body_that_does_not_come() -> None:
    """A byte now and then ends with 408 and a closed connection, not with a thread held."""
    said: list[MutableMapping[str, Any]] = []
    came: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        if not came:
            return {"type": "http.request", "body": b"x", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def inner(_scope: Any, receive: Any, _send: Any) -> None:
        while came[-1:] != ["http.disconnect"]:
            came.append((await receive())["type"])

    asyncio.run(BoundedBody(inner, 100, 0.01)({"type": "http", "headers": []}, receive, send))
    assert came == ["http.request", "http.disconnect"]
    assert said[0]["status"] == 408
    assert (b"connection", b"close") in said[0]["headers"]
    assert json.loads(said[1]["body"])["code"] == "body_too_slow"


def test_the_door_lets_a_whole_body_be_worked_on_for_long() -> None:
    """Only the sending is bounded: who waits for the answer is not sent away."""
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": b"x"},
        {"type": "http.disconnect"},
    ]

    async def receive() -> MutableMapping[str, Any]:
        if len(messages) == 1:
            await asyncio.sleep(0.05)
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError(message)

    async def inner(_scope: Any, receive: Any, _send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"

    asyncio.run(BoundedBody(inner, 100, 0.01)({"type": "http", "headers": []}, receive, send))
    assert messages == []


def test_the_door_stands_before_the_server() -> None:
    """Django takes it for a caller who went away; what it had read is let go."""
    said: list[MutableMapping[str, Any]] = []
    taken = 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/reports", "query_string": b""}
    headers = [(b"host", b"testserver")]
    door = BoundedBody(get_asgi_application(), BODY_BYTES_MAX)
    asyncio.run(door(scope | {"headers": headers}, receive, send))
    assert [message.get("status") for message in said] == [413, None]
    assert taken == BODY_BYTES_MAX // 65536 + 1


def test_the_door_lets_bodies_within_the_bound_through() -> None:
    """Exactly the bound is within it."""
    said, taken = _door([b"x" * 50, b"x" * 50], 100)
    assert (said[0]["status"], taken) == (200, 2)


@pytest.mark.parametrize(
    ("accept", "thai"),
    [
        ("th", True),
        ("th-TH,th;q=0.9,en;q=0.8", True),
        ("en-GB,th;q=0.5", False),
        ("fr, th;q=0.3", True),
        ("xx", False),
        ("", False),
        ("th" + ",x" * 5000, True),
    ],
)
def test_problems_speak_the_readers_language(sender: Caller, accept: str, thai: bool) -> None:
    """The best understood of the languages spoken here; the code stays the same."""
    english = sender.get("/v1/reports/none").json()
    told = sender.get("/v1/reports/none", accept_language=accept)
    assert told.json()["code"] == english["code"] == "report_unknown"
    assert told["Vary"] == "Accept-Language"
    from holdfast.core.words import catalogue, say, set_language

    sentence = "there is no report {report} for you"
    set_language("th" if thai else "en")
    try:
        assert told.json()["detail"] == say(sentence, report="none")
    finally:
        set_language("en")
    if thai and catalogue("th").get(sentence):
        assert told.json()["detail"] != english["detail"]


def test_a_problem_has_the_members_of_rfc_9457(sender: Caller) -> None:
    """type, title, status, detail, and our code."""
    problem = sender.get("/v1/cases/none").json()
    assert problem == {
        "type": "urn:holdfast:problem:case_unknown",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no case none for you",
        "code": "case_unknown",
    }


def test_addresses_and_methods_that_are_not_there(sender: Caller) -> None:
    """Also what the framework refuses by itself is a problem document."""
    nowhere = sender.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "address_unknown")
    method = sender.send("DELETE", "/v1/cases", {})
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method["Allow"] == "GET"
    host = sender.http.get("/v1/health", headers={"host": "evil.example"})
    assert (host.status_code, host["Content-Type"]) == (400, PROBLEM)


@pytest.mark.parametrize("number", ["%00", "%0A", "x" * 61, "%E0%B8%81", "%20"])
def test_ids_in_addresses_have_a_form(sender: Caller, number: str) -> None:
    """What no id can be never reaches the database."""
    response = sender.get(f"/v1/cases/{number}")
    assert (response.status_code, response["Content-Type"]) == (422, PROBLEM)
    assert response.json()["errors"][0]["parameter"] == "number"


def test_nothing_said_is_kept_on_the_way(sender: Caller) -> None:
    """Answers are personal data: no cache keeps them."""
    for path in ("/v1/cases", "/v1/cases/none", "/v1/keys"):
        assert sender.get(path)["Cache-Control"] == "no-store"


def test_what_nobody_foresaw_is_told_without_its_words(
    sender: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets 500, the log the place; what was said stays out of both."""

    def fail(*_args: object, **_more: object) -> None:
        msg = "Somchai 1101700203450"
        raise RuntimeError(msg)

    monkeypatch.setattr(reports, "take_report", fail)
    with caplog.at_level(logging.ERROR):
        response = sender.report("P1")
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "Somchai" not in response.content.decode() + caplog.text
    assert "RuntimeError" in caplog.text


def test_health_and_keys_are_open_to_all(world: World) -> None:
    """Neither asks for a key nor says more than it must."""
    nobody = Caller("", world)
    assert nobody.get("/v1/health").json() == {"ok": True}
    assert nobody.get("/v1/keys").json() == {"items": []}


def test_the_audit_is_read_with_keys_of_the_centre(
    sender: Caller, staff: Caller, world: World
) -> None:
    """Entries in order and in pages, of one subject where it is named; never for a bank."""
    number = sender.report("P1").json()["case"]
    sender.report("P1")
    whole = staff.get("/v1/audit").json()["items"]
    assert [row["verb"] for row in whole] == [
        "order_hold",
        "order_hold",
        "take_report",
        "take_report",
    ]
    page = staff.get("/v1/audit?limit=3").json()
    rest = staff.get(f"/v1/audit?limit=3&after={page['next']}").json()
    assert page["items"] + rest["items"] == whole
    assert staff.get(f"/v1/audit?subject=case:{number}").json()["items"] == whole
    assert staff.get("/v1/audit?subject=case:none").json()["items"] == []
    other = world.caller("MY.NSRC", Scope.AUDIT_READ)
    assert other.get("/v1/audit").json()["code"] == "centre_only"
    bank = world.caller("TH.THCBC.002", Scope.CASES_READ)
    assert bank.get("/v1/audit").json()["code"] == "scope_missing"
    assert bank.get("/v1/audit/heads").json() == {"items": [], "next": None}
