"""The page on which anybody checks a number: what it says, and what it keeps to itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import Feeding, phone

from holdfast.console import check
from holdfast.records.models import AuditEntry
from holdfast.registry.asking import NOT_REPORTED
from holdfast.registry.throttle import Throttle
from holdfast.workflows import running
from holdfast.workflows.fill_buckets import fill_buckets


@pytest.fixture
def feeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Feeding]:
    """A centre that lists one number."""
    made = Feeding(tmp_path / "snapshots")
    running.set_centre(lambda: made.centre)
    monkeypatch.setattr(check, "CITIZENS", Throttle(burst=3, a_minute=60))
    made.list(phone(1))
    fill_buckets(made.centre)
    yield made
    running.set_centre(running._nobody)


def _ask(text: str) -> Any:
    return Client().post("/check", {"text": text})


def test_what_is_reported_is_told_and_nobody_is_called_guilty(feeding: Feeding) -> None:
    """Reported, not proven; and what is not reported is not called safe."""
    answer = _ask(phone(1)).content.decode()
    assert "Reported, not proven" in answer
    assert not re.search(r"guilty|fraudster|scammer|criminal", answer, re.IGNORECASE)
    assert "does not make it safe" in _ask(phone(2)).content.decode()


def test_the_page_says_what_the_centre_sees(feeding: Feeding) -> None:
    """Without a script the number is seen, and the page says so; none of it is kept on the way."""
    page = Client().get("/check")
    assert page.status_code == 200
    plain = page.content.decode().partition('id="plain-part"')[2].partition("</section>")[0]
    assert "sees it while it answers" in plain
    assert "no-store" in page["Cache-Control"]


def test_an_account_is_asked_about_by_bank_and_number(feeding: Feeding) -> None:
    """As people write it, with dashes; only banks that take part are offered."""
    feeding.bank()
    feeding.list("TH.THCBC.004.0123456789", kind="account")
    fill_buckets(feeding.centre)
    assert b'<option value="TH.THCBC.004">' in Client().get("/check").content
    asked = {"text": "012-345 6789", "bank": "TH.THCBC.004"}
    assert "Reported, not proven" in Client().post("/check", asked).content.decode()
    asked["bank"] = "TH.NOWHERE.1"
    assert Client().post("/check", asked).status_code == 422


def test_nothing_of_it_is_kept_or_logged(
    feeding: Feeding, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither row nor line holds the number, nor does the page repeat it in its address."""
    before = AuditEntry.objects.count()
    with caplog.at_level(logging.DEBUG):
        answer = _ask(phone(1))
    assert AuditEntry.objects.count() == before
    messages = [
        record.getMessage() for record in caplog.records if record.name != "django.db.backends"
    ]
    assert not any(phone(1)[3:] in message for message in messages)
    assert phone(1)[3:] not in answer.content.decode()


@pytest.mark.parametrize("text", ["", "no number at all", "+66", "x" * 3000])
def test_what_is_no_number_is_told(feeding: Feeding, text: str) -> None:
    """In a sentence, with the status of a wrong form."""
    answer = _ask(text)
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content


def test_who_asks_too_often_waits(feeding: Feeding) -> None:
    """Trying numbers on the page is bounded as it is by the API."""
    assert [_ask(phone(n)).status_code for n in range(5)] == [200] * 3 + [429] * 2


def test_a_form_without_its_token_is_refused(feeding: Feeding) -> None:
    """Another site can't send the form from here."""
    answer = Client(enforce_csrf_checks=True).post("/check", {"text": phone(1)})
    assert answer.status_code == 403


def test_the_page_speaks_the_language_that_is_asked_for(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found, too, which is known before the language is."""
    said = {NOT_REPORTED: "ไม่พบรายงาน"}
    monkeypatch.setattr("holdfast.core.words.catalogue", lambda _: said)
    answer = Client().post("/check", {"text": phone(2)}, headers={"accept-language": "th"})
    assert "ไม่พบรายงาน" in answer.content.decode()
