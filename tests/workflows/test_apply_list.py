"""Whole lists in versions: what is new is proposed, what left is retracted, what stays stays."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from tests.workflows.centre_kit import TestCentre, account, bank
from tests.workflows.registry_kit import (
    APPROVER,
    BANK,
    LISTER,
    PHONE,
    REVIEWER,
    assert_feed_is_true,
    banks,
    code_of,
    feed,
    ground,
    said,
)

from holdfast.core.errors import Forbidden, Refused
from holdfast.core.instant import DAY_US
from holdfast.core.problem import Problem
from holdfast.core.wallet import parse_wallet
from holdfast.law.tier import Event
from holdfast.registry import merged, sheets
from holdfast.registry.contest import Via
from holdfast.registry.models import Contest, FeedEntry, Listing
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.workflows.apply_list import ListReport, Version, apply_list
from holdfast.workflows.approve_listing import approve_batch
from holdfast.workflows.contest_listing import contest_listing
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.list_subject import ToList, list_subject

OFAC = Path(__file__).resolve().parents[3] / "shared/data/crypto/ofac/sanctioned_addresses.csv"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def wallet(number: int) -> str:
    """Return a made-up address of the old form, its checksum right."""
    body = b"\0" + number.to_bytes(20, "big")
    body += sha256(sha256(body).digest()).digest()[:4]
    value, text = int.from_bytes(body, "big"), ""
    while value:
        value, rest = divmod(value, 58)
        text = ALPHABET[rest] + text
    return "1" * (len(body) - len(body.lstrip(b"\0"))) + text


def written(folder: Path, subjects: Iterable[str], kind: str = "wallet") -> Path:
    """Return a version of a list as a file."""
    path = folder / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["kind", "subject"])
        rows.writerows([kind, subject] for subject in subjects)
    return path


def applied(
    world: TestCentre, path: Path, number: str, *, name: str = "SDN", may_shrink: bool = False
) -> tuple[ListReport, list[str]]:
    """Apply a version as somebody at the centre; return the report and the codes of problems."""
    problems: list[Problem] = []
    version = Version(name, number)
    report = apply_list(world.centre, path, version, LISTER, problems.append, may_shrink=may_shrink)
    assert report.problems == len(problems)
    return report, [problem.code for problem in problems]


def approved(world: TestCentre, report: ListReport) -> int:
    """Let a second person approve what a version brought."""
    return approve_batch(world.centre, report.batch, APPROVER, approve=True, reason="compared")


def standing() -> set[str]:
    """Return what stands, by key."""
    rows = Listing.objects.filter(state="standing", tier="black")
    return set(rows.values_list("subject_key", flat=True))


def check_versions(
    world: TestCentre, folder: Path, first: Sequence[str], second: Sequence[str]
) -> None:
    """Apply two versions of a list and compare what they did with the difference of two sets."""
    keys = [{parse_wallet(text) for text in texts} for texts in (first, second)]
    one, problems = applied(world, written(folder, first), "1")
    assert (one.added, one.unchanged, one.removed, problems) == (len(keys[0]), 0, 0, [])
    assert standing() == set()
    assert approved(world, one) == len(keys[0])
    assert standing() == keys[0]
    world.pass_time(hours=24)
    two, problems = applied(world, written(folder, second), "2")
    assert (two.added, two.unchanged, two.removed, problems) == (
        len(keys[1] - keys[0]),
        len(keys[1] & keys[0]),
        len(keys[0] - keys[1]),
        [],
    )
    approved(world, two)
    assert standing() == keys[1]
    retracted = FeedEntry.objects.filter(op="retract").values_list("subject_key", flat=True)
    assert set(retracted) == keys[0] - keys[1]
    before = feed()
    again, problems = applied(world, written(folder, second), "2")
    assert (again.added, again.unchanged, again.removed, problems) == (0, len(keys[1]), 0, [])
    assert feed() == before
    assert_feed_is_true(world)


def test_two_versions_of_a_small_list(world: TestCentre, tmp_path: Path) -> None:
    """Twenty, of which three go and four come; the same address twice is one."""
    made = [wallet(number) for number in range(24)]
    check_versions(world, tmp_path, [*made[:20], made[5]], made[3:])


@pytest.mark.skipif(
    not OFAC.exists(),
    reason="the real list is not here: it is others' data; a made-up one is tested above",
)
def test_two_versions_of_a_real_list(world: TestCentre, tmp_path: Path) -> None:
    """Hundreds of sanctioned addresses: all but the last of those we read, then all but the first."""
    with OFAC.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["asset"] in ("XBT", "ETH")]
    texts = [row["address"] for row in rows]
    assert len(texts) > 400
    check_versions(world, tmp_path, texts[:-20], texts[15:])


@pytest.mark.skipif(
    not OFAC.exists(),
    reason="the real list is not here: it is others' data; a made-up one is tested above",
)
def test_chains_that_we_do_not_read_are_told(world: TestCentre, tmp_path: Path) -> None:
    """By their rows; the rest of the list is taken."""
    with OFAC.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    report, codes = applied(world, written(tmp_path, [row["address"] for row in rows]), "1")
    others = {"DASH", "XMR", "ZEC", "BTG", "LTC"}
    assert len(codes) == sum(row["asset"] in others for row in rows)
    assert set(codes) == {"wallet_unknown"}
    assert report.added > 400


def test_persons_of_an_offices_list_are_black(world: TestCentre, tmp_path: Path) -> None:
    """By file, sealed with the centre's key, approved by a second person, retracted when they go."""
    ids = ["TH.NIDN.1100000000008", "TH.NIDN.1-2345-67890-12-1"]
    report, codes = applied(world, written(tmp_path, ids, "person"), "2026-11", name="HR-03")
    assert (report.added, codes) == (2, [])
    with pytest.raises(Forbidden):
        approve_batch(world.centre, report.batch, LISTER, approve=True, reason="mine")
    approved(world, report)
    found = Listing.objects.filter(state="standing", tier="black", subject_kind="person")
    assert found.count() == 2
    assert not any("1100000000008" in row.subject_key for row in found)
    path = written(tmp_path, ids[:1], "person")
    after, codes = applied(world, path, "2026-12", name="HR-03", may_shrink=True)
    assert (after.unchanged, after.removed, codes) == (1, 1, [])
    assert said(parse_subject("person", ids[1], "TH", world.centre.person_key)) is None


def test_a_list_that_shrinks_much_takes_nothing_away(world: TestCentre, tmp_path: Path) -> None:
    """A file that was cut off must not free everybody; a person says that it is right."""
    made = [wallet(number) for number in range(10)]
    report, _ = applied(world, written(tmp_path, made), "1")
    approved(world, report)
    cut = written(tmp_path, made[:4])
    report, codes = applied(world, cut, "2")
    assert (report.removed, codes, len(standing())) == (0, ["list_shrinks"], 10)
    report, codes = applied(world, cut, "2", may_shrink=True)
    assert (report.removed, codes, len(standing())) == (6, [], 4)


def test_a_list_read_in_part_takes_nothing_away(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a row says that is not legible is not known: perhaps it names who would go."""
    made = [wallet(number) for number in range(10)]
    report, _ = applied(world, written(tmp_path, made), "1")
    approved(world, report)
    monkeypatch.setattr(sheets, "ROWS_MAX", 9)
    report, codes = applied(world, written(tmp_path, made), "2", may_shrink=True)
    assert codes == ["sheet_rows_too_many", "list_in_part"]
    assert (report.removed, len(standing())) == (0, 10)


def test_lists_do_not_touch_each_other(world: TestCentre, tmp_path: Path) -> None:
    """On two lists, gone from one: it stands by the other; a name that begins alike is another,
    and so is one in small letters."""
    for name in ("SDN", "SDN-2", "sdn"):
        report, _ = applied(world, written(tmp_path, [wallet(1), wallet(2)]), "1", name=name)
        approved(world, report)
    report, _ = applied(world, written(tmp_path, [wallet(2)]), "2", may_shrink=True)
    assert report.removed == 1
    assert len(standing()) == 2
    assert_feed_is_true(world)


def test_what_a_contest_took_off_does_not_come_back_by_itself(
    world: TestCentre, tmp_path: Path
) -> None:
    """The next version still names it: that is told, and a person sees to it."""
    report, _ = applied(world, written(tmp_path, [wallet(1)]), "1")
    approved(world, report)
    row = Listing.objects.get()
    contest_listing(world.centre, code_of(world, row), ["mine"], Via.PAGE, LISTER)
    contest_id = Contest.objects.get().contest_id
    decide_contest(world.centre, contest_id, REVIEWER, uphold=True, reason="it is not the one")
    report, codes = applied(world, written(tmp_path, [wallet(1)]), "2")
    assert (report.added, codes) == (0, ["listing_was_contested"])


def test_nor_under_the_key_that_a_merger_gave_it(
    world: TestCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken off under the old bank's code, named by the next version under its successor's."""
    old, new = account(72, 9), account(73, 9)
    report, _ = applied(world, written(tmp_path, [old], "account"), "1")
    approved(world, report)
    contest_listing(world.centre, code_of(world, Listing.objects.get()), ["mine"], Via.PAGE, LISTER)
    contest_id = Contest.objects.get().contest_id
    decide_contest(world.centre, contest_id, REVIEWER, uphold=True, reason="it is not the one")
    monkeypatch.setattr(merged, "successors", lambda: {bank(72): bank(73)})
    report, codes = applied(world, written(tmp_path, [new], "account"), "2")
    assert (report.added, codes) == (0, ["listing_was_contested"])


def test_what_stays_on_the_list_is_renewed_in_time(world: TestCentre, tmp_path: Path) -> None:
    """A listing ends after its days; before that it is proposed anew, and no day is without it."""
    path = written(tmp_path, [wallet(1)])
    report, _ = applied(world, path, "1")
    approved(world, report)
    row = Listing.objects.get()
    world.now_us = row.until_us - 10 * DAY_US
    world.work()
    report, _ = applied(world, path, "2")
    assert (report.added, report.renewed, report.unchanged) == (0, 1, 0)
    assert applied(world, path, "2")[0].unchanged == 1
    approved(world, report)
    now = Listing.objects.get(state="standing")
    assert (now.replaces_id, now.reference) == (row.id, "SDN/2")
    assert now.until_us > row.until_us
    found = said(Subject(SubjectKind.WALLET, now.subject_key))
    assert found is not None
    assert found.until_us == now.until_us


def test_only_who_may_enter_it_applies_a_list(world: TestCentre, tmp_path: Path) -> None:
    """The law names who; and a list has a name."""
    banks()
    path = written(tmp_path, [wallet(1)])
    with pytest.raises(Refused) as refused:
        apply_list(world.centre, path, Version("SDN", "1"), BANK, lambda _: None)
    assert refused.value.code == "lister_not_allowed"
    for name in ("", "a/b", "x" * 41, "-a"):
        with pytest.raises(Refused) as refused:
            Version(name, "1")
        assert refused.value.code == "list_name"
    assert not Listing.objects.exists()


def test_a_listing_by_hand_is_not_the_lists(world: TestCentre, tmp_path: Path) -> None:
    """What the centre entered alone on the authority's word stays when a version lacks it."""
    by_hand = ground(Event.OFFICIAL_LIST, reference="letter 7")
    row = list_subject(world.centre, ToList(PHONE, by_hand), LISTER)
    report, _ = applied(world, written(tmp_path, [wallet(1)]), "1", may_shrink=True)
    assert report.removed == 0
    assert Listing.objects.get(id=row.id).state == "proposed"
