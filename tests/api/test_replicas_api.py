"""The feed over HTTP: who may follow it, and what each may see of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import ApiLink, Bank, Feeding, bank_with_replica, phone, serving

from holdfast.api import replicas as api
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.workflows.make_snapshots import SnapshotMaker

NONCE = "nonce-00000001"


@pytest.fixture
def feeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Feeding]:
    """A centre whose API gives the feed."""
    monkeypatch.setattr(api, "makers", SnapshotMaker(lambda work: work()))
    with serving(Feeding(tmp_path / "snapshots")) as made:
        yield made


@pytest.fixture
def bank(feeding: Feeding, tmp_path: Path) -> Bank:
    """A bank with a replica."""
    return bank_with_replica(feeding, tmp_path / "replica")


@pytest.fixture
def other(feeding: Feeding, tmp_path: Path) -> Bank:
    """Another bank with a replica."""
    return bank_with_replica(feeding, tmp_path / "other", "TH.THCBC.011")


def _get(link: ApiLink | None, path: str, **query: object) -> Any:
    headers = {"authorization": f"Bearer {link.key}"} if link else {}
    return Client(raise_request_exception=False).get(path, query, headers=headers)


def _post(link: ApiLink, path: str, **body: object) -> Any:
    headers = {"authorization": f"Bearer {link.key}"}
    return Client().post(path, body, content_type="application/json", headers=headers)


def _centres(feeding: Feeding) -> ApiLink:
    institution = Institution.objects.create(
        institution_id="TH.AOC", name="TH.AOC", kind="centre", created_us=0
    )
    scopes = [Scope.REGISTRY_REPLICATE]
    return ApiLink(issue_key(institution, scopes, "", feeding.now_us, lambda size: b"\x01" * size))


PATHS = [
    ("/v1/registry/replicas", {}),
    ("/v1/registry/feed", {"after": 0, "nonce": NONCE}),
    ("/v1/registry/snapshot", {"nonce": NONCE}),
    ("/v1/registry/snapshot/" + "0" * 32 + "/0", {}),
    ("/v1/registry/retractions", {}),
    ("/v1/registry/keys", {}),
]


@pytest.mark.parametrize(("path", "query"), PATHS)
def test_only_who_may_replicate_sees_anything(
    feeding: Feeding, path: str, query: dict[str, object]
) -> None:
    """Without a key, or with one for other things, nothing of the feed is given."""
    assert _get(None, path, **query).status_code == 401
    institution = Institution.objects.create(
        institution_id="TH.THCBC.099", name="x", kind="bank", created_us=0
    )
    key = issue_key(institution, [Scope.REGISTRY_ASK], "", feeding.now_us, lambda n: b"\x02" * n)
    answer = _get(ApiLink(key), path, **query)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_each_sees_its_own_replicas_and_the_centre_all(
    feeding: Feeding, bank: Bank, other: Bank
) -> None:
    """How far another bank's copy is, is nobody's business but the centre's."""
    feeding.list(phone(1))
    own = _get(bank.link, "/v1/registry/replicas").json()
    assert [row["replica_id"] for row in own["items"]] == ["TH.THCBC.004:payments-1"]
    assert (own["newest"], own["items"][0]["behind"]) == (1, 1)
    all_ = _get(_centres(feeding), "/v1/registry/replicas").json()
    assert len(all_["items"]) == 2


def test_the_centre_sees_by_name_who_owes_a_confirmation(
    feeding: Feeding, bank: Bank, other: Bank
) -> None:
    """Overdue or not yet; a bank sees only what it owes itself."""
    number = feeding.retract(phone(1))
    centres = _centres(feeding)
    [row] = _get(centres, "/v1/registry/retractions").json()["items"]
    assert row["number"] == number
    assert row["replicas"] == ["TH.THCBC.004:payments-1", "TH.THCBC.011:payments-1"]
    assert row["overdue"] is False
    feeding.now_us += 366 * 24 * 3600 * 1_000_000
    [row] = _get(bank.link, "/v1/registry/retractions").json()["items"]
    assert row["replicas"] == ["TH.THCBC.004:payments-1"]
    assert row["overdue"] is True
    retired = _post(bank.link, "/v1/registry/replicas/retire", replica_id=row["replicas"][0])
    assert retired.json()["state"] == "retired"
    [row] = _get(centres, "/v1/registry/retractions").json()["items"]
    assert row["replicas"] == ["TH.THCBC.011:payments-1"]


def test_a_snapshot_is_one_institutions(feeding: Feeding, bank: Bank, other: Bank) -> None:
    """Parts are given to the institution they were made for, and 202 says that they are made."""
    feeding.list(phone(1))
    manifest = _get(bank.link, "/v1/registry/snapshot", nonce=NONCE)
    assert manifest.status_code == 200
    assert manifest["Content-Type"] == api.FEED
    [folder] = (feeding.snapshots / "TH.THCBC.004" / "0").iterdir()
    part = f"/v1/registry/snapshot/{folder.name}/0"
    assert len(_get(bank.link, part).content) == 24
    assert _get(other.link, part).json()["code"] == "snapshot_unknown"
    assert _get(bank.link, part[:-1] + "1").json()["code"] == "snapshot_unknown"


def test_while_a_snapshot_is_made_the_answer_is_202(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the time after which to ask again."""
    begun: list[object] = []
    monkeypatch.setattr(api, "makers", SnapshotMaker(begun.append))
    waiting = _get(bank.link, "/v1/registry/snapshot", nonce=NONCE)
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")


def test_who_asks_for_newer_snapshots_too_soon_is_told_when(feeding: Feeding, bank: Bank) -> None:
    """429, with the seconds after which one is made."""
    query = {"nonce": NONCE, "not_before": feeding.now_us}
    assert _get(bank.link, "/v1/registry/snapshot", **query).status_code == 200
    feeding.now_us += 1_000_000
    query["not_before"] = feeding.now_us
    answer = _get(bank.link, "/v1/registry/snapshot", **query)
    assert (answer.status_code, answer["Retry-After"]) == (429, "599")
    assert answer.json()["code"] == "snapshot_too_soon"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"after": -1}, "fields_wrong"),
        ({"after": 2**63}, "fields_wrong"),
        ({"after": "x"}, "fields_wrong"),
        ({"nonce": "short"}, "fields_wrong"),
        ({"nonce": "n" * 65}, "fields_wrong"),
        ({"nonce": "no blanks"}, "fields_wrong"),
        ({"wait": 21}, "fields_wrong"),
        ({"after": 5}, "feed_ahead"),
    ],
)
def test_wrong_questions_are_told(bank: Bank, change: dict[str, object], code: str) -> None:
    """Each by its code."""
    answer = _get(bank.link, "/v1/registry/feed", **{"after": 0, "nonce": NONCE, **change})
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "change", [{"chain": "0" * 63}, {"digest": "x" * 64}, {"number": -1}, {"number": "1"}]
)
def test_wrong_confirmations_are_told(bank: Bank, change: dict[str, object]) -> None:
    """What is no confirmation confirms nothing."""
    body = {"replica_id": "r", "number": 0, "chain": "0" * 64, "digest": "0" * 64} | change
    answer = _post(bank.link, "/v1/registry/confirmations", **body)
    assert answer.json()["code"] == "fields_wrong"
