"""A rehearsal with a bank: orders that stop no money, sent rightly or wrongly, and let go."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from holdfast.banks.client import Fault, Reply, problem_code, send
from holdfast.banks.deadline import Timeouts
from holdfast.banks.messages import (
    AnswerStatus,
    HoldAnswer,
    HoldOrder,
    Order,
    ReleaseOrder,
    parse_answer,
)
from holdfast.banks.signing import Keys, RequestHead, sign_request
from holdfast.core.account import bank_of
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US
from holdfast.core.keys import SigningKey

SMALL_MINOR = 200
"""What the cases hold, in minor units; the account needs that much."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Whom the cases are for: accounts of one bank, and the centre that orders."""

    issuer: str
    account: str
    """One with at least `SMALL_MINOR` to hold."""
    unknown_account: str
    """One that the bank does not have."""
    currency: str
    basis: str = "caller_word"
    basis_source: str = "rehearsal"


@dataclass(frozen=True, slots=True)
class Tools:
    """What the cases work with: the centre's key, the bank's keys, HTTP, time and chance."""

    key: SigningKey
    keys: Keys
    client: httpx.Client
    timeouts: Timeouts
    clock: Callable[[], int]
    nonces: Callable[[], str]


class Unjudged(Exception):
    """A case could not get to its question: no readable answer, or one that comes later."""

    def __init__(self, came: str, *, later: bool = False) -> None:
        super().__init__(came)
        self.came = came
        self.later = later


class Rehearsal:
    """Makes orders, sends them rightly or wrongly, and lets go of what came to be held."""

    def __init__(self, endpoint: str, trial: Trial, tools: Tools) -> None:
        self.endpoint = endpoint
        self.trial = trial
        self.tools = tools
        self._held: dict[str, int] = {}
        self._orders: dict[str, HoldOrder] = {}

    def order(self, amount_minor: int = SMALL_MINOR, **other: object) -> HoldOrder:
        """Make an order of this moment, with an id of its own; `other` changes its fields."""
        now_us = self.tools.clock()
        order = HoldOrder(
            order_id=self.new_id(),
            case="REHEARSAL",
            issuer=self.trial.issuer,
            institution=bank_of(self.trial.account),
            account=self.trial.account,
            amount_minor=amount_minor,
            currency=self.trial.currency,
            basis=self.trial.basis,
            basis_source=self.trial.basis_source,
            provisional=True,
            ordered_at_us=now_us,
            expires_at_us=now_us + HOUR_US,
            test=True,
        )
        return replace(order, **other)  # type: ignore[arg-type]

    def release(self, order: HoldOrder, amount_minor: int) -> ReleaseOrder:
        """Make the order to release an amount of another order."""
        return ReleaseOrder(
            release_id=self.new_id(),
            order_id=order.order_id,
            issuer=order.issuer,
            institution=order.institution,
            account=order.account,
            amount_minor=amount_minor,
            currency=order.currency,
            reason="rehearsal",
            ordered_at_us=self.tools.clock(),
            test=True,
        )

    def new_id(self) -> str:
        """Return an id that no other rehearsal has."""
        return f"TEST-{self.tools.nonces()}"[:60]

    def send(
        self,
        order: Order,
        *,
        key: SigningKey | None = None,
        age_us: int = 0,
        body: bytes | None = None,
    ) -> tuple[RequestHead, Reply]:
        """Send an order, signed by `key` `age_us` ago; `body` is put in its place afterwards."""
        url = self.endpoint + order.path
        content = order.to_bytes()
        headers = self.sign(url, content, key or self.tools.key, age_us)
        if isinstance(order, HoldOrder):
            self._orders.setdefault(order.order_id, order)
        head = RequestHead("POST", url, headers)
        reply = self.raw(head, content if body is None else body)
        self._note(reply)
        return head, reply

    def _note(self, reply: Reply) -> None:
        """Remember what the bank says it holds, to let go of it at the end of the case."""
        with suppress(Unjudged):
            answer = read(reply)
            self._held[answer.order_id] = answer.amount_held_minor

    def sign(self, url: str, body: bytes, key: SigningKey, age_us: int = 0) -> dict[str, str]:
        """Return the headers of a request signed by `key`, `age_us` ago."""
        tools = self.tools
        return sign_request("POST", url, body, key, tools.clock() - age_us, tools.nonces())

    def raw(self, head: RequestHead, body: bytes) -> Reply:
        """Send a request as it is; raises Unjudged where nothing whole comes back."""
        reply = send(self.tools.client, self.tools.timeouts, head, body)
        if isinstance(reply, Fault):
            raise Unjudged(wrong(reply))
        return reply

    def answer(self, order: Order) -> HoldAnswer:
        """Send an order rightly and return its final answer."""
        answer = read(self.send(order)[1])
        if answer.status is AnswerStatus.ACKNOWLEDGED:
            raise Unjudged(said(answer), later=True)
        return answer

    def hold(self) -> tuple[HoldOrder, HoldAnswer]:
        """Hold a little, which must come to something."""
        order = self.order()
        answer = self.answer(order)
        if answer.amount_held_minor < 2:
            raise Unjudged(said(answer))
        return order, answer

    def release_all(self) -> None:
        """Let go of what this case may have left held; what fails here is not its question."""
        held, self._held = self._held, {}
        for order_id, amount_minor in held.items():
            if amount_minor and order_id in self._orders:
                with suppress(Unjudged):
                    self.send(self.release(self._orders[order_id], amount_minor))
        self._held, self._orders = {}, {}


def read(reply: Reply) -> HoldAnswer:
    """Read an answer; raises Unjudged where it is none."""
    if reply.status not in {200, 202}:
        raise Unjudged(came(reply))
    try:
        return parse_answer(reply.body)
    except Refused as refused:
        raise Unjudged(wrong(refused)) from None


def came(reply: Reply) -> str:
    """Return the status of a reply and the code of its problem."""
    return f"HTTP {reply.status} {problem_code(reply.body) or ''}".strip()


def wrong(fault: Fault | Refused) -> str:
    """Return the code and the sentence of what went wrong."""
    return f"{fault.code}: {fault}"


def said(answer: HoldAnswer) -> str:
    """Return what an answer says: state, amount held in minor units, reason."""
    reason = f" {answer.reason.value}" if answer.reason else ""
    return f"{answer.status.value} {answer.amount_held_minor}{reason}"
