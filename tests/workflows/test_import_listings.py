"""Files of listings: what is right is kept, what is wrong is told row by row, memory is bounded."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    APPROVER,
    BANK,
    OTHER_BANK,
    assert_feed_is_true,
    banks,
    feed,
    put,
)

from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.law.tier import Event
from holdfast.registry import sheets
from holdfast.registry.models import Listing
from holdfast.registry.portal import COLUMNS, EXAMPLES
from holdfast.registry.subject import parse_subject
from holdfast.registry.template import write_template
from holdfast.workflows.approve_listing import approve_batch
from holdfast.workflows.contest_listing import contest_subject
from holdfast.workflows.import_listings import ImportReport, import_listings

Rows = Sequence[Mapping[str, str]]
CASE = EXAMPLES[0]


@pytest.fixture(autouse=True)
def _banks(world: TestCentre) -> None:
    banks()


def phones(count: int, start: int = 0) -> Iterator[dict[str, str]]:
    """Yield rows of cases' phones that are all different."""
    for number in range(start, start + count):
        yield dict(EXAMPLES[1]) | {
            "record": "case",
            "bank_case_id": f"KB-{number}",
            "subject": f"+668{number:08d}",
        }


def written(folder: Path, rows: Rows, name: str = "in.csv") -> Path:
    """Return a file with rows."""
    path = folder / name
    if name.endswith(".xlsx"):
        book = Workbook()
        book.active.append(list(COLUMNS))
        for row in rows:
            book.active.append([row.get(column, "") for column in COLUMNS])
        book.save(path)
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken(world: TestCentre, path: Path) -> tuple[ImportReport, list[Problem]]:
    """Import a file as a bank."""
    problems: list[Problem] = []
    return import_listings(world.centre, path, BANK, problems.append), problems


def test_a_file_is_no_way_round_what_may_be_listed_alone(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few enough for a file, but with what was listed one by one more than the law lets alone."""
    number = type(world.centre.law).registry_number
    monkeypatch.setattr(
        type(world.centre.law),
        "registry_number",
        lambda law, country, name, on: (
            3 if name == "alone_listings" else number(law, country, name, on)
        ),
    )
    for i in range(2):
        put(world, event=Event.BANK_SUSPICION, actor=BANK, reference=f"F-{i}")
    few, more = written(tmp_path, list(phones(1)), "1.csv"), list(phones(2, start=1))
    assert taken(world, few)[0].standing == 1
    report, problems = taken(world, written(tmp_path, more, "2.csv"))
    assert (report.standing, report.proposed, problems) == (0, 2, [])


@pytest.mark.parametrize("name", ["new.csv", "new.xlsx"])
def test_the_template_can_be_sent_as_it_is(world: TestCentre, tmp_path: Path, name: str) -> None:
    """Its examples are right, in both forms; sent again, the listings are known."""
    path = tmp_path / name
    write_template(path)
    report, problems = taken(world, path)
    assert problems == []
    assert (report.rows, report.standing, report.proposed, report.updated) == (4, 3, 0, 1)
    states = dict(Listing.objects.values_list("subject_kind", "state").filter(subject_kind="phone"))
    assert states == {"phone": "standing"}
    assert Listing.objects.filter(state="withdrawn", subject_key="TH.THCBC.004.0123456789").exists()
    again, problems = taken(world, path)
    assert (again.known, problems) == (2, [])
    assert_feed_is_true(world)


def test_a_template_is_never_written_over(tmp_path: Path) -> None:
    """What stands there stays; where nothing can be written it is said."""
    path = tmp_path / "t.csv"
    path.write_text("mine", encoding="utf-8")
    for there, code in (
        (path, "template_exists"),
        (tmp_path / "no" / "t.csv", "template_unwritable"),
    ):
        with pytest.raises(Refused) as refused:
            write_template(there)
        assert refused.value.code == code
    assert path.read_text(encoding="utf-8") == "mine"


def test_the_template_tells_what_stands_where(tmp_path: Path) -> None:
    """The Excel form has a page with every column."""
    write_template(tmp_path / "t.xlsx")
    told = load_workbook(tmp_path / "t.xlsx")["columns"]
    assert [row[0] for row in told.iter_rows(values_only=True)] == list(COLUMNS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"record": "kase"}, "portal_word"),
        ({"level": "2"}, "portal_level"),
        ({"level": "x"}, "portal_level"),
        ({"level": "051"}, "portal_level"),
        ({"record": "subcase", "level": "99"}, "portal_level"),
        ({"bank_case_id": " "}, "portal_cell_missing"),
        ({"bank_case_id": "x" * 61}, "text_too_long"),
        ({"subject": ""}, "portal_cell_missing"),
        ({"subject": "TH.XXXXX.004.1"}, "account_scheme_unknown"),
        ({"subject": "TH.THCBC.004.12-34"}, "account_number_form"),
        ({"kind": "phone", "subject": "08A-234-5678"}, "phone_unreadable"),
        ({"kind": "car"}, "subject_kind_unknown"),
        ({"kind": "handle", "subject": "getrich"}, "subject_handle_form"),
        ({"ground": "rumour"}, "portal_word"),
        ({"ground": "case_unfounded"}, "lister_not_allowed"),
        ({"ground": "official_list"}, "lister_not_allowed"),
        ({"confirmed": "no"}, "ground_unconfirmed"),
        ({"confirmed": "maybe"}, "portal_flag"),
        ({"involvement": "boss"}, "portal_word"),
        ({"record": "subcase", "bank_case_id": "none"}, "portal_case_missing"),
        ({"record": "update", "update": "withdrawn", "reason": "x"}, "portal_case_missing"),
        ({"record": "update", "update": "withdrawn"}, "portal_cell_missing"),
        ({"record": "update", "update": "won"}, "portal_word"),
    ],
)
def test_a_wrong_row_is_told_and_the_next_is_kept(
    world: TestCentre, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    """With its number, as an editor counts, and a stable code."""
    good = next(phones(1))
    report, problems = taken(world, written(tmp_path, [dict(CASE) | change, good]))
    assert [(problem.row, problem.code) for problem in problems] == [(2, code)]
    assert (report.rows, report.standing, report.problems) == (2, 1, 1)


def test_a_further_account_needs_behaviour_and_a_person(world: TestCentre, tmp_path: Path) -> None:
    """Receipt of money alone lists nobody, by file neither."""
    rows = [dict(EXAMPLES[2]) | {name: ""} for name in ("behaviour", "decided_by")]
    wallet = {"kind": "wallet", "subject": "BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"}
    _, problems = taken(world, written(tmp_path, [CASE, *rows, rows[0] | wallet]))
    assert [problem.code for problem in problems] == [
        "ground_behaviour_missing",
        "ground_nobody_decided",
        "ground_behaviour_missing",
    ]


def test_ids_of_people_are_sealed(world: TestCentre, tmp_path: Path) -> None:
    """The clear id is in no row and in no problem."""
    row = dict(EXAMPLES[2]) | {"kind": "person", "subject": "TH.NIDN.1100000000008"}
    wrong = row | {"subject": "TH.NIDN.1100000000009"}
    _, problems = taken(world, written(tmp_path, [CASE, row, wrong]))
    assert [problem.code for problem in problems] == ["person_check_digit"]
    assert "11000000" not in str(problems[0]) + str(problems[0].fields)
    person = Listing.objects.get(subject_kind="person")
    assert (person.state, "11000000" in person.subject_key) == ("proposed", False)


def test_much_waits_for_a_second_person(world: TestCentre, tmp_path: Path) -> None:
    """More than a few: nothing is answered before somebody else approves the file."""
    report, _ = taken(world, written(tmp_path, list(phones(11))))
    assert (report.standing, report.proposed, feed()) == (0, 11, [])
    count = approve_batch(world.centre, report.batch, APPROVER, approve=True, reason="seen")
    assert (count, len(feed())) == (11, 11)


def test_a_file_in_parts_is_no_way_round(world: TestCentre, tmp_path: Path) -> None:
    """Of one institution within a day; another's files count for themselves, and so does tomorrow."""
    reports = [
        taken(world, written(tmp_path, list(phones(4, start)), f"{start}.csv"))[0]
        for start in (0, 4, 8, 12)
    ]
    assert [(report.standing, report.proposed) for report in reports] == [
        (4, 0),
        (4, 0),
        (0, 4),
        (0, 4),
    ]
    again, _ = taken(world, written(tmp_path, list(phones(4, 0)), "0.csv"))
    assert (again.known, again.problems) == (4, 0)
    others: list[Problem] = []
    path = written(tmp_path, list(phones(4, 20)), "o.csv")
    assert import_listings(world.centre, path, OTHER_BANK, others.append).standing == 4
    world.pass_time(hours=24)
    tomorrow, _ = taken(world, written(tmp_path, list(phones(10, 30)), "t.csv"))
    assert (tomorrow.standing, tomorrow.proposed) == (10, 0)


def test_the_end_of_a_large_file_waits_as_its_beginning_does(
    world: TestCentre, tmp_path: Path
) -> None:
    """Files are read a lot at a time; the last lot may be small."""
    report, _ = taken(world, written(tmp_path, list(phones(503))))
    assert (report.standing, report.proposed) == (0, 503)


def test_only_the_sending_bank_confirms_by_file(world: TestCentre, tmp_path: Path) -> None:
    """Named by the account that the payment left; that is kept nowhere."""
    wrong = dict(CASE) | {"paid_from": "TH.THCBC.014.0000000001"}
    _, problems = taken(world, written(tmp_path, [wrong, wrong | {"paid_from": ""}]))
    assert [problem.code for problem in problems] == ["ground_not_sender"] * 2
    taken(world, written(tmp_path, [CASE], "right.csv"))
    kept = Listing.objects.values().get()
    assert CASE["paid_from"] not in str(kept)


def test_a_file_proposes_what_a_contest_put_in_doubt(world: TestCentre, tmp_path: Path) -> None:
    """Under another number it does not stand before a second person has looked."""
    row = next(phones(1))
    taken(world, written(tmp_path, [row]))
    contest_subject(
        world.centre, parse_subject("phone", row["subject"], "TH"), ["mine"], world.centre.itself
    )
    report, problems = taken(world, written(tmp_path, [row | {"bank_case_id": "KB-X"}], "x.csv"))
    assert (report.standing, report.proposed, problems) == (0, 1, [])


def test_a_complaint_moves_the_case(world: TestCentre, tmp_path: Path) -> None:
    """An update says so; the dark grey waits, another bank's case is not there."""
    complaint = dict(CASE) | {"record": "update", "update": "police_complaint"}
    complaint |= {"behaviour": "the police took the complaint 1/2026", "decided_by": "desk 12"}
    path = written(tmp_path, [CASE, complaint, complaint])
    report, problems = taken(world, path)
    assert (report.updated, report.known, problems) == (1, 1, [])
    found = Listing.objects.order_by("id").values_list("tier", "state")
    assert list(found) == [("light_grey", "standing"), ("dark_grey", "proposed")]
    others: list[Problem] = []
    import_listings(
        world.centre, written(tmp_path, [complaint], "o.csv"), OTHER_BANK, others.append
    )
    assert [problem.code for problem in others] == ["portal_case_missing"]


@pytest.mark.parametrize("name", ["in.csv", "in.xlsx"])
def test_rubbish_in_a_large_file_is_told_row_by_row(
    world: TestCentre, tmp_path: Path, name: str
) -> None:
    """Every tenth row is rubbish; all others are kept, and no lot suffers from its neighbours."""
    rows = [
        row if number % 10 else row | {"subject": "rubbish"}
        for number, row in enumerate(phones(1200))
    ]
    report, problems = taken(world, written(tmp_path, rows, name))
    assert (report.proposed, report.problems) == (1080, 120)
    assert [problem.row for problem in problems] == list(range(2, 1202, 10))


def test_memory_does_not_grow_with_the_file(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are held a lot at a time: ten times the rows, about the same memory."""
    peaks = []
    for count in (1_000, 10_000):
        rubbish = ({**row, "subject": "rubbish"} for row in phones(count))
        path = written(tmp_path, list(rubbish), f"{count}.csv")
        tracemalloc.start()
        report = import_listings(world.centre, path, BANK, lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.problems == count
    assert peaks[1] < 3 * peaks[0]
    monkeypatch.setattr(sheets, "ROWS_MAX", 3)
    _, problems = taken(world, written(tmp_path, list(phones(9))))
    assert problems[-1].code == "sheet_rows_too_many"


def test_a_file_that_is_none_is_said_so(world: TestCentre, tmp_path: Path) -> None:
    """Missing, not a table, cut short, no header."""
    broken = tmp_path / "broken.xlsx"
    write_template(broken)
    broken.write_bytes(broken.read_bytes()[:3000])
    empty = tmp_path / "empty.xlsx"
    with ZipFile(empty, "w") as archive:
        archive.writestr("a", "b")
    (tmp_path / "head.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    codes = {
        "none.csv": "sheet_unreadable",
        "broken.xlsx": "sheet_unreadable",
        "empty.xlsx": "sheet_unreadable",
        "head.csv": "column_missing",
    }
    for name, code in codes.items():
        with pytest.raises(Refused) as refused:
            taken(world, tmp_path / name)
        assert refused.value.code == code, name


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of its parts is enough to refuse it."""
    write_template(tmp_path / "t.xlsx")
    monkeypatch.setattr(sheets, "XLSX_BYTES_MAX", 100)
    with pytest.raises(Refused) as refused:
        taken(world, tmp_path / "t.xlsx")
    assert refused.value.code == "sheet_too_large"
