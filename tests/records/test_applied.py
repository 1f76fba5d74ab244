"""The number that joins another store and SQL."""

from __future__ import annotations

import pytest
from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.records.applied import Mark, advance, applied, begin_anew, lock, mark


@pytest.mark.django_db
def test_a_number_goes_forward() -> None:
    """From nothing, each name for itself."""
    assert applied("ledger") == 0
    advance("ledger", 0, 5)
    advance("ledger", 5, 6)
    advance("other", 0, 1)
    assert (applied("ledger"), applied("other")) == (6, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("start", [0, 4, 6])
def test_who_comes_second_is_refused(start: int) -> None:
    """The same changes are not applied twice, nor any left out."""
    advance("ledger", 0, 5)
    with pytest.raises(Conflict) as caught, transaction.atomic():
        advance("ledger", start, 9)
    assert caught.value.code == "change_applied_already"
    assert applied("ledger") == 5


@pytest.mark.django_db
def test_a_name_never_seen_begins_at_nothing() -> None:
    """A caller that believes in another number is refused."""
    with pytest.raises(Conflict):
        advance("ledger", 3, 9)
    assert applied("ledger") == 0


@pytest.mark.django_db
def test_a_digest_goes_with_its_number() -> None:
    """Of a number for which none is known, that of the one before isn't kept."""
    assert mark("ledger") == Mark(0, "")
    advance("ledger", 0, 5, "ab")
    assert mark("ledger") == Mark(5, "ab")
    advance("ledger", 5, 6)
    assert mark("ledger") == Mark(6, "")


@pytest.mark.django_db
def test_who_began_before_it_began_anew_is_refused() -> None:
    """From nothing on all is applied again; other names go on."""
    begin_anew("ledger")
    advance("ledger", 0, 5, "ab")
    advance("other", 0, 3)
    begin_anew("ledger")
    assert (mark("ledger"), applied("other")) == (Mark(0, ""), 3)
    with pytest.raises(Conflict):
        advance("ledger", 5, 9)
    advance("ledger", 0, 9, "cd")
    assert mark("ledger") == Mark(9, "cd")


@pytest.mark.django_db
def test_a_lock_leaves_the_number() -> None:
    """A name can be locked before it has a number."""
    lock("ledger")
    advance("ledger", 0, 5)
    lock("ledger")
    assert applied("ledger") == 5


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 4), (-1, 1)])
def test_a_number_does_not_stand_or_go_back(start: int, end: int) -> None:
    """That is the caller's mistake."""
    with pytest.raises(ValueError, match="forward"):
        advance("ledger", start, end)


@pytest.mark.django_db(transaction=True)
def test_a_number_goes_with_what_follows_from_it() -> None:
    """It is refused outside a transaction, and undone with one."""
    with pytest.raises(transaction.TransactionManagementError):
        advance("ledger", 0, 5)
    with pytest.raises(transaction.TransactionManagementError):
        lock("ledger")
    with transaction.atomic():
        advance("ledger", 0, 5)
        transaction.set_rollback(True)
    assert applied("ledger") == 0
