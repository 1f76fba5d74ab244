"""New keys of an institution: its copies begin anew under them, and nothing is given under the old."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.workflows.feed_kit import BLACK, Bank, Feeding, bank_with_replica, phone

from holdfast.core.errors import CentreError, Conflict, Refused
from holdfast.records.models import AuditEntry
from holdfast.registry.feed.chain import Place
from holdfast.registry.feed.signed import KEYS_RENEWED
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.replica.following import Step
from holdfast.registry.replica.holding import State
from holdfast.workflows import give_snapshot
from holdfast.workflows.confirm_number import begin_digest
from holdfast.workflows.give_snapshot import For, last_begun, make_snapshot
from holdfast.workflows.registry_keys import hash_key
from holdfast.workflows.renew_replica_keys import renew_replica_keys

WHOSE = "TH.THCBC.004"


def _renew(feeding: Feeding) -> None:
    renew_replica_keys(feeding.centre, feeding.bank(WHOSE))


@pytest.mark.parametrize("by_snapshot", [True, False])
def test_a_copy_is_told_and_holds_all_anew_under_the_new_keys(
    feeding: Feeding, bank: Bank, *, by_snapshot: bool
) -> None:
    """Whatever it asks for; then it proves what it holds under the new keys, and owes nothing."""
    feeding.list(phone(1))
    bank.catch_up()
    old = bank.connected.hash_key
    _renew(feeding)
    feeding.list(phone(2))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = by_snapshot
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == KEYS_RENEWED
        assert holding.place.number == 1
    bank.connect_anew()
    assert bank.connected.hash_key != old
    with bank.following() as (follower, holding, freshness):
        assert freshness.is_stale
        assert (holding.needs_snapshot, holding.place.number) == (True, 1)
        assert follower.step(0) is Step.SNAPSHOT
        feeding.list(phone(3))
        assert follower.step(0) is Step.APPLIED
        assert holding.prove()
    assert bank.tiers() == {phone(n): BLACK for n in (1, 2, 3)}
    assert bank.row.confirmed_number == 3
    with pytest.raises(CentreError, match="key"):
        Index.open(index_file(bank.folder), old)
    assert AuditEntry.objects.filter(verb="renew_replica_keys").count() == 1
    assert not AuditEntry.objects.filter(verb="replica_out_of_sync").exists()


def test_new_keys_do_not_hide_a_fork(feeding: Feeding, bank: Bank, tmp_path: Path) -> None:
    """The copy still knows how the feed was: another past is refused under the new keys too."""
    feeding.list(phone(1))
    bank.catch_up()
    ours = Place(1, bytes(32))
    (bank.folder / "state").write_bytes(State(ours, before=1).to_bytes())
    _renew(feeding)
    bank.connect_anew()
    feeding.list(phone(2))
    with bank.following() as (follower, holding, _):
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_fork"
        assert holding.place == ours
    assert bank.tiers() == {}


def test_a_snapshot_that_a_renewal_overtook_counts_for_nothing(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made under the old keys until just now: what copies prove is not measured by it."""
    feeding.list(phone(1))
    read = give_snapshot._records

    def overtaken(*whatever: Any) -> Any:
        found = read(*whatever)
        _renew(feeding)
        return found

    monkeypatch.setattr(give_snapshot, "_records", overtaken)
    with pytest.raises(Conflict) as refused:
        make_snapshot(feeding.centre, feeding.snapshots, For(WHOSE, "bank"))
    assert refused.value.code == KEYS_RENEWED
    monkeypatch.undo()
    assert last_begun(feeding.snapshots, WHOSE) is None
    bank.connect_anew()
    bank.catch_up()
    assert bank.row.confirmed_number == 1
    assert not AuditEntry.objects.filter(verb="replica_out_of_sync").exists()


def test_a_snapshot_under_the_old_keys_is_given_to_nobody(feeding: Feeding, bank: Bank) -> None:
    """It is gone when the next is made; a part of it is unknown at once."""
    feeding.list(phone(1))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        follower.step(0)
    [old] = (feeding.snapshots / WHOSE / "0").iterdir()
    _renew(feeding)
    feeding.now_us += give_snapshot.GOOD_FOR_US
    answer = bank.link.get(f"/v1/registry/snapshot/{old.name}/0", {}, 1000, 1.0)
    assert answer.status == 404
    bank.connect_anew()
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        follower.step(0)
    assert [folder.name for folder in (feeding.snapshots / WHOSE).iterdir()] == ["1"]


def test_only_the_institutions_own_keys_are_renewed(
    feeding: Feeding, bank: Bank, tmp_path: Path
) -> None:
    """Another's copy goes on and hears nothing of it."""
    other = bank_with_replica(feeding, tmp_path / "other", "TH.THCBC.011")
    before = hash_key(feeding.centre, "TH.THCBC.011")
    assert bank.link.post("/v1/registry/replicas/renew-keys", {}).body == b'{"renewal": 1}'
    assert hash_key(feeding.centre, "TH.THCBC.011") == before
    feeding.list(phone(1))
    other.catch_up()
    assert other.tiers() == {phone(1): BLACK}


def test_what_was_proved_under_the_old_keys_counts_no_more(feeding: Feeding, bank: Bank) -> None:
    """A digest kept from before would call a right copy a wrong one."""
    feeding.list(phone(1))
    begin_digest(WHOSE, 1, bytes(32))
    _renew(feeding)
    bank.connect_anew()
    bank.catch_up()
    assert bank.row.confirmed_number == 1
