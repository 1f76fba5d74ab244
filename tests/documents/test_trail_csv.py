"""A trail as CSV: complete, exact, and safe to open."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.money import parse_minor
from holdfast.documents.trail_csv import COLUMNS, write_csv
from holdfast.trail.answer import Answer, Claim, Overheld
from holdfast.trail.question import Rule

WAITING = Answer(rule=Rule.LIFO, as_of_us=None, currency=None, waiting=("A-1",), claims=())


def rows(answer: Answer) -> list[dict[str, str]]:
    """Read the CSV of an answer back."""
    return list(csv.DictReader(StringIO(write_csv(answer), newline="")))


@pytest.mark.parametrize("name", ["small", "long", "crowded"])
def test_balance_holds_in_the_table(name: str, request: pytest.FixtureRequest) -> None:
    """For each claim its amount is the sum of its resting and exit lines."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows(request.getfixturevalue(name)):
        if row["record"] in {"resting", "exit"}:
            sums[row["claim"]] += int(row["amount_minor"])
        elif row["record"] == "claim":
            sums[row["claim"]] -= int(row["amount_minor"])
    assert sums
    assert set(sums.values()) == {0}


def test_every_part_of_the_answer_has_its_lines(long: Answer) -> None:
    """Claims, places, exits and hops are all there; a hop has a line for each claim in it."""
    found: dict[str, int] = defaultdict(int)
    for row in rows(long):
        found[row["record"]] += 1
    assert found == {
        "claim": len(long.claims),
        "resting": len(long.resting),
        "exit": len(long.exits),
        "hop": sum(len(hop.tainted) for hop in long.hops),
    }


def test_amounts_agree_in_major_and_minor_units(long: Answer) -> None:
    """The decimal amount and the integer beside it are the same money."""
    for row in rows(long):
        for column in ("amount", "held", "transfer_amount"):
            assert bool(row[column]) == bool(row[f"{column}_minor"])
            if row[column]:
                assert parse_minor(row[column], row["currency"]) == int(row[f"{column}_minor"])


def test_hop_names_both_sides_and_the_whole_transfer(small: Answer) -> None:
    """A hop line has its transfer, time, both accounts, the part and the whole."""
    hop = next(row for row in rows(small) if row["transfer_id"] == "P-4")
    assert hop["time"] == "2026-03-01T03:00:00Z"
    assert hop["account"] == small.hops[3].debit_account
    assert hop["to_account"] == small.hops[3].credit_account
    assert (hop["amount"], hop["transfer_amount"]) == ("4000.00", "4000.00")


def test_what_an_answer_rests_on_is_on_every_line(small: Answer) -> None:
    """Rule, instant, ledger change and whether the trail is whole stand on each line."""
    answer = replace(small, as_of_us=0, ledger_change=42, truncated_why="accounts")
    for row in rows(answer):
        assert row["rule"] == "fifo"
        assert row["as_of"] == "1970-01-01T00:00:00Z"
        assert row["ledger_change"] == "42"
        assert row["truncated"] == "accounts"


def test_waiting_overheld_and_without_history_are_there(small: Answer) -> None:
    """What is not known or stands on other money has lines of its own."""
    answer = replace(
        small,
        waiting=("W-1",),
        without_history=("TH.THCBC.004.9",),
        overheld=(Overheld("H-1", "TH.THCBC.004.8", "P-1", 150),),
    )
    found = {row["record"]: row for row in rows(answer)}
    assert found["waiting"]["claim"] == "W-1"
    assert found["without_history"]["account"] == "TH.THCBC.004.9"
    assert found["overheld"]["hold"] == "H-1"
    assert found["overheld"]["amount"] == "1.50"


def test_only_waiting_claims_need_no_currency() -> None:
    """While every claim is waiting the table has those lines and no amounts."""
    assert [row["claim"] for row in rows(WAITING)] == ["A-1"]


def test_poison_lists_exposure_without_claimed_amounts(exposed: Answer) -> None:
    """Exposed accounts have time, hop and the transfer that reached them; no line has an amount."""
    found = rows(exposed)
    assert [row["hop"] for row in found if row["record"] == "exposed"] == [
        str(row.hop) for row in exposed.exposed
    ]
    assert {row["amount"] for row in found} == {""}


def test_header_is_the_columns() -> None:
    """The first line names the columns, and lines end as RFC 4180 asks."""
    assert write_csv(WAITING).startswith(",".join(COLUMNS) + "\r\n")


HOSTILE = st.one_of(
    st.sampled_from(
        ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "'a", "＝1", '=HYPERLINK("x")']
    ),
    st.text(st.characters(codec="utf-8")),
)


@given(name=HOSTILE)
def test_no_cell_begins_a_formula_and_every_text_comes_back(name: str) -> None:
    """A hostile id is disarmed by one apostrophe, and taking it away gives the id back."""
    answer = replace(WAITING, claims=(Claim(name, 1, 1),), waiting=(name,), currency="THB")
    for row in rows(answer):
        cell = row["claim"]
        assert cell.lstrip()[:1] not in set("=+-@＝＋－＠") - {""}
        assert cell[:1] not in {"\t", "\r"}
        assert cell.removeprefix("'") == name
