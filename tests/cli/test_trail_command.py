"""`holdfast trail` and `holdfast trail explain`, as an operator calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from holdfast.cli.main import main

LEDGER = """\
transfer_id,time,debit_account,credit_account,amount,currency,executes_hold
P,2026-03-01T09:00:00Z,TH.THCBC.002.V,TH.THCBC.004.X,10.00,THB,
C,2026-03-01T09:01:00Z,TH.THCBC.006.S,TH.THCBC.004.X,90.00,THB,
O,2026-03-01T09:02:00Z,TH.THCBC.004.X,TH.THCBC.014.W,20.00,THB,
U,2026-03-01T09:03:00Z,TH.THCBC.002.V,TH.THCBC.004.X,5.00,USD,
"""
P, X, W = "P", "TH.THCBC.004.X", "TH.THCBC.014.W"


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """A file with the hold example of the trail's rules."""
    path = tmp_path / "ledger.csv"
    path.write_text(LEDGER, encoding="utf-8")
    return str(path)


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, object]:
    """Run `holdfast trail … --format json` and return its answer."""
    assert main(["trail", *words, "--format", "json"]) == code
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def resting(answer: dict[str, object]) -> list[tuple[str, int, int]]:
    """Return (account, amount, held) of what rests."""
    rows = answer["resting"]
    assert isinstance(rows, list)
    return [(row["account"], row["amount"], row["held"]) for row in rows]


def test_without_a_hold_the_money_goes_on(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By fifo the victim's money is the oldest in X and leaves first."""
    answer = ask(capsys, "--ledger", ledger, "--claim", P)
    assert resting(answer) == [(W, 1000, 0)]


def test_a_hold_stops_it(ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A confirmed hold keeps the victim's money in X, and W gets clean money."""
    holds = tmp_path / "holds.csv"
    holds.write_text(
        f"time,kind,hold_id,account,claim,amount\n2026-03-01T09:01:30Z,hold,H1,{X},P,10.00\n",
        encoding="utf-8",
    )
    answer = ask(capsys, "--ledger", ledger, "--claim", P, "--holds", str(holds))
    assert resting(answer) == [(X, 1000, 1000)]


def test_the_same_answer_from_a_file_and_from_a_store(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file followed at once and an imported ledger give the same trail."""
    store = str(tmp_path / "store")
    assert main(["ledger", "import", ledger, "--into", store]) == 0
    capsys.readouterr()
    from_file = ask(capsys, "--ledger", ledger, "--claim", P, "--rule", "pro-rata")
    from_store = ask(capsys, "--ledger", store, "--claim", P, "--rule", "pro-rata")
    assert from_file.pop("ledger_change") is None
    assert from_store.pop("ledger_change") == 1
    assert from_file == from_store


def test_bounds_stops_and_instants(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Options act as they say: stop, as-of, max-hops, min-amount, and a bound ends with 3."""
    asked = ["--ledger", ledger, "--claim", P]
    assert ask(capsys, *asked, "--stop", W)["exits"] == [
        {"kind": "stop", "account": W, "claim": P, "amount": 1000}
    ]
    assert resting(ask(capsys, *asked, "--as-of", "2026-03-01T09:01:00Z")) == [(X, 1000, 0)]
    assert ask(capsys, *asked, "--max-hops", "1")["exits"] == [
        {"kind": "beyond", "account": W, "claim": P, "amount": 1000}
    ]
    assert ask(capsys, *asked, "--min-amount", "1001")["exits"] == [
        {"kind": "immaterial", "account": X, "claim": P, "amount": 1000}
    ]
    cut = ask(capsys, *asked, "--max-accounts", "1", code=3)
    assert cut["truncated"] is True
    assert cut["exits"] == [{"kind": "truncated", "account": W, "claim": P, "amount": 1000}]


def test_a_claim_that_is_not_there_waits(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A claim not in the ledger, or not yet by then, is listed as waiting and is no error."""
    answer = ask(capsys, "--ledger", ledger, "--claim", "NOPE")
    assert (answer["waiting"], answer["currency"], answer["claims"]) == (["NOPE"], None, [])
    early = ask(capsys, "--ledger", ledger, "--claim", P, "--as-of", "2026-03-01T08:00:00Z")
    assert early["waiting"] == [P]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "no_claims"),
        (["--claim", "P", "U"], "claims_mixed_currency"),
        (["--claim", "P", "--stop", "somewhere"], "account_form"),
        (["--claim", "P", "--as-of", "yesterday"], "time_unreadable"),
        (["--claim", "P", "--claims", "missing.csv"], "file_missing"),
        (["--claim", "P", "--rule", "all", "--format", "svg"], "format_one_rule"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    ledger: str, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A question without an answer ends with 1 and one line that carries its code."""
    assert main(["trail", "--ledger", ledger, *words]) == 1
    error = capsys.readouterr().err
    assert f"[{code}]" in error
    assert error.count("\n") == 1


def test_a_claim_to_itself_is_refused(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A victim's payment has two accounts."""
    path = tmp_path / "self.csv"
    path.write_text(LEDGER + f"Z,2026-03-01T09:04:00Z,{X},{X},1.00,THB,\n", encoding="utf-8")
    assert main(["trail", "--ledger", str(path), "--claim", "Z"]) == 1
    assert "[claim_to_itself]" in capsys.readouterr().err


def test_bad_rows_of_a_followed_file_are_told(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows left out of a file that is followed at once are told, and the answer is not whole."""
    path = tmp_path / "bad.csv"
    path.write_text(LEDGER + "Z,never,,,,,\n", encoding="utf-8")
    asked = ["trail", "--ledger", str(path), "--claim", P, "--format", "json"]
    assert main(asked) == 3
    assert "1 rows of" in capsys.readouterr().err
    other = f"P,2026-03-01T09:00:00Z,TH.THCBC.002.V,{X},99.00,THB,\n"
    path.write_text(LEDGER + other, encoding="utf-8")
    assert main(asked) == 3
    assert "[transfer_contradicts]" in capsys.readouterr().err


def test_explain_says_that_it_was_cut(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An explanation under a bound ends with 3 and says that it is not the whole trail."""
    asked = ["trail", "explain", "--ledger", ledger, "--claim", P, "--account", X]
    assert main([*asked, "--max-transfers", "1"]) == 3
    assert "TRUNCATED" in capsys.readouterr().out
    assert main([*asked, "--max-seconds", "60"]) == 0


def test_a_missing_holds_file_is_told_while_claims_wait(
    ledger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is named but not there is refused, also where it would not matter yet."""
    asked = ["trail", "--ledger", ledger, "--claim", "NOPE", "--holds", "missing.csv"]
    assert main(asked) == 1
    assert "[file_missing]" in capsys.readouterr().err


def test_every_format_shows_the_amount(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Table, CSV and picture all carry what rests and where."""
    asked = ["trail", "--ledger", ledger, "--claim", P, "--format"]
    assert main([*asked, "table"]) == 0
    table = capsys.readouterr().out
    assert W in table
    assert "10.00" in table
    assert main([*asked, "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["amount_minor"] for row in rows if row["record"] == "resting"] == ["1000"]
    assert main([*asked, "svg"]) == 0
    picture = ET.fromstring(capsys.readouterr().out)  # noqa: S314  (our own output)
    assert "10.00" in "".join(picture.itertext())


def test_all_rules_side_by_side(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--rule all` gives every rule's answer, as JSON and as a table."""
    answers = ask(capsys, "--ledger", ledger, "--claim", P, "--rule", "all")["rules"]
    assert isinstance(answers, dict)
    assert set(answers) == {"fifo", "lifo", "pro-rata", "poison"}
    assert resting(answers["lifo"]) == [(X, 1000, 0)]
    assert resting(answers["pro-rata"]) == [(X, 800, 0), (W, 200, 0)]
    assert main(["trail", "--ledger", ledger, "--claim", P, "--rule", "all"]) == 0
    table = capsys.readouterr().out
    assert all(word in table for word in ("fifo", "lifo", "pro-rata", "8.00", "2.00"))


def test_explain_can_be_followed_by_hand(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step on the way is told with the lots before and after."""
    asked = ["trail", "explain", "--ledger", ledger, "--claim", P, "--account", W]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "1. 2026-03-01T09:00:00Z: by P, a reported payment" in told
    assert f"{X} had: 10.00 of P, 90.00 clean" in told
    assert "Out of it go: 10.00 of P, 10.00 clean" in told
    assert f"10.00 of claim P rest in {W}." in told


def test_explain_refuses_an_account_off_the_trail(
    ledger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An account that no claimed money reached has nothing to explain."""
    off = "TH.THCBC.006.S"
    assert main(["trail", "explain", "--ledger", ledger, "--claim", P, "--account", off]) == 1
    assert "[account_not_in_trail]" in capsys.readouterr().err
