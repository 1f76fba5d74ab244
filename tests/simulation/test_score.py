"""Tests of the score: what a diary amounts to, told by hand and in general."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.simulation.events import (
    Blocked,
    Call,
    Caller,
    Diary,
    Exit,
    Held,
    Moved,
    Reported,
    Story,
    Times,
)
from holdfast.simulation.parameters import Channel, Shape
from holdfast.simulation.plot import Planned
from holdfast.simulation.score import POINTS_MAX, Delay, Why, score_data, score_of
from holdfast.simulation.summary import FIGURES, summary_of

NOK, TON, SHOP = "TH.THCBC.006.0000000001", "TH.THCBC.025.0000000002", "TH.THCBC.004.0000000003"
MINUTE_US = 60 * SECOND_US
ENDS_US = 100 * HOUR_US
JOB, LOAN = "job-0001", "loan-0002"


@dataclass
class Book:
    """A diary as it is written; times in minutes from 1970, amounts in minor units."""

    rows: list[Planned] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    purses: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By account and scam."""
    stolen: Counter[str] = field(default_factory=Counter)

    def claim(self, minute: int, scam: str, credit: str, amount: int) -> int:
        """Let a victim pay; return the place of the row."""
        self.rows.append(
            Planned(
                minute * MINUTE_US,
                0,
                1,
                amount,
                Channel.PROMPTPAY,
                scam,
                Shape.CHAIN,
                is_claim=True,
            )
        )
        self._move(minute, scam, "TH.THCBC.014.0000000009", credit, amount, is_claim=True)
        self.stolen[scam] += amount
        self.purses[credit, scam] += amount
        return len(self.rows) - 1

    def pass_on(self, minute: int, scam: str, debit: str, credit: str, amount: int) -> None:
        """Move stolen money between mules, as far as it is there."""
        amount = min(amount, self.purses[debit, scam])
        self._move(minute, scam, debit, credit, amount)
        self.purses[debit, scam] -= amount
        self.purses[credit, scam] += amount

    def leave(
        self, minute: int, scam: str, debit: str, amount: int, way: Exit, *, noticed: bool = False
    ) -> None:
        """Let stolen money leave reach, as far as it is there."""
        amount = min(amount, self.purses[debit, scam])
        self._move(minute, scam, debit, SHOP, amount, exit_=way, noticed=noticed)
        self.purses[debit, scam] -= amount

    def report(self, minute: int, scam: str, *rows: int, caller: Caller = Caller.VICTIM) -> None:
        """Let somebody call."""
        call = Call(minute * MINUTE_US, scam, caller, "job", rows, None)
        resting = sum(self.purses[key] for key in self.purses if key[1] == scam)
        self.reported.append(Reported(call, "C-1", self.stolen[scam], resting))

    def hold(
        self, minute: int, account: str, scam: str, amount: int, *, innocent: bool = False
    ) -> None:
        """Let a bank hold so much on an account from now on."""
        stolen = sum(self.purses[key] for key in self.purses if key[0] == account)
        self.held.append(Held(minute * MINUTE_US, account, scam, amount, stolen, innocent))

    def diary(self) -> Diary:
        """Return what was written."""
        calls = tuple(reported.call for reported in self.reported)
        return Diary(
            Story("told", tuple(self.rows), calls, ENDS_US),
            tuple(self.reported),
            tuple(self.held),
            tuple(self.moved),
            tuple(self.blocked),
            tuple(self.times),
            (),
        )

    def _move(
        self,
        minute: int,
        scam: str,
        debit: str,
        credit: str,
        amount: int,
        *,
        exit_: Exit | None = None,
        noticed: bool = False,
        is_claim: bool = False,
    ) -> None:
        if amount:
            time_us = minute * MINUTE_US
            self.moved.append(Moved(time_us, scam, debit, credit, amount, exit_, noticed, is_claim))


def told() -> Book:
    """Write a scam of which a part was gone, a part was let go, and a part was held."""
    book = Book()
    row = book.claim(0, JOB, NOK, 1000)
    book.leave(5, JOB, NOK, 100, Exit.CASH)
    book.report(8, JOB, row)
    book.leave(9, JOB, NOK, 50, Exit.EXCHANGE)
    book.pass_on(10, JOB, NOK, TON, 250)
    book.hold(12, NOK, JOB, 700)
    book.leave(14, JOB, TON, 200, Exit.CASH, noticed=True)
    return book


def test_money_is_held_or_missed_for_a_reason() -> None:
    """Of what was stolen, the held part and the reasons for the rest make up the whole."""
    score = score_of(told().diary())
    assert (score.stolen_minor, score.holdable_minor, score.held_minor) == (1000, 900, 600)
    assert score.held_share == pytest.approx(600 / 900)
    assert [(row.why, row.bank, row.amount_minor) for row in score.missed] == [
        (Why.AFTER_NOTICE, "TH.THCBC.025", 200),
        (Why.BEFORE_REPORT, None, 100),
        (Why.EXCHANGE, None, 50),
        (Why.LYING, None, 50),
    ]
    assert score.harm.others_own_minor == 100


def test_a_hold_counts_for_stolen_money_only() -> None:
    """What is held beyond what was stolen there, or where nothing was stolen, is no success."""
    book = told()
    book.hold(20, NOK, JOB, 5000)
    book.hold(21, SHOP, JOB, 5000, innocent=True)
    score = score_of(book.diary())
    assert score.held_minor == 600
    assert score.harm.others_own_minor == 4400
    assert score.harm.innocent_minor == 5000


def test_the_most_at_once_counts_even_if_it_was_let_go() -> None:
    """A hold that lapsed has held; what leaves afterwards is no second miss."""
    book = told()
    book.hold(30, NOK, JOB, 0)
    book.leave(40, JOB, NOK, 600, Exit.CASH)
    score = score_of(book.diary())
    assert score.held_minor == 600
    assert sum(row.amount_minor for row in score.missed) == 400
    assert score.series[-1].held_minor == 0


def test_money_paid_back_and_scams_nobody_told_of_are_told_apart() -> None:
    """What victims got back as bait was not lost; what nobody reported could not be held."""
    book = Book()
    row = book.claim(0, JOB, NOK, 100)
    book.leave(1, JOB, NOK, 30, Exit.RETURNED)
    book.report(2, JOB, row)
    book.claim(3, LOAN, TON, 50)
    book.leave(4, LOAN, TON, 50, Exit.ABROAD)
    score = score_of(book.diary())
    assert {row.why: row.amount_minor for row in score.missed} == {
        Why.LYING: 70,
        Why.UNREPORTED: 50,
        Why.RETURNED: 30,
    }
    assert (score.stolen_minor, score.reported_minor) == (150, 100)


def test_no_satang_is_holdable_twice() -> None:
    """Two victims of one mule make holdable what lies there at the first call, and what came later."""
    book = Book()
    first = book.claim(0, JOB, NOK, 100)
    book.report(5, JOB, first)
    book.report(6, JOB, first)
    second = book.claim(10, JOB, NOK, 40)
    book.leave(11, JOB, NOK, 10, Exit.CASH)
    book.hold(12, NOK, JOB, 130)
    book.report(90, JOB, second)
    score = score_of(book.diary())
    assert score.holdable_minor == 130
    found = {row.delay: (row.reports, row.holdable_minor, row.held_minor) for row in score.by_delay}
    assert found[Delay.TEN_MINUTES] == (2, 100, 100)
    assert found[Delay.SIX_HOURS] == (1, 30, 30)


def test_what_left_before_its_report_was_never_holdable() -> None:
    """Money told of stays counted wherever it goes; newer money of the same account leaves first."""
    book = Book()
    first = book.claim(0, JOB, NOK, 100)
    book.report(1, JOB, first)
    second = book.claim(2, JOB, NOK, 40)
    book.pass_on(3, JOB, NOK, TON, 70)
    book.leave(4, JOB, TON, 70, Exit.CASH)
    book.report(5, JOB, second)
    third = book.claim(6, JOB, TON, 25)
    book.report(7, JOB, third)
    assert score_of(book.diary()).holdable_minor == 100 + 0 + 25


@pytest.mark.parametrize(
    ("minutes", "delay"),
    [
        (10, Delay.TEN_MINUTES),
        (11, Delay.HOUR),
        (60, Delay.HOUR),
        (360, Delay.SIX_HOURS),
        (24 * 60, Delay.DAY),
        (24 * 60 + 1, Delay.LATER),
    ],
)
def test_delay_runs_from_the_last_payment(minutes: int, delay: Delay) -> None:
    """A report belongs to the delay since the last payment that it tells of."""
    book = Book()
    rows = [book.claim(minute, JOB, NOK, 10) for minute in (0, 100)]
    book.report(100 + minutes, JOB, *rows)
    counts = {row.delay: row.reports for row in score_of(book.diary()).by_delay}
    assert [key for key, reports in counts.items() if reports] == [delay]


def test_an_account_of_two_scams_is_held_for_the_one_that_is_asked_for() -> None:
    """What is held counts for the order's scam first, and then for the other."""
    book = Book()
    book.claim(0, JOB, NOK, 100)
    book.claim(1, LOAN, NOK, 100)
    book.hold(2, NOK, LOAN, 120)
    score = score_of(book.diary())
    assert score.held_minor == 120
    assert sum(row.amount_minor for row in score.missed) == 80


def test_harm_is_counted_by_person_hours_and_payments() -> None:
    """Each innocent counts once, with the most that was held, and every hour of every hold."""
    book = told()
    book.hold(60, SHOP, JOB, 300, innocent=True)
    book.hold(120, SHOP, JOB, 500, innocent=True)
    book.hold(180, SHOP, JOB, 0, innocent=True)
    book.hold(240, SHOP, JOB, 100, innocent=True)
    book.hold(61, TON.replace("2", "7"), JOB, 0, innocent=True)
    book.blocked += [
        Blocked(70 * MINUTE_US, SHOP, 90, 20, innocent=True),
        Blocked(71 * MINUTE_US, NOK, 90, 0, innocent=False),
    ]
    harm = score_of(book.diary()).harm
    assert (harm.innocents, harm.innocent_minor, harm.still_held) == (1, 500, 1)
    assert harm.person_hours == pytest.approx(2 + 96)
    assert (harm.release_hours_median, harm.release_hours_most) == (2.0, 2.0)
    assert (harm.blocked_payments, harm.blocked_minor) == (1, 70)
    assert harm.innocents_per_1000_cases == pytest.approx(1000)


def test_false_reports_are_counted_apart() -> None:
    """A false report makes nothing holdable; where it froze somebody, that is said."""
    book = told()
    book.report(30, "false-0001", caller=Caller.FALSE)
    book.report(31, "false-0002", caller=Caller.FALSE)
    book.hold(32, SHOP, "false-0002", 10, innocent=True)
    score = score_of(book.diary())
    assert score.reports == 3
    assert score.holdable_minor == 900
    assert (score.harm.false_reports, score.harm.false_reports_that_froze) == (2, 1)


def test_times_are_percentiles_of_what_was_measured() -> None:
    """What was never reached has no time; a hundred times show their middle and their last but one."""
    book = told()
    book.times += [Times(second / 100, None, 1.0) for second in range(1, 101)]
    measured = score_of(book.diary()).measured
    assert (measured.first_order.p50_s, measured.first_order.p99_s) == (0.5, 0.99)
    assert (measured.first_held.count, measured.first_held.p50_s) == (0, None)
    assert measured.last_answer.p99_s == 1.0


def test_a_score_of_nothing_can_be_made() -> None:
    """A story without scams or calls has a score, without shares."""
    score = score_of(Book().diary())
    assert (score.stolen_minor, score.held_share, score.series, score.missed) == (0, None, (), ())


def test_scores_are_data() -> None:
    """A score and a summary can be written as JSON, with words for states."""
    score = score_of(told().diary())
    data = json.loads(json.dumps(score_data(score)))
    assert data["missed"][0] == {
        "why": "after_notice",
        "bank": "TH.THCBC.025",
        "amount_minor": 200,
    }
    assert data["series"][-1]["gone_minor"] == 350
    assert json.loads(json.dumps(score_data(summary_of([score]))))["scores"] == 1


def test_a_summary_has_median_and_spread() -> None:
    """Figures of several seeds are put in order; scores without a figure are left out."""
    score = score_of(told().diary())
    scores = [replace(score, reports=reports, held_share=None) for reports in (5, 1, 3)]
    scores[0] = replace(scores[0], held_share=0.5, broken=("lost",))
    summary = summary_of(scores)
    reports = summary.figures["reports"]
    share = summary.figures["held_share"]
    assert reports is not None
    assert share is not None
    assert (reports.median, reports.least, reports.most) == (3, 1, 5)
    assert (reports.lower, reports.upper) == (2, 4)
    assert (share.count, share.median) == (1, 0.5)
    assert summary.broken == ("lost",)
    assert summary_of([]).figures == dict.fromkeys(FIGURES)


ACCOUNTS = st.sampled_from([NOK, TON])
SCAMS = st.sampled_from([JOB, LOAN])
AMOUNTS = st.integers(0, 100)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), SCAMS, ACCOUNTS, AMOUNTS),
        st.tuples(st.just("pass"), SCAMS, ACCOUNTS, AMOUNTS),
        st.tuples(st.just("leave"), SCAMS, ACCOUNTS, AMOUNTS),
        st.tuples(st.just("hold"), SCAMS, ACCOUNTS, AMOUNTS),
        st.tuples(st.just("report"), SCAMS, ACCOUNTS, AMOUNTS),
    ),
    max_size=40,
)


def written(steps: list[tuple[str, str, str, int]]) -> Book:
    """Write a diary of steps that follow each other by minutes."""
    book = Book()
    for minute, (step, scam, account, amount) in enumerate(steps):
        match step:
            case "claim":
                book.claim(minute, scam, account, amount)
            case "pass":
                book.pass_on(minute, scam, account, TON if account == NOK else NOK, amount)
            case "leave":
                way = list(Exit)[amount % len(Exit)]
                book.leave(minute, scam, account, amount, way, noticed=amount % 2 == 0)
            case "hold":
                book.hold(minute, account, scam, amount)
            case _:
                rows = [place for place, row in enumerate(book.rows) if row.scam == scam]
                book.report(minute, scam, *rows)
    return book


@given(STEPS)
def test_shares_make_up_the_whole(steps: list[tuple[str, str, str, int]]) -> None:
    """Held and missed are what was stolen; delays share out reports; nothing exceeds its bound."""
    book = written(steps)
    score = score_of(book.diary())
    assert score.stolen_minor == book.stolen.total()
    assert score.held_minor + sum(row.amount_minor for row in score.missed) == score.stolen_minor
    assert all(row.amount_minor > 0 for row in score.missed)
    assert sum(row.reports for row in score.by_delay) == score.reports
    assert sum(row.holdable_minor for row in score.by_delay) == score.holdable_minor
    assert sum(row.held_minor for row in score.by_delay) == score.held_of_holdable_minor
    assert all(row.held_minor <= row.holdable_minor for row in score.by_delay)
    assert score.held_of_holdable_minor <= min(score.held_minor, score.holdable_minor)
    assert score.holdable_minor <= score.reported_minor <= score.stolen_minor
    for point in score.series:
        assert point.stolen_minor == point.reachable_minor + point.gone_minor
        assert 0 <= point.held_minor <= point.reachable_minor


@given(STEPS)
def test_held_is_at_most_holdable_and_what_was_stolen_later(
    steps: list[tuple[str, str, str, int]],
) -> None:
    """Nobody holds after a report more than lay there then and came later."""
    steps = [(step, JOB, account, amount) for step, _, account, amount in steps]
    told_of = next((place for place, step in enumerate(steps) if step[0] == "report"), len(steps))
    steps = [step for place, step in enumerate(steps) if step[0] != "hold" or place > told_of]
    score = score_of(written(steps).diary())
    book = written(
        steps[: 1 + next((n for n, s in enumerate(steps) if s[0] == "report"), len(steps))]
    )
    later_minor = score.stolen_minor - book.stolen.total()
    assert score.held_minor <= score.holdable_minor + later_minor


@given(st.integers(0, 3 * POINTS_MAX))
def test_the_series_ends_with_the_last_state(count: int) -> None:
    """However many changes there are, the series has few points, in order, and the last."""
    book = Book()
    for minute in range(count):
        book.claim(minute, JOB, NOK, 1)
    series = score_of(book.diary()).series
    assert len(series) == min(count, POINTS_MAX)
    assert [point.time_us for point in series] == sorted({point.time_us for point in series})
    assert not count or series[-1].stolen_minor == count
