"""A new key for citizens' questions: nobody who was told the old one is given a wrong answer."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import Feeding, phone

from holdfast.api import citizen
from holdfast.core.errors import Conflict
from holdfast.records.models import AuditEntry
from holdfast.registry.asking import Question
from holdfast.registry.buckets import ROW_BYTES, Found
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.subject import Subject, SubjectKind
from holdfast.registry.throttle import Throttle
from holdfast.workflows import fill_buckets as filling
from holdfast.workflows.answer_citizen import look_up
from holdfast.workflows.check_keys import ENDS_AFTER_US, renew_check_key
from holdfast.workflows.fill_buckets import fill_buckets
from holdfast.workflows.prune import prune


@pytest.fixture(autouse=True)
def _nobody_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citizen, "CITIZENS", Throttle(burst=1000, a_minute=60))


def _told() -> str:
    return str(Client().get("/v1/check").json()["public_key"])


def _subject(number: int) -> Subject:
    return Subject(SubjectKind.PHONE, phone(number))


def _post(number: int, public: str) -> tuple[Question, Any]:
    question = Question.about(_subject(number), b"\x09" * 64)
    body = {**question.body, "public_key": public}
    return question, Client().post("/v1/check", json.dumps(body), content_type="application/json")


def _ask(number: int, public: str) -> Found | None:
    """Ask by a key that was told at some time; what comes is verified by it."""
    question, answer = _post(number, public)
    assert answer.status_code == 200, answer.content
    return question.read(answer.json(), base64.b64decode(public))


def _renew(feeding: Feeding) -> None:
    renew_check_key(feeding.centre, feeding.centre.itself)


def test_who_holds_the_old_key_is_answered_by_it(feeding: Feeding) -> None:
    """For a day, and truly: what was listed or taken off since is told under both keys."""
    feeding.list(phone(1))
    fill_buckets(feeding.centre)
    old = _told()
    _renew(feeding)
    assert _told() == old
    fill_buckets(feeding.centre)
    new = _told()
    assert new != old
    feeding.list(phone(2))
    feeding.retract(phone(1))
    fill_buckets(feeding.centre)
    for public in (old, new):
        assert [_ask(n, public) is not None for n in (1, 2, 3)] == [False, True, False]
    assert look_up(feeding.centre, _subject(2)) == Found(disputed=False)
    assert AuditEntry.objects.filter(verb="renew_check_key").count() == 1


def test_a_key_is_told_only_when_its_buckets_are_whole(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half filled, they would call what is reported not reported."""
    monkeypatch.setattr(filling, "AT_ONCE", 2)
    for number in range(5):
        feeding.list(phone(number))
    while fill_buckets(feeding.centre):
        pass
    old = _told()
    _renew(feeding)
    for _ in range(2):
        fill_buckets(feeding.centre)
        assert _told() == old
        assert _ask(4, old) is not None
    fill_buckets(feeding.centre)
    assert _told() != old
    assert all(_ask(number, _told()) is not None for number in range(5))


def test_the_old_key_ends(feeding: Feeding) -> None:
    """After a day who asks by it is told to ask anew, and its rows go; meanwhile no other begins."""
    feeding.list(phone(1))
    fill_buckets(feeding.centre)
    old = _told()
    _renew(feeding)
    with pytest.raises(Conflict):
        _renew(feeding)
    fill_buckets(feeding.centre)
    assert prune(feeding.now_us, 0) == 0
    with pytest.raises(Conflict):
        _renew(feeding)
    feeding.now_us += ENDS_AFTER_US
    _, answer = _post(1, old)
    assert (answer.status_code, answer.json()["code"]) == (409, "check_key_ended")
    assert BlindEntry.objects.count() == 2
    assert prune(feeding.now_us, 0) == 1
    assert _ask(1, _told()) == Found(disputed=False)
    _renew(feeding)


def test_two_keys_share_no_row(feeding: Feeding) -> None:
    """Rows in both buckets would be known for those that stand for nothing."""
    feeding.list(phone(1))
    fill_buckets(feeding.centre)
    old = _told()
    _renew(feeding)
    fill_buckets(feeding.centre)
    buckets = []
    for public in (old, _told()):
        rows = base64.b64decode(_post(1, public)[1].json()["rows"])
        buckets.append({rows[at : at + ROW_BYTES] for at in range(0, len(rows), ROW_BYTES)})
    assert len(buckets[0]) == len(buckets[1]) == 64
    assert not buckets[0] & buckets[1]
