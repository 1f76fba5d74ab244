"""Institutions and staff are kept."""

from __future__ import annotations

import pytest

from holdfast.people.models import Institution


@pytest.mark.django_db
def test_an_institution_is_kept() -> None:
    """What was written is read again."""
    Institution.objects.create(
        institution_id="TH.THCBC.004", name="A bank", kind="bank", created_us=0
    )
    assert Institution.objects.get().delivery == "poll"
