"""What the demo prints: our days beside the same days under the process of today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.made_up import next_lines
from holdfast.cli.table_page import Row, noted
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say
from holdfast.simulation.score import Delay, Percentiles, Score, Why

if TYPE_CHECKING:
    from holdfast.cli.played import Played, Wanted
    from holdfast.simulation.summary import Spread, Summary

CURRENCY = "THB"

_WHY = {
    Why.UNREPORTED: N_("nobody reported the scam, and it left"),
    Why.BEFORE_REPORT: N_("gone before the report"),
    Why.AFTER_NOTICE: N_("left after notice, at {bank}"),
    Why.CASH: N_("drawn as cash after the report"),
    Why.EXCHANGE: N_("to an exchange after the report"),
    Why.MERCHANT: N_("spent at merchants after the report"),
    Why.HONEST: N_("paid to honest people after the report"),
    Why.ABROAD: N_("abroad after the report"),
    Why.RETURNED: N_("paid back to a victim"),
    Why.UNKNOWN: N_("left in a way nobody told of"),
    Why.LYING: N_("lies there unheld at the end"),
}
_DELAYS = {
    Delay.TEN_MINUTES: N_("reported within 10 minutes"),
    Delay.HOUR: N_("within an hour"),
    Delay.SIX_HOURS: N_("within 6 hours"),
    Delay.DAY: N_("within a day"),
    Delay.LATER: N_("later"),
}
_FIGURES = {
    "reports": N_("reports"),
    "refused": N_("requests that the centre refused"),
    "stolen_minor": N_("stolen"),
    "holdable_minor": N_("holdable when reported"),
    "held_of_holdable_minor": N_("held of it"),
    "held_share": N_("held ÷ holdable"),
    "innocents": N_("innocents touched"),
    "innocents_per_1000_cases": N_("innocents touched per 1,000 cases"),
    "person_hours": N_("person-hours that their money was held"),
    "blocked_payments": N_("payments of innocents stopped"),
    "false_reports_that_froze": N_("false reports that froze somebody"),
    "release_hours_median": N_("hours until released, median"),
}


def demo_lines(
    wanted: Wanted, played: Played, folder: Path, width: int | None = None
) -> Iterator[str | Row]:
    """Yield all lines: what follows from the seed first, times last; see `laid_out`."""
    ours, today = played.score, played.today
    yield ""
    yield _what_was_played(wanted, played)
    yield ""
    yield _head()
    yield from _money_lines(ours, today)
    yield from _missed_lines(ours, today)
    yield from _delay_lines(ours, today)
    yield from _harm_lines(ours, today)
    yield ""
    yield from _broken_lines(ours)
    yield from _refused_lines(ours)
    yield say(N_("Money over time, as a picture: {file}"), file=folder / "money.svg")
    yield ""
    yield say(N_("Measured here, over HTTP between processes (differs from run to run)"))
    yield from _time_lines(ours, width)
    yield ""
    yield from next_lines(
        "demo --scenario two-victims-of-one-mule",
        "demo --silent 5% --by-hand 10%",
        "audit verify",
        HOLDFAST_HOME=str(folder / "centre"),
    )


def summary_lines(ours: Summary, today: Summary) -> Iterator[str | Row]:
    """Yield what many seeds say: the median of each figure, and its quarters."""
    yield ""
    yield say(N_("{count} seeds: the median, and between which quarters"), count=ours.scores)
    yield _head()
    for name, words in _FIGURES.items():
        yield _row(
            say(words), _spread(name, ours.figures[name]), _spread(name, today.figures[name])
        )
    yield from (f"  {words}" for words in ours.broken)


def percentiles_words(times: Percentiles) -> str:
    """Say what was measured, in milliseconds; a dash where it never came."""
    if times.p50_s is None or times.p99_s is None:
        return "–"
    return say(
        N_("p50 {median} ms, p99 {high} ms, of {count}"),
        median=f"{1000 * times.p50_s:.0f}",
        high=f"{1000 * times.p99_s:.0f}",
        count=times.count,
    )


def _what_was_played(wanted: Wanted, played: Played) -> str:
    if wanted.scenario is not None:
        return say(
            N_("The scenario {name}, seed {seed}."), name=played.score.name, seed=wanted.seed
        )
    size = wanted.size
    return say(
        N_(
            "A small country, seed {seed}: {banks} banks, {customers} customers, {transfers} "
            "transfers in {days} days."
        ),
        seed=wanted.seed,
        banks=len(played.world.banks),
        customers=f"{size.customers:,}",
        transfers=f"{size.transfers:,}",
        days=size.days,
    )


def _money_lines(ours: Score, today: Score) -> Iterator[Row]:
    yield _row(say(N_("Reports")), str(ours.reports), str(today.reports))
    yield _money(N_("Stolen"), ours.stolen_minor, today.stolen_minor)
    yield _money(
        N_("Stolen by scams that were reported"), ours.reported_minor, today.reported_minor
    )
    yield _money(N_("Still holdable when reported"), ours.holdable_minor, today.holdable_minor)
    yield _money(N_("Held of it"), ours.held_of_holdable_minor, today.held_of_holdable_minor)
    yield _row(say(N_("Held ÷ holdable")), _percent(ours.held_share), _percent(today.held_share))
    yield _money(N_("Held in all"), ours.held_minor, today.held_minor)


def _missed_lines(ours: Score, today: Score) -> Iterator[str | Row]:
    yield say(N_("Stolen and not held, and why"))
    mine, theirs = (
        {(row.why, row.bank): row.amount_minor for row in score.missed} for score in (ours, today)
    )
    reasons = [(row.why, row.bank) for row in ours.missed]
    banks = {bank for why, bank in theirs if why is Why.AFTER_NOTICE and (why, bank) not in mine}
    reasons += [key for key in theirs if key not in mine and key[0] is not Why.AFTER_NOTICE]
    for why, bank in reasons:
        words = say(_WHY[why], bank=bank or "")
        yield _row(f"  {words}", *(_amount(side.get((why, bank), 0)) for side in (mine, theirs)))
    if banks:
        rest = sum(theirs[Why.AFTER_NOTICE, bank] for bank in banks)
        yield _row(_under(N_("left after notice, at other banks")), _amount(0), _amount(rest))


def _delay_lines(ours: Score, today: Score) -> Iterator[str | Row]:
    yield say(N_("Held ÷ holdable, by how late the report came"))
    theirs = {row.delay: row for row in today.by_delay}
    for row in ours.by_delay:
        other = theirs.get(row.delay)
        yield _row(
            f"  {say(_DELAYS[row.delay])} ({row.reports})",
            _percent(_ratio(row.held_minor, row.holdable_minor)),
            _percent(_ratio(other.held_minor, other.holdable_minor) if other else None),
        )


def _harm_lines(ours: Score, today: Score) -> Iterator[str | Row]:
    mine, theirs = ours.harm, today.harm
    yield say(N_("Innocents whose money was touched"))
    yield _row(_under(N_("people")), str(mine.innocents), str(theirs.innocents))
    yield _row(
        _under(N_("people per 1,000 cases")),
        f"{mine.innocents_per_1000_cases:.0f}",
        f"{theirs.innocents_per_1000_cases:.0f}",
    )
    yield _row(
        _under(N_("of their money, the most at once")),
        _amount(mine.innocent_minor),
        _amount(theirs.innocent_minor),
    )
    yield _row(
        _under(N_("person-hours")), f"{mine.person_hours:,.0f}", f"{theirs.person_hours:,.0f}"
    )
    yield _row(
        _under(N_("hours until released, median")),
        _hours(mine.release_hours_median),
        _hours(theirs.release_hours_median),
    )
    yield _row(
        _under(N_("payments of theirs that were stopped")),
        str(mine.blocked_payments),
        str(theirs.blocked_payments),
    )
    yield _row(
        _under(N_("false reports, of which froze somebody")),
        f"{mine.false_reports}, {mine.false_reports_that_froze}",
        f"{theirs.false_reports}, {theirs.false_reports_that_froze}",
    )


def _broken_lines(ours: Score) -> Iterator[str]:
    if not ours.broken:
        yield say(
            N_(
                "Nothing acknowledged was lost, no order doubled, no hold without end, no satang "
                "too many or too few, and the audit verifies."
            )
        )
        return
    yield say(N_("What should always be true was not:"))
    yield from (f"  {words}" for words in ours.broken)


def _refused_lines(ours: Score) -> Iterator[str]:
    if ours.refused:
        yield say(
            N_("The centre refused {count} requests; {file} names them"),
            count=len(ours.refused),
            file="score.json",
        )


def _time_lines(ours: Score, width: int | None) -> Iterator[str]:
    measured = ours.measured
    for words, times in (
        (N_("report to first order"), measured.first_order),
        (N_("report to first effective hold"), measured.first_held),
        (N_("report to last answer of a machine"), measured.last_answer),
    ):
        yield from noted(say(words), percentiles_words(times), width)


def _head() -> Row:
    return Row("", (say(N_("Holdfast")), say(N_("as today"))))


def _row(label: str, ours: str, today: str) -> Row:
    return Row(label, (ours, today))


def _under(words: str) -> str:
    """Say what stands under a heading."""
    return f"  {say(words)}"


def _money(words: str, ours_minor: int, today_minor: int) -> Row:
    return _row(say(words), _amount(ours_minor), _amount(today_minor))


def _amount(amount_minor: int) -> str:
    return format_minor(amount_minor, CURRENCY, grouped=True)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.1f} %"


def _hours(hours: float | None) -> str:
    return "–" if hours is None else f"{hours:.1f}"


def _spread(name: str, spread: Spread | None) -> str:
    if spread is None:
        return "–"
    if name.endswith("_minor"):
        return f"{spread.median / 100:,.0f} ({spread.lower / 100:,.0f}–{spread.upper / 100:,.0f})"
    if name == "held_share":
        return f"{_percent(spread.median)} ({100 * spread.lower:.1f}–{100 * spread.upper:.1f})"
    return f"{spread.median:.1f} ({spread.lower:.1f}–{spread.upper:.1f})"
