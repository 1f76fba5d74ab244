"""Files of listings over HTTP: CSV and Excel as they are, problems by row, nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import Caller, World

from holdfast.api import listing_files
from holdfast.api.listing_files import PROBLEMS_SHOWN_MAX
from holdfast.api.problem import BODY_BYTES_MAX
from holdfast.people.role import Scope
from holdfast.registry.models import Listing
from holdfast.registry.template import write_template

CSV = "text/csv"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = "record,bank_case_id,level,kind,subject,ground,confirmed\n"


@pytest.fixture
def lister(world: World) -> Caller:
    """A bank that lists."""
    return world.caller("TH.THCBC.002", Scope.REGISTRY_LIST)


def _send(caller: Caller, body: bytes | str, kind: str = CSV, **headers: str) -> Any:
    data = body.encode() if isinstance(body, str) else body
    told = caller._headers(headers)
    return caller.http.generic("POST", "/v1/listing-files", data, content_type=kind, headers=told)


def test_good_rows_are_kept_and_bad_ones_told(lister: Caller) -> None:
    """Each problem with its row and code; sent again, what is known is counted as known."""
    rows = (
        "case,K-1,1,phone,081-234-5678,victim_report,\n"
        "case,K-2,1,phone,nonsense,victim_report,\n"
        "case,K-3,1,phone,081-234-5679,rumour,\n"
    )
    done = _send(lister, HEADER + rows).json()
    assert (done["rows"], done["standing"], done["problems"]) == (3, 1, 2)
    assert [row["row"] for row in done["errors"]] == [3, 4]
    assert done["errors"][0]["code"].startswith("phone_")
    assert Listing.objects.get().institution_id == "TH.THCBC.002"
    again = _send(lister, HEADER + rows).json()
    assert (again["standing"], again["known"]) == (0, 1)


def test_a_workbook_is_read_like_a_text(lister: Caller, tmp_path: Path) -> None:
    """The template's own examples, as Excel."""
    file = tmp_path / "listings.xlsx"
    write_template(file)
    done = _send(lister, file.read_bytes(), EXCEL).json()
    assert done["rows"] > 0
    assert done["rows"] == (
        done["standing"] + done["proposed"] + done["known"] + done["updated"] + done["problems"]
    )


def test_a_long_file_waits_for_a_second_person(world: World, lister: Caller) -> None:
    """Under the batch that the answer names, which somebody at the centre approves."""
    rows = [f"case,K-{n},1,phone,08{n:08d},victim_report," for n in range(10_000_000, 10_000_030)]
    done = _send(lister, HEADER + "\n".join(rows)).json()
    assert (done["standing"], done["proposed"]) == (0, 30)
    approver = world.caller("TH.AOC", Scope.REGISTRY_APPROVE)
    said = {"approve": True, "reason": "compared"}
    answer = approver.post(f"/v1/listing-files/{done['batch']}/approval", said)
    assert answer.json()["listings"] == 30


def test_the_same_request_is_answered_alike(lister: Caller) -> None:
    """By its idempotency key; with another file under it, it is refused."""
    row = HEADER + "case,K-1,1,phone,081-234-5678,victim_report,\n"
    first = _send(lister, row, idempotency_key="k1")
    again = _send(lister, row, idempotency_key="k1")
    assert first.content == again.content
    other = _send(lister, row + row, idempotency_key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", "application/json", 415, "content_type_wrong"),
        (b"no archive", EXCEL, 422, "sheet_unreadable"),
        (b"x" * (BODY_BYTES_MAX + 1), CSV, 413, "body_too_long"),
        (b"a,b\n1,2\n", CSV, 422, "column_missing"),
    ],
)
def test_what_is_no_file_is_refused(
    lister: Caller, body: bytes, kind: str, status: int, code: str
) -> None:
    """With a stable code, and nothing is kept."""
    answer = _send(lister, body, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Listing.objects.exists()


def test_only_some_problems_are_named(lister: Caller) -> None:
    """All are counted."""
    rows = "case,K-1,1,phone,nonsense,victim_report,\n" * (PROBLEMS_SHOWN_MAX + 7)
    done = _send(lister, HEADER + rows).json()
    assert (done["problems"], len(done["errors"])) == (PROBLEMS_SHOWN_MAX + 7, PROBLEMS_SHOWN_MAX)


def test_a_file_is_as_long_as_others_can_wait(
    lister: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies beyond is told, so that it is sent in another request."""
    monkeypatch.setattr(listing_files, "ROWS_MAX", 2)
    rows = "".join(f"case,K-{n},1,phone,081-234-567{n},victim_report,\n" for n in range(4))
    done = _send(lister, HEADER + rows).json()
    assert (done["standing"], done["problems"]) == (2, 1)
    assert done["errors"][0]["code"] == "sheet_rows_too_many"


def test_only_who_lists_sends_a_file(world: World) -> None:
    """Another scope is not enough."""
    asks = world.caller("TH.THCBC.002", Scope.REGISTRY_ASK)
    assert _send(asks, HEADER).json()["code"] == "scope_missing"
