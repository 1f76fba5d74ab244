"""The events of a scenario, line by line: what each may say, and what it does to the story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import NoReturn

from holdfast.banks.agent.faults import AgentFault
from holdfast.core.account import bank_of
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, EPOCH, HOUR_US, MICROSECOND, SECOND_US
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.simulation.events import CENTRE, Caller, Manner, Part, Player, Turn
from holdfast.simulation.parameters import Channel, parameters
from holdfast.simulation.scenario_line import Line, words_of
from holdfast.simulation.scenario_story import (
    CREWS,
    CallTold,
    Payment,
    Scenario,
    Told,
    story_of,
)

PEOPLE_MAX = 200
BEGINS = date(2026, 3, 2)
"""A Monday: the first day of a scenario that names none."""
REST_US = DAY_US
"""How long a scenario goes on after its last line, unless it says when it ends."""

PARTS = {
    part.value: part
    for part in Part
    if part not in {Part.CASH, Part.ABROAD, Part.BILLER, Part.GOVERNMENT}
}
TAKERS = frozenset({Part.MULE, Part.SHELL, Part.MERCHANT, Part.EXCHANGE})
"""Whom a victim can pay."""
CASH, ABROAD = "cash", "abroad"
"""Those whom every scenario knows, and whom no line names as people."""
FAULTS = {
    "is silent": AgentFault.SILENT,
    "answers slowly after": AgentFault.SLOW,
    "answers with errors": AgentFault.HTTP_500,
    "answers twice": AgentFault.ANSWERS_TWICE,
    "answers out of order": AgentFault.OUT_OF_ORDER,
    "answers wrongly": AgentFault.MORE_THAN_ASKED,
    "answers rubbish": AgentFault.RUBBISH,
    "signs wrongly": AgentFault.WRONG_SIGNATURE,
    "signs with a retired key": AgentFault.RETIRED_KEY,
    "repeats old answers": AgentFault.REPLAY,
    "forgets": AgentFault.FORGETS,
}
Behaviour = tuple[Manner, AgentFault | None]
_OF_WHAT_WAS_TOLD = frozenset(
    {"scenario_person_unknown", "scenario_too_poor", "scenario_order", "scenario_part"}
)
"""Codes of lines that may be right beside other lines."""
OF_ALL: Mapping[str, Behaviour] = {
    "is down": (Manner.DOWN, None),
    "is cut off": (Manner.CUT, None),
    "crashes": (Manner.CRASH, None),
    "clock is": (Manner.CLOCK, None),
}
OF_THE_CENTRE: Mapping[str, Behaviour] = {
    **OF_ALL,
    "judges well": (Manner.WELL, None),
    "judges wrongly": (Manner.MISJUDGE, None),
}
OF_A_BANK: Mapping[str, Behaviour] = {
    **OF_ALL,
    "answers well": (Manner.WELL, None),
    "answers by hand after": (Manner.BY_HAND, None),
    **{phrase: (Manner.FAULT, fault) for phrase, fault in FAULTS.items()},
}


class Reader:
    """Takes lines in turn, and remembers what has been told by then."""

    def __init__(self) -> None:
        page = parameters()
        self._prefix, self._zone_us = page.account_prefix, page.zone_hours * HOUR_US
        self._codes = [bank.code for bank in page.banks]
        self._begins_us = self._midnight_us(BEGINS)
        self._now_us = 0
        self._has_begun = False
        self._ends_us: int | None = None
        self._turns: list[Turn] = []
        self._doubtful: set[str] = set()
        """Words of lines that were wrong."""
        self._told = Told()
        self._told.add(Player(CASH, Part.CASH, page.cash_account, 0))
        self._told.add(Player(ABROAD, Part.ABROAD, page.abroad_account, 0))
        self._verbs: Mapping[str, Callable[[Line, str], None]] = {
            "has": self._has,
            "pays": self._pays,
            "draws": self._draws,
            "buys": self._buys,
            "sends": self._sends,
            "refunds": self._refunds,
            "reports": self._reports,
            "complains": self._complains,
            "is": self._is,
        }

    def read(self, line: Line) -> None:
        """Take one line."""
        if not line:
            return
        if line.skip("people"):
            self._people(line)
        elif line.skip("begins"):
            self._begins(line)
        else:
            self._event(line)
        line.end()

    def doubt(self, text: str) -> None:
        """Remember a wrong line: what it said of people is not known."""
        self._doubtful |= words_of(text)

    def follows(self, refused: Refused, text: str) -> bool:
        """Whether a line is wrong only because of what an earlier wrong line did not do."""
        if refused.code not in _OF_WHAT_WAS_TOLD:
            return False
        people = {str(refused.fields["value"])} | (words_of(text) & set(self._names()))
        return bool(people & self._doubtful)

    def scenario(self, name: str) -> Scenario:
        """Return what all lines together tell."""
        ends_us = self._now_us + REST_US if self._ends_us is None else self._ends_us
        return Scenario(
            story_of(name, self._told, self._begins_us, ends_us),
            tuple(self._told.people.values()),
            tuple(sorted(self._turns, key=lambda turn: turn.time_us)),
            self._begins_us,
        )

    def _people(self, line: Line) -> None:
        people = self._told.people
        while True:
            part = line.choose(PARTS) if line.word in PARTS else Part.PERSON
            mark, name = line.mark, line.name()
            if name in people or len(self._names()) >= PEOPLE_MAX:
                line.refuse(
                    "scenario_person_twice",
                    N_(
                        "line {line}, column {column}: {value!r} is one too many; each is made "
                        "known once, and there are at most {most}"
                    ),
                    at=mark,
                    most=PEOPLE_MAX,
                )
            line.want("at")
            account = f"{self._prefix}.{line.bank(self._codes)}.000{len(people):07d}"
            self._told.add(Player(name, part, account, 0))
            if not line.skip(","):
                return

    def _begins(self, line: Line) -> None:
        if self._has_begun:
            line.refuse(
                "scenario_order",
                N_("line {line}, column {column}: the first day is named before the first event"),
            )
        self._begins_us = self._midnight_us(line.day())

    def _event(self, line: Line) -> None:
        if self._ends_us is not None:
            line.refuse(
                "scenario_order",
                N_("line {line}, column {column}: nothing can come after the end of the story"),
            )
        self._now_us, self._has_begun = self._time_us(line), True
        if line.word in self._names():
            name = line.name()
            line.choose(self._verbs)(line, name)
        elif line.skip("bank"):
            self._turn(line, self._bank_met(line), OF_A_BANK)
        elif line.skip("the", "centre"):
            self._turn(line, CENTRE, OF_THE_CENTRE)
        elif line.skip("the", "story", "ends"):
            self._ends_us = self._now_us
        else:
            line.name(self._names())

    def _bank_met(self, line: Line) -> str:
        """Pass the code of a bank at which somebody has an account; return its whole name."""
        mark, bank = line.mark, f"{self._prefix}.{line.bank(self._codes)}"
        met = {bank_of(self._told.people[name].account) for name in self._names()}
        if bank not in met:
            line.refuse(
                "scenario_bank_unknown",
                N_(
                    "line {line}, column {column}: nobody has an account at bank {value!r} by "
                    "then; somebody has at {right}"
                ),
                at=mark,
                right=", ".join(sorted(code.rpartition(".")[2] for code in met)) or "-",
            )
        return bank

    def _names(self) -> list[str]:
        return [name for name in self._told.people if name not in {CASH, ABROAD}]

    def _other(self, line: Line, name: str) -> str:
        """Pass the name of somebody else."""
        if line.word == name:
            line.refuse(
                "scenario_part",
                N_("line {line}, column {column}: {value!r} cannot pay the own account"),
            )
        return line.name(self._names())

    def _time_us(self, line: Line, *, later: bool = False) -> int:
        """Pass a time that is not before the last one, or even after it."""
        mark = line.mark
        time_us = line.time_us(self._now_us // DAY_US + 1)
        if time_us < self._now_us + later:
            day, rest_us = divmod(self._now_us, DAY_US)
            line.refuse(
                "scenario_time_order",
                N_(
                    "line {line}, column {column}: {value!r} is too early; time has come to "
                    "day {day} {time}, and a later day is written as day {next} 10:05"
                ),
                at=mark,
                day=day + 1,
                time=str(rest_us * MICROSECOND),
                next=day + 2,
            )
        return time_us

    def _midnight_us(self, day: date) -> int:
        midnight = datetime.combine(day, time(), UTC)
        return (midnight - EPOCH) // MICROSECOND - self._zone_us

    def _has(self, line: Line, name: str) -> None:
        if self._told.met(name) or self._told.balances_minor[name]:
            line.refuse(
                "scenario_order",
                N_(
                    "line {line}, column {column}: what {name} has is said once, before the "
                    "first payment from or to {name}"
                ),
                name=name,
            )
        self._told.open(name, line.amount_minor())

    def _pays(self, line: Line, name: str) -> None:
        mark = line.mark
        credit, amount_minor = self._other(line, name), self._affordable_minor(line, name)
        if not line.skip("as"):
            self._pay(name, credit, amount_minor)
        elif line.skip("wages"):
            self._pay(name, credit, amount_minor, channel=Channel.PAYROLL)
        else:
            scam_type = line.choose(self._scams())
            people = self._told.people
            if people[name].part in CREWS or people[credit].part not in TAKERS:
                line.refuse(
                    "scenario_part",
                    N_(
                        "line {line}, column {column}: who pays a scam is no mule and no shell, "
                        "and {value!r} has to be one of {right}; write that before the name "
                        "among the people"
                    ),
                    at=mark,
                    right=", ".join(sorted(part.value for part in TAKERS)),
                )
            self._pay(name, credit, amount_minor, scam_type=scam_type)

    def _draws(self, line: Line, name: str) -> None:
        self._pay(name, CASH, self._affordable_minor(line, name), channel=Channel.CASH)
        line.skip("cash")

    def _buys(self, line: Line, name: str) -> None:
        amount_minor = self._affordable_minor(line, name)
        line.want("at")
        self._pay(name, self._other(line, name), amount_minor)

    def _sends(self, line: Line, name: str) -> None:
        self._pay(name, ABROAD, self._affordable_minor(line, name))
        line.want("abroad")

    def _refunds(self, line: Line, name: str) -> None:
        credit = self._other(line, name)
        if not self._told.paid(credit, scams=True):
            self._unpaid(line, credit)
        self._pay(name, credit, self._affordable_minor(line, name))

    def _pay(
        self,
        debit: str,
        credit: str,
        amount_minor: int,
        *,
        channel: Channel = Channel.PROMPTPAY,
        scam_type: str | None = None,
    ) -> None:
        self._told.pay(Payment(self._now_us, debit, credit, amount_minor, channel, scam_type))

    def _affordable_minor(self, line: Line, name: str) -> int:
        """Pass an amount that somebody has."""
        mark, amount_minor = line.mark, line.amount_minor()
        has_minor = self._told.balances_minor[name]
        if amount_minor > has_minor:
            line.refuse(
                "scenario_too_poor",
                N_(
                    "line {line}, column {column}: {name} has {has} baht by then and can't pay "
                    "{value}; an earlier line such as '{name} has {value}' gives more"
                ),
                at=mark,
                name=name,
                has=f"{has_minor / 100:,.2f}",
            )
        return amount_minor

    def _reports(self, line: Line, name: str) -> None:
        if line.skip("falsely"):
            paid, caller, scam_type = self._told.paid(name, scams=False)[-1:], Caller.FALSE, "goods"
            if line.skip("as"):
                scam_type = line.choose(self._scams())
        else:
            paid, caller, scam_type = self._told.paid(name, scams=True), Caller.VICTIM, None
            if line.skip("through", "the", "bank"):
                caller = Caller.BANK
        if not paid:
            self._unpaid(line, name)
        self._told.call(CallTold(self._now_us, name, caller, paid, scam_type))

    def _complains(self, line: Line, name: str) -> None:
        line.skip("to", "the", "police")
        place = self._last_call(line, name)
        self._told.calls[place] = replace(self._told.calls[place], complains_us=self._now_us)

    def _is(self, line: Line, name: str) -> None:
        line.want("confirmed")
        place = self._last_call(line, name)
        self._told.calls[place] = replace(self._told.calls[place], confirms_us=self._now_us)

    def _last_call(self, line: Line, name: str) -> int:
        place = self._told.last_call(name)
        if place is None:
            line.refuse(
                "scenario_order",
                N_(
                    "line {line}, column {column}: {name} has not reported by then; write an "
                    "earlier line '{name} reports'"
                ),
                name=name,
            )
        return place

    def _unpaid(self, line: Line, name: str) -> NoReturn:
        line.refuse(
            "scenario_order",
            N_(
                "line {line}, column {column}: {name} has paid nothing by then that could be told "
                "of; a victim's payment ends with words such as 'as job scam', a false report "
                "tells of another"
            ),
            name=name,
        )

    def _scams(self) -> Mapping[str, str]:
        """Return the types in force on the first day, by the words that a line says."""
        day = datetime.fromtimestamp((self._begins_us + self._zone_us) / SECOND_US, UTC).date()
        country = self._prefix.partition(".")[0]
        codes = (kind.code for kind in Law.load().scam_types(country, day))
        return {f"{code.replace('_', ' ')} scam": code for code in codes}

    def _turn(self, line: Line, who: str, behaviours: Mapping[str, Behaviour]) -> None:
        manner, fault = line.choose(behaviours)
        value_us = 0
        if manner in {Manner.BY_HAND, Manner.CLOCK} or fault is AgentFault.SLOW:
            value_us = line.length_us()
        if manner is Manner.CLOCK:
            value_us *= line.choose({"behind": -1, "ahead": 1})
        self._turns.append(Turn(self._begins_us + self._now_us, who, manner, value_us, fault))
        if manner is not Manner.CRASH and line.skip("until"):
            until_us = self._begins_us + self._time_us(line, later=True)
            self._turns.append(Turn(until_us, who, Manner.WELL))
