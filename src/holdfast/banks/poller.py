"""For banks that can't be reached: ask the centre for open orders, and post the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from holdfast.banks.client import Fault, send, status_fault
from holdfast.banks.deadline import Timeouts, check_endpoint
from holdfast.banks.messages import HoldAnswer, Order, any_order_of
from holdfast.banks.messages.fields import Kind, read_object
from holdfast.banks.signing import RequestHead, sign_request
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.keys import SigningKey
from holdfast.core.problem import Problem
from holdfast.core.words import N_

LIST_BYTES_MAX = 16 * 1024 * 1024
PAGES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Centre:
    """Where a centre is asked, and with what secret."""

    endpoint: str
    """What stands before /v1."""
    bearer: str


class CentreClient:
    """A bank's way to the centre: open orders one way, signed answers the other."""

    def __init__(
        self,
        centre: Centre,
        key: SigningKey,
        client: httpx.Client,
        timeouts: Timeouts,
        clock: Callable[[], int],
        nonces: Callable[[], str],
    ) -> None:
        self._centre = centre
        self._endpoint = check_endpoint(centre.endpoint)
        self._key = key
        self._client = client
        self._timeouts = timeouts
        self._clock = clock
        self._nonces = nonces

    def open_orders(self) -> Iterator[Order | Problem | Fault]:
        """Yield the open orders, page by page; one that can't be read hides no other.

        A page is `{"items": [order, …], "next": "…" or null}`, the orders of any type; `next` is
        handed back as `after`.
        After a fault nothing follows.
        """
        after: str | None = None
        for _ in range(PAGES_MAX):
            page = self._page(after)
            if isinstance(page, Fault):
                yield page
                return
            items = page.get("items")
            for place, values in enumerate(items if isinstance(items, list) else [], start=1):
                try:
                    yield any_order_of(values)
                except Refused as refused:
                    yield Problem.of(refused, "hold-orders", place)
            after = page.get("next")
            if not isinstance(after, str) or not after:
                return

    def post(self, answer: HoldAnswer) -> Fault | None:
        """Post a signed answer; None says that the centre has it. Posting it again is safe."""
        url = f"{self._endpoint}/v1/hold-orders/{answer.order_id}/answers"
        body = answer.to_bytes()
        headers = sign_request("POST", url, body, self._key, self._clock(), self._nonces())
        reply = send(self._client, self._timeouts, self._head("POST", url, headers), body)
        if isinstance(reply, Fault):
            return reply
        return None if 200 <= reply.status < 300 else status_fault(reply)

    def poll(self, decide: Callable[[Order], HoldAnswer | None]) -> list[Problem | Fault]:
        """Answer every open order as `decide` says, and return what went wrong.

        `decide` must give the same answer to the same order, for an order stays open until its
        answer has arrived; None says that there is nothing to tell yet.
        """
        wrong: list[Problem | Fault] = []
        for place, found in enumerate(list(self.open_orders()), start=1):
            if isinstance(found, Problem | Fault):
                wrong.append(found)
                continue
            try:
                answer = decide(found)
            except HoldfastError as error:
                wrong.append(Problem.of(error, "hold-orders", place))
                continue
            fault = None if answer is None else self.post(answer)
            if fault is not None:
                wrong.append(fault)
        return wrong

    def _page(self, after: str | None) -> dict[str, Any] | Fault:
        query = {"state": "open"} | ({"after": after} if after else {})
        url = str(httpx.URL(f"{self._endpoint}/v1/hold-orders", params=query))
        head = self._head("GET", url, {"accept": "application/json"})
        reply = send(self._client, self._timeouts, head, b"", LIST_BYTES_MAX)
        if isinstance(reply, Fault):
            return reply
        if reply.status != 200:
            return status_fault(reply)
        try:
            return read_object(reply.body, Kind.ORDER, LIST_BYTES_MAX)
        except Refused:
            return Fault("unreadable", N_("the centre's list of orders is not JSON"))

    def _head(self, method: str, url: str, headers: dict[str, str]) -> RequestHead:
        bearer = {"authorization": f"Bearer {self._centre.bearer}"}
        return RequestHead(method, url, headers | bearer)
