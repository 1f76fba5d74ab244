"""Idempotency keys."""

from __future__ import annotations

import pytest
from django.db import transaction

from holdfast.core.errors import Conflict, Refused
from holdfast.records import idempotency
from holdfast.records.idempotency import KeyInUse, Stored
from holdfast.records.models import IdempotencyKey


def _keep(key: str = "k", institution: str = "TH.A", request: bytes = b"r") -> None:
    idempotency.keep(
        institution=institution,
        key=key,
        request=request,
        status=201,
        body='{"case":1}',
        subject="case:1",
        at_us=5,
    )


@pytest.mark.django_db
def test_the_same_request_gets_the_same_answer() -> None:
    """And a key that was never seen gets none."""
    assert idempotency.recall(institution="TH.A", key="k", request=b"r") is None
    _keep()
    found = idempotency.recall(institution="TH.A", key="k", request=b"r")
    assert found == Stored(201, '{"case":1}', "case:1", 5)


@pytest.mark.django_db
def test_a_key_with_other_content_is_refused() -> None:
    """It is no repetition; the sender has mixed up its keys."""
    _keep()
    with pytest.raises(Conflict) as caught:
        idempotency.recall(institution="TH.A", key="k", request=b"other")
    assert (caught.value.code, caught.value.transient) == ("idempotency_key_reused", False)


@pytest.mark.django_db
def test_each_institution_has_keys_of_its_own() -> None:
    """Nobody sees another's answer by guessing a key."""
    _keep()
    assert idempotency.recall(institution="TH.B", key="k", request=b"r") is None
    _keep(institution="TH.B")


@pytest.mark.django_db
def test_a_key_is_kept_once() -> None:
    """The second one is told that asking again can help, and what the first wrote stays."""
    _keep()
    with pytest.raises(KeyInUse) as caught, transaction.atomic():
        _keep(request=b"other")
    assert (caught.value.code, caught.value.transient) == ("idempotency_key_in_use", True)
    assert idempotency.recall(institution="TH.A", key="k", request=b"r") is not None


@pytest.mark.django_db
def test_keys_end_with_the_case() -> None:
    """Those of its subject, and no others."""
    _keep("k")
    _keep("l")
    assert idempotency.forget("case:2") == 0
    assert idempotency.forget("case:1") == 2
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_answer_outside_a_transaction_is_refused() -> None:
    """It must be kept with what the request changed."""
    with pytest.raises(transaction.TransactionManagementError):
        _keep()


@pytest.mark.parametrize("key", ["", "x" * 201, "a\n", "ก", "a\x7f"])
def test_a_key_without_form_is_refused(key: str) -> None:
    """1 to 200 printable ASCII characters; the edges are right."""
    with pytest.raises(Refused) as caught:
        idempotency.check_key(key)
    assert caught.value.code == "idempotency_key_form"
    for right in ("x", " ~" * 100):
        assert idempotency.check_key(right) == right
