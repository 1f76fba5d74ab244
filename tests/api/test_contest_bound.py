"""Whoever tries codes of notices without a key has one bound, by whichever door they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import Feeding, serving

from holdfast.api import contests
from holdfast.registry.throttle import Throttle


@pytest.fixture
def feeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Feeding]:
    """A centre that nobody has asked."""
    monkeypatch.setattr(contests, "CODES", Throttle(burst=20, a_minute=6))
    with serving(Feeding(tmp_path)) as made:
        yield made


def _post(path: str, **body: object) -> Any:
    client = Client(raise_request_exception=False)
    return client.post(path, json.dumps(body), content_type="application/json").json()["code"]


def _tried(number: int) -> Any:
    """Try a code at the one door and at the other by turns; return what is said."""
    if number % 2:
        return _post("/v1/contests", code="AAAA", texts=["mine"])
    return _post("/v1/contests/check-code", code="AAAA")


def test_codes_and_contests_are_counted_together(feeding: Feeding) -> None:
    """Who is stopped at one is stopped at the other, and goes on at both a while later."""
    assert {_tried(number) for number in range(20)} == {"contest_code_form"}
    assert [_tried(0), _tried(1)] == ["asked_too_often"] * 2
    feeding.now_us += 60_000_000
    codes = [_tried(number) for number in range(7)]
    assert codes == ["contest_code_form"] * 6 + ["asked_too_often"]
