"""The words of a played story: what is to happen, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, runtime_checkable

from holdfast.banks.agent.faults import AgentFault
from holdfast.core.keys import PublicKey
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.plot import Planned

NO_SCAM = ""
"""The scam of a row of a story that is part of none."""


class Caller(Enum):
    """Who calls, and with what right."""

    VICTIM = "victim"  # lost the money that is told of
    FALSE = "false"  # paid for something real and says it was a scam
    BANK = "bank"  # the victim told the own bank, which made sure who calls


@dataclass(frozen=True, slots=True)
class Call:
    """A report that will be made."""

    time_us: int
    scam: str
    caller: Caller
    scam_type: str
    """A type of the country's dated list of scams."""
    rows: tuple[int, ...]
    """Which planned rows are told of, by their place in the story."""
    complains_us: int | None
    """When the caller files a police complaint, if ever."""
    confirms_us: int | None = None
    """When the bank that the payments left has made sure of the caller, if ever."""


@dataclass(frozen=True, slots=True)
class Story:
    """What people will do unless a bank stops them; banks and the centre are not in it."""

    name: str
    rows: tuple[Planned, ...]
    """In time order; a row's place is its number."""
    calls: tuple[Call, ...]
    """In time order."""
    ends_us: int


class Part(Enum):
    """What the holder of an account is in a story."""

    VICTIM = "victim"  # will pay a mule
    MULE = "mule"  # passes stolen money on
    SHELL = "shell"  # a company that passes stolen money on among its own
    PERSON = "person"  # a customer with no part in any scam
    COMPETITOR = "competitor"  # pays for something real and says it was a scam
    MERCHANT = "merchant"
    COMPANY = "company"  # pays wages
    BILLER = "biller"
    GOVERNMENT = "government"
    EXCHANGE = "exchange"
    CASH = "cash"  # all cash points together
    ABROAD = "abroad"  # all accounts of other countries together


@dataclass(frozen=True, slots=True)
class Player:
    """An account of a story and who holds it; its place in the cast is its number."""

    name: str
    part: Part
    account: str
    opening_minor: int


class Manner(Enum):
    """How a bank, or the centre, behaves from an instant on."""

    WELL = "well"  # answers by machine, at once; ends whatever was before
    BY_HAND = "by_hand"  # acknowledges, and a person answers after `value_us`
    FAULT = "fault"  # answers with the agent's `fault`; `slow` takes `value_us`
    DOWN = "down"  # nothing of it works: nothing is held, let go, paid or answered
    CUT = "cut"  # it works, and the network between it and the others does not
    CRASH = "crash"  # its process is killed and started again at once
    CLOCK = "clock"  # its clock is wrong by `value_us`, behind where negative
    MISJUDGE = "misjudge"  # its reviewers decide the opposite of what is right; the centre's alone


CENTRE = "centre"
"""Whom a turn is about where it is no bank."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of how a bank, or the centre, behaves."""

    time_us: int
    who: str
    """An institution such as `TH.THCBC.025`, or `CENTRE`."""
    manner: Manner
    value_us: int = 0
    fault: AgentFault | None = None

    @property
    def trouble(self) -> str:
        """What is wrong from now on, as `bank silent` or `centre cut`; nothing where all is well."""
        if self.manner is Manner.WELL:
            return ""
        kind = "centre" if self.who == CENTRE else "bank"
        return f"{kind} {self.fault.value if self.fault else self.manner.value}"


class Exit(Enum):
    """How stolen money left the reach of the banks."""

    CASH = "cash"
    EXCHANGE = "exchange"
    MERCHANT = "merchant"
    ABROAD = "abroad"
    RETURNED = "returned"  # paid back to a victim, as bait
    HONEST = "honest"  # paid to somebody without a part in it, for work or goods: theirs for good
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reported:
    """A call that was made, and what the truth was at that instant."""

    call: Call
    case: str
    stolen_minor: int
    holdable_minor: int
    """Stolen money of this scam that rested in accounts at banks when the report came in."""


@dataclass(frozen=True, slots=True)
class Held:
    """A change of what a bank holds on an account, with what the truth says lies there."""

    time_us: int
    account: str
    scam: str
    """The scam of the report that the order serves."""
    held_minor: int
    """Held on the account after the change, all orders together."""
    stolen_minor: int
    """Stolen money on the account then."""
    innocent: bool
    """Whether the account's holder has no part in any scam."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Stolen money that moved: stolen just now, passed on, or gone out of reach."""

    time_us: int
    scam: str
    debit: str
    credit: str
    amount_minor: int
    exit: Exit | None
    after_notice: bool
    """Whether the debit account's bank had an order for that account already."""
    is_claim: bool = False
    """Whether this is the victim's own payment, with which it became stolen."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A payment that a hold stopped, wholly or partly."""

    time_us: int
    account: str
    asked_minor: int
    paid_minor: int
    innocent: bool


@dataclass(frozen=True, slots=True)
class Times:
    """Wall-clock seconds of one report, measured over real HTTP."""

    first_order_s: float | None
    first_held_s: float | None
    last_answer_s: float | None


@dataclass(frozen=True, slots=True)
class Diary:
    """All that happened, in time order each."""

    story: Story
    reported: tuple[Reported, ...]
    held: tuple[Held, ...]
    moved: tuple[Moved, ...]
    blocked: tuple[Blocked, ...]
    times: tuple[Times, ...]
    broken: tuple[str, ...]
    """Invariants that did not hold, in words; none in a sound run."""
    refused: tuple[str, ...] = ()
    """Requests of people and banks that the centre refused, in words."""
    met: Mapping[str, int] = field(default_factory=dict)
    """How often a trouble met somebody, by its name and what came of it."""


class PayDesk(Protocol):
    """A bank as far as payments of its customers go."""

    dirty: set[int]
    """Places of accounts whose balance it does not know yet."""
    rows: list[Transfer]
    """Payments made that it does not know yet."""

    def write_up(self, balances_minor: Sequence[int], names: Sequence[str]) -> None:
        """Learn all balances and payments up to now."""
        ...

    def free_minor(self, account: str) -> int:
        """Return what the account's holder can pay with."""
        ...

    def pay(self, transfer: Transfer) -> bool:
        """Decide about a payment; say whether it is made."""
        ...


class Reply(Protocol):
    """What the centre says to a request."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def content(self) -> bytes:
        """The body, JSON."""
        ...


class Delivered(Protocol):
    """One message that the centre brought to a bank, by the counter that measures real time."""

    @property
    def institution(self) -> str:
        """The bank."""
        ...

    @property
    def fault(self) -> str | None:
        """The code of what went wrong; None where an answer came."""
        ...

    @property
    def sent_s(self) -> float:
        """When it was sent, by `time.perf_counter`."""
        ...

    @property
    def answered_s(self) -> float:
        """When the answer was there, or was given up."""
        ...

    @property
    def held_minor(self) -> int | None:
        """What the bank says it holds; None where no answer came."""
        ...


class SteppedCentre(Protocol):
    """A real centre whose time and worker are in the conductor's hands."""

    @property
    def url(self) -> str:
        """Where it answers over HTTP: what stands before /v1."""
        ...

    def connect(self, institution_id: str, kind: str, endpoint: str, key: PublicKey | None) -> str:
        """Enter an institution and return the text of a key with all that its kind may do."""
        ...

    def post(self, path: str, body: bytes, api_key: str) -> Reply:
        """Ask it over HTTP to do something, as the program that has this key."""
        ...

    def get(self, path: str, api_key: str) -> Reply:
        """Ask it something over HTTP, as the program that has this key."""
        ...

    def feed(self, transfers: Sequence[Transfer]) -> None:
        """Write transfers into its ledger, in order."""
        ...

    def pump(self) -> None:
        """Do all that is due by the clock, deliveries included, until nothing is left to do."""
        ...

    def next_due_us(self) -> int | None:
        """Return when something falls due next, or None."""
        ...

    def delivered_since(self, perf_s: float) -> Sequence[Delivered]:
        """Return what it brought to banks since an instant of `time.perf_counter`, in order."""
        ...


@runtime_checkable
class CanCrash(Protocol):
    """A centre that can be made to end as if it were killed."""

    def crash(self) -> int:
        """End its process at once, and begin it again; return how much it had in hand."""
        ...
