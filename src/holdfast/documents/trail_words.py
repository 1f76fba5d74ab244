"""What the parts of a trail are called, for the table and the picture alike."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say
from holdfast.documents.visible_text import some_of, visible
from holdfast.trail.answer import Answer, Exit, Resting
from holdfast.trail.question import Rule

EXIT_KINDS = ("returned", "stop", "unrecorded", "immaterial", "beyond", "truncated")
"""The ways in which money leaves a trail, in the order in which they are shown."""

_RULES = {
    Rule.FIFO: N_("fifo, the oldest money leaves first"),
    Rule.LIFO: N_("lifo, the newest money leaves first"),
    Rule.PRO_RATA: N_("pro-rata, every origin leaves in proportion"),
    Rule.POISON: N_("poison, whatever the money could have reached"),
}
_EXIT_LABELS = {
    "returned": N_("returned to the victim"),
    "stop": N_("a stop"),
    "unrecorded": N_("left unseen"),
    "immaterial": N_("too small to follow"),
    "beyond": N_("beyond the last hop"),
    "truncated": N_("following ended here"),
}
_EXIT_SENTENCES = {
    "returned": N_("Returned: the money is back at the account of the victim it was taken from."),
    "stop": N_(
        "Stop: a shop, a cash point or another place where following on would harm the innocent "
        "or mean nothing."
    ),
    "unrecorded": N_(
        "Unrecorded: the balance that the bank reports later is smaller, so the money left "
        "unseen, as cash for example."
    ),
    "immaterial": N_("Immaterial: less than the smallest amount that was to be followed."),
    "beyond": N_("Beyond: further away than the number of hops that was to be followed."),
    "truncated": N_(
        "Truncated: a bound of the search was met, and what lies behind is not known yet."
    ),
}
_BOUNDS = {
    "accounts": N_("the limit of accounts was met"),
    "transfers": N_("the limit of transfers was met"),
    "seconds": N_("the time limit was met"),
}


def rule_sentence(rule: Rule) -> str:
    """Say a rule's name and what it means."""
    return say(_RULES[rule])


def exit_order(kind: str) -> int:
    """Return the place of a kind of exit in the order in which they are shown."""
    return EXIT_KINDS.index(kind) if kind in EXIT_KINDS else len(EXIT_KINDS)


def exit_label(kind: str) -> str:
    """Say in a few words how money left the trail."""
    return say(_EXIT_LABELS[kind]) if kind in _EXIT_LABELS else visible(kind)


def exit_sentence(kind: str) -> str:
    """Say in a sentence how money left the trail."""
    return say(_EXIT_SENTENCES[kind]) if kind in _EXIT_SENTENCES else visible(kind)


def amount_text(amount_minor: int, currency: str | None) -> str:
    """Write an amount in major units with thousands commas, without its currency."""
    return format_minor(amount_minor, currency, grouped=True) if currency else "0"


def time_text(time_us: int) -> str:
    """Write an instant in UTC with a space for the T, which reads better in a column."""
    return format_instant(time_us).replace("T", " ")


def as_of_sentence(answer: Answer) -> str:
    """Say up to which instant the transfers count."""
    if answer.as_of_us is None:
        return say(N_("to the end of the ledger"))
    return say(N_("as of {time}"), time=time_text(answer.as_of_us))


def sum_minor(rows: Iterable[Resting | Exit]) -> int:
    """Sum the amounts of places or exits in minor units."""
    return sum(row.amount_minor for row in rows)


def stolen_minor(answer: Answer) -> int:
    """Sum what was stolen, each claim's part once, in minor units."""
    return sum(claim.amount_minor for claim in answer.claims)


def held_minor(answer: Answer) -> int:
    """Sum what is held of the money that rests, in minor units."""
    return sum(row.held_minor for row in answer.resting)


def total_sentence(answer: Answer) -> str:
    """Say that what was stolen is what rests and what left, in numbers."""
    currency = answer.currency
    return say(
        N_("Stolen {stolen} {currency} = {resting} resting (of it {held} held) + {gone} left"),
        stolen=amount_text(stolen_minor(answer), currency),
        currency=currency,
        resting=amount_text(sum_minor(answer.resting), currency),
        held=amount_text(held_minor(answer), currency),
        gone=amount_text(sum_minor(answer.exits), currency),
    )


def notices(answer: Answer, shown: int = 8) -> list[str]:
    """Say what this answer does not know or cannot promise, one sentence each.

    At most `shown` names are written out in a sentence, and how many more there are.
    """
    found = []
    if answer.truncated_why is not None:
        why = say(_BOUNDS[answer.truncated_why]) if answer.truncated_why in _BOUNDS else "?"
        found.append(say(N_("TRUNCATED: {why}; this is not the whole trail."), why=why))
    if answer.waiting:
        found.append(
            _listed(
                answer.waiting,
                shown,
                N_("WAITING: claims that are not in the ledger yet ({count}): {names}"),
                N_(
                    "WAITING: claims that are not in the ledger yet ({count}): {names} and {more} more"
                ),
            )
        )
    found += _overheld_notices(answer, shown)
    if answer.without_history:
        found.append(
            _listed(
                answer.without_history,
                shown,
                N_(
                    "WITHOUT HISTORY: accounts whose clean money counts as zero, because their bank "
                    "gave no past ({count}): {names}"
                ),
                N_(
                    "WITHOUT HISTORY: accounts whose clean money counts as zero, because their bank "
                    "gave no past ({count}): {names} and {more} more"
                ),
            )
        )
    return found


def _listed(names: tuple[str, ...], shown: int, whole: str, shortened: str) -> str:
    text, more = some_of(names, shown)
    return say(shortened if more else whole, count=len(names), names=text, more=more)


def _overheld_notices(answer: Answer, shown: int) -> list[str]:
    sentences = [
        say(
            N_(
                "OVERHELD: hold {hold} keeps {amount} {currency} too much at {account} for claim "
                "{claim}; that part stands on other money and is to be released."
            ),
            hold=some_of((row.hold_id,), 1)[0],
            amount=amount_text(row.amount_minor, answer.currency),
            currency=answer.currency,
            account=some_of((row.account,), 1)[0],
            claim=some_of((row.claim,), 1)[0],
        )
        for row in answer.overheld[:shown]
    ]
    rest = answer.overheld[shown:]
    if rest:
        sentences.append(
            say(
                N_(
                    "OVERHELD: further holds ({more}) keep {amount} {currency} too much; see the table."
                ),
                more=len(rest),
                amount=amount_text(sum(row.amount_minor for row in rest), answer.currency),
                currency=answer.currency,
            )
        )
    return sentences
