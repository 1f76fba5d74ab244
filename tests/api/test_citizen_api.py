"""A citizen's check: what is reported is found, and the centre is told no number."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import Feeding, phone

from holdfast.api import citizen
from holdfast.core.errors import Conflict
from holdfast.core.instant import DAY_US
from holdfast.records.models import AuditEntry
from holdfast.registry.asking import Question
from holdfast.registry.buckets import Found
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.subject import Subject, SubjectKind
from holdfast.registry.throttle import Throttle
from holdfast.workflows import fill_buckets as filling
from holdfast.workflows import read_feed, running
from holdfast.workflows.answer_citizen import look_up
from holdfast.workflows.fill_buckets import fill_buckets

LIGHT_BROWN = 10
"""A suspicion of one bank, which platforms need not act on."""


@pytest.fixture
def feeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Feeding]:
    """A centre that citizens ask."""
    made = Feeding(tmp_path / "snapshots")
    running.set_centre(lambda: made.centre)
    monkeypatch.setattr(citizen, "CITIZENS", Throttle(burst=60, a_minute=60))
    yield made
    running.set_centre(running._nobody)


def _subject(key: str, kind: str = "phone") -> Subject:
    return Subject(SubjectKind(kind), key)


def _post(body: Any) -> Any:
    client = Client(raise_request_exception=False)
    return client.post("/v1/check", json.dumps(body), content_type="application/json")


def _check(subject: Subject) -> Found | None:
    told = Client().get("/v1/check").json()
    question = Question.about(subject, b"\x09" * 64)
    answer = _post(question.body)
    assert answer.status_code == 200, answer.content
    return question.read(answer.json(), base64.b64decode(told["public_key"]))


def test_what_is_reported_is_found_until_it_is_taken_off(feeding: Feeding) -> None:
    """Buckets follow the feed: listed, listed again, retracted."""
    feeding.list(phone(1))
    feeding.list("TH.THCBC.004.0123456789", kind="account")
    feeding.list("example.com/", kind="link")
    assert fill_buckets(feeding.centre) == 3
    assert fill_buckets(feeding.centre) == 0
    assert _check(_subject(phone(1))) == Found(disputed=False)
    assert _check(_subject("TH.THCBC.004.0123456789", "account")) == Found(disputed=False)
    assert _check(_subject("example.com/", "link")) == Found(disputed=False)
    assert _check(_subject(phone(2))) is None
    feeding.list(phone(1))
    feeding.retract(phone(1))
    fill_buckets(feeding.centre)
    assert _check(_subject(phone(1))) is None
    assert BlindEntry.objects.filter(kind="phone").count() == 0


def test_a_listing_that_ran_out_or_is_only_suspicion_is_not_told(feeding: Feeding) -> None:
    """What a platform need not act on is no citizen's business."""
    feeding.list(phone(1), days=1)
    feeding.list(phone(2), LIGHT_BROWN)
    feeding.list(phone(3))
    fill_buckets(feeding.centre)
    feeding.now_us += 2 * DAY_US
    assert [_check(_subject(phone(n))) is not None for n in (1, 2, 3)] == [False, False, True]


def test_persons_are_in_no_bucket(feeding: Feeding) -> None:
    """Not even as a row."""
    feeding.list("TH.NIDN." + "0" * 64, kind="person")
    assert fill_buckets(feeding.centre) == 1
    assert BlindEntry.objects.count() == 0
    blinded = Question.about(_subject(phone(1)), b"\x09" * 64).body["blinded"]
    answer = _post({"kind": "person", "prefix": 1, "blinded": blinded})
    assert answer.json()["code"] == "check_kind"


def test_nothing_of_a_question_is_kept(feeding: Feeding) -> None:
    """Neither the audit nor any other row tells that somebody asked."""
    feeding.list(phone(1))
    fill_buckets(feeding.centre)
    before = (AuditEntry.objects.count(), BlindEntry.objects.count())
    _check(_subject(phone(1)))
    assert (AuditEntry.objects.count(), BlindEntry.objects.count()) == before


def test_who_names_it_in_the_clear_is_told_the_same(feeding: Feeding) -> None:
    """The page without JavaScript finds what the blind question finds."""
    feeding.list(phone(1))
    fill_buckets(feeding.centre)
    for number in (1, 2):
        assert look_up(feeding.centre, _subject(phone(number))) == _check(_subject(phone(number)))


def test_two_who_fill_do_it_once(feeding: Feeding, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second worker that began before the first was through is turned away."""
    feeding.list(phone(1))
    read = read_feed.rows

    def while_another(after: int, until: int) -> Any:
        monkeypatch.undo()
        fill_buckets(feeding.centre)
        return read(after, until)

    monkeypatch.setattr(filling, "rows", while_another)
    with pytest.raises(Conflict):
        fill_buckets(feeding.centre)
    assert BlindEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"blinded": "AAAA"}, "check_blinded"),
        ({"blinded": "?"}, "check_blinded"),
        ({"blinded": base64.b64encode(bytes(32)).decode()}, "blind_element"),
        ({"prefix": 1 << 16}, "check_prefix"),
        ({"prefix": 1 << 32}, "fields_wrong"),
        ({"prefix": "1"}, "fields_wrong"),
        ({"kind": "colour"}, "fields_wrong"),
        ({"text": phone(1)}, "fields_wrong"),
    ],
)
def test_wrong_questions_are_told(feeding: Feeding, change: dict[str, object], code: str) -> None:
    """Each by its code, and no number in the clear is ever taken."""
    body = {**Question.about(_subject(phone(1)), b"\x09" * 64).body, **change}
    answer = _post(body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code


def test_who_asks_too_often_waits(feeding: Feeding) -> None:
    """Enumerating numbers from one address is slow."""
    body = dict(Question.about(_subject(phone(1)), b"\x09" * 64).body)
    statuses = [_post(body).status_code for _ in range(62)]
    assert statuses == [200] * 60 + [429] * 2
