"""Tests of what must be true of a centre's records: what was acknowledged is kept."""

from __future__ import annotations

import pytest

from holdfast.cases.models import Case
from holdfast.server.sound import lost_records


@pytest.mark.django_db
def test_what_was_acknowledged_and_is_not_kept_is_told() -> None:
    """A case that callers were told of, and an answer that a bank had taken from it."""
    Case.objects.create(number="TH-2026-000001", opened_us=0)
    answers = [("TH.THCBC.004", "A-1")]
    assert list(lost_records(["TH-2026-000001", "TH-2026-000002"], answers)) == [
        "the case TH-2026-000002 was acknowledged and is not kept",
        "the answer A-1 of TH.THCBC.004 was acknowledged and is not kept",
    ]
    assert list(lost_records(["TH-2026-000001"], [])) == []
