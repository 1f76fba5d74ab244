"""Fault days by name: what goes wrong at banks, in the network and with clocks, from a seed.

However much goes wrong, every `Invariant` must hold afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from holdfast.banks.agent.faults import AgentFault
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.core.words import N_
from holdfast.simulation.chance import Purpose, plain_stream
from holdfast.simulation.events import CENTRE, Manner, Turn
from holdfast.simulation.plot import MINUTE_US

BANKS_A_DAY = 2
"""Banks that a fault of banks meets each day, one after the other."""
LASTS_US = (HOUR_US, 6 * HOUR_US)
"""How long a fault lasts, at least and at most; it ends within its day."""


class FaultDay(Enum):
    """What goes wrong each day, for some hours, by the name that `--faults` takes."""

    SILENT_BANK = "silent-bank"  # a bank takes orders and never answers
    SLOW_BANK = "slow-bank"  # a bank does what it is asked, and answers too late to be heard
    ERROR_BANK = "error-bank"  # a bank answers every order with status 500
    TWICE_BANK = "twice-bank"  # a bank gives several answers to one order
    UNORDERED_BANK = "unordered-bank"  # a bank acknowledges after its final answer
    GREEDY_BANK = "greedy-bank"  # a bank says that it holds twice what was ordered
    RUBBISH_BANK = "rubbish-bank"  # a bank answers, signed, what is no answer
    FORGED_BANK = "forged-bank"  # a bank's answers are signed with another key
    RETIRED_KEY = "retired-key"  # a bank signs with a key that is retired
    REPLAY = "replay"  # a bank sends its last answer again, whatever is asked
    FORGETFUL_BANK = "forgetful-bank"  # a bank answers an order and forgets it
    HAND_BANK = "hand-bank"  # a bank's people answer, after forty minutes
    DEAD_BANK = "dead-bank"  # nothing of a bank works, payments of its customers neither
    CUT_BANK = "cut-bank"  # a bank works; the network between it and the centre does not
    CUT_CENTRE = "cut-centre"  # the centre works, and is cut off from everybody
    CRASH_BANK = "crash-bank"  # a bank's process is killed and starts again
    CRASH_CENTRE = "crash-centre"  # the centre ends with work in hand and starts again
    DEAD_CENTRE = "dead-centre"  # the centre does nothing, and nobody reaches it
    CLOCK_BACK = "clock-back"  # the centre's clock goes five minutes wrong, backwards
    CLOCK_AHEAD = "clock-ahead"  # the centre's clock goes five minutes wrong, forwards
    BANK_CLOCK_BACK = "bank-clock-back"  # a bank's clock goes five minutes wrong, backwards
    BANK_CLOCK_AHEAD = "bank-clock-ahead"  # a bank's clock goes five minutes wrong, forwards


class Invariant(Enum):
    """What holds after every play, faults or not; `Diary.broken` says in words what did not."""

    NOTHING_LOST = "nothing_lost"  # each report and answer acknowledged is in the centre's books
    NO_ORDER_DOUBLED = (
        "no_order_doubled"  # an order counts once at its bank, and asks for money once
    )
    NO_HOLD_WITHOUT_END = "no_hold_without_end"  # no bank holds anything past the end of its order
    CONSERVATION = "conservation"  # no satang appears or vanishes: openings, payments, balances
    AUDIT_VERIFIES = "audit_verifies"  # the centre's audit chain is whole


@dataclass(frozen=True, slots=True)
class _Trouble:
    """How a fault looks to whom it meets."""

    manner: Manner
    fault: AgentFault | None = None
    value_us: int = 0
    is_of_centre: bool = False


_ROUNDING = 1e-9
_CLOCK_US = 5 * MINUTE_US
_TROUBLES = {
    FaultDay.SILENT_BANK: _Trouble(Manner.FAULT, AgentFault.SILENT),
    FaultDay.SLOW_BANK: _Trouble(Manner.FAULT, AgentFault.SLOW, MINUTE_US),
    FaultDay.ERROR_BANK: _Trouble(Manner.FAULT, AgentFault.HTTP_500),
    FaultDay.TWICE_BANK: _Trouble(Manner.FAULT, AgentFault.ANSWERS_TWICE),
    FaultDay.UNORDERED_BANK: _Trouble(Manner.FAULT, AgentFault.OUT_OF_ORDER),
    FaultDay.GREEDY_BANK: _Trouble(Manner.FAULT, AgentFault.MORE_THAN_ASKED),
    FaultDay.RUBBISH_BANK: _Trouble(Manner.FAULT, AgentFault.RUBBISH),
    FaultDay.FORGED_BANK: _Trouble(Manner.FAULT, AgentFault.WRONG_SIGNATURE),
    FaultDay.RETIRED_KEY: _Trouble(Manner.FAULT, AgentFault.RETIRED_KEY),
    FaultDay.REPLAY: _Trouble(Manner.FAULT, AgentFault.REPLAY),
    FaultDay.FORGETFUL_BANK: _Trouble(Manner.FAULT, AgentFault.FORGETS),
    FaultDay.HAND_BANK: _Trouble(Manner.BY_HAND, value_us=40 * MINUTE_US),
    FaultDay.DEAD_BANK: _Trouble(Manner.DOWN),
    FaultDay.CUT_BANK: _Trouble(Manner.CUT),
    FaultDay.CUT_CENTRE: _Trouble(Manner.CUT, is_of_centre=True),
    FaultDay.CRASH_BANK: _Trouble(Manner.CRASH),
    FaultDay.CRASH_CENTRE: _Trouble(Manner.CRASH, is_of_centre=True),
    FaultDay.DEAD_CENTRE: _Trouble(Manner.DOWN, is_of_centre=True),
    FaultDay.CLOCK_BACK: _Trouble(Manner.CLOCK, value_us=-_CLOCK_US, is_of_centre=True),
    FaultDay.CLOCK_AHEAD: _Trouble(Manner.CLOCK, value_us=_CLOCK_US, is_of_centre=True),
    FaultDay.BANK_CLOCK_BACK: _Trouble(Manner.CLOCK, value_us=-_CLOCK_US),
    FaultDay.BANK_CLOCK_AHEAD: _Trouble(Manner.CLOCK, value_us=_CLOCK_US),
}


def parse_faults(text: str) -> tuple[FaultDay, ...]:
    """Read names with commas between them, as in `silent-bank,crash-centre`; each counts once.

    Raises:
        Refused: `fault_unknown`, listing the names.
    """
    known = {fault.value: fault for fault in FaultDay}
    found: dict[FaultDay, None] = {}
    for name in text.split(","):
        if name.strip() not in known:
            raise Refused(
                "fault_unknown",
                N_("there is no fault {value!r}; there are {right}"),
                value=name.strip()[:40],
                right=", ".join(known),
            )
        found[known[name.strip()]] = None
    return tuple(found)


def fault_turns(
    faults: Sequence[FaultDay], banks: Sequence[str], seed: int, begins_us: int, ends_us: int
) -> tuple[Turn, ...]:
    """Draw which bank fails when, each day of a story anew; the same seed gives the same turns.

    Two faults of one bank can meet: the later one takes its place, and the end of either ends it.
    """
    turns: list[Turn] = []
    for fault in faults:
        rng = Random(f"{seed}.{Purpose.FAULTS.name}.{fault.value}")
        for day_us in range(begins_us, ends_us, DAY_US):
            turns += _day(_TROUBLES[fault], banks, rng, day_us)
    return tuple(sorted((turn for turn in turns if turn.time_us < ends_us), key=_order))


def check_shares(silent: float, by_hand: float) -> None:
    """Let shares of all banks pass that are not more than all together.

    Raises:
        Refused: `shares_impossible`.
    """
    if silent + by_hand > 1 + _ROUNDING:
        raise Refused(
            "shares_impossible",
            N_(
                "{silent} of all banks silent and {by_hand} answering by hand are more banks than "
                "there are; 100% together can be"
            ),
            silent=f"{100 * silent:g}%",
            by_hand=f"{100 * by_hand:g}%",
        )


def lasting_turns(
    banks: Sequence[str], silent_share: float, by_hand_share: float, seed: int, begins_us: int
) -> tuple[Turn, ...]:
    """Draw banks that are silent, and others that answer by hand, all the time.

    A share above nothing is at least one bank; who is silent comes first.
    """
    rng = plain_stream(seed, Purpose.FAULTS)
    drawn = rng.sample(list(banks), len(banks))
    silent, by_hand = (
        min(max(round(share * len(banks)), 1), len(banks)) if share > 0 else 0
        for share in (silent_share, by_hand_share)
    )
    return (
        *(Turn(begins_us, bank, Manner.FAULT, fault=AgentFault.SILENT) for bank in drawn[:silent]),
        *(Turn(begins_us, bank, Manner.BY_HAND) for bank in drawn[silent : silent + by_hand]),
    )


def _day(trouble: _Trouble, banks: Sequence[str], rng: Random, day_us: int) -> Iterator[Turn]:
    """Yield what a fault does within a day."""
    who = [CENTRE] if trouble.is_of_centre else rng.sample(banks, min(BANKS_A_DAY, len(banks)))
    for name in who:
        lasts_us = rng.randint(*LASTS_US)
        since_us = day_us + rng.randrange(DAY_US - lasts_us)
        yield Turn(since_us, name, trouble.manner, trouble.value_us, trouble.fault)
        if trouble.manner is not Manner.CRASH:
            yield Turn(since_us + lasts_us, name, Manner.WELL)


def _order(turn: Turn) -> tuple[int, str, str]:
    return turn.time_us, turn.who, turn.manner.value
