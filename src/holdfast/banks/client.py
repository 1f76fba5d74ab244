"""Bring an order to a bank and take what it answers: in bounded time, in bounded bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from holdfast.banks.deadline import Timeouts, check_endpoint, within
from holdfast.banks.messages import ANSWER_BYTES_MAX, HoldAnswer, Order, parse_answer
from holdfast.banks.signing import (
    Keys,
    RequestHead,
    sign_request,
    signed_headers,
    verify_response,
)
from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.core.words import N_, say

RETRIED_STATUSES = frozenset({408, 425, 429})
"""Besides all from 500 on: the same order can be taken later without anybody doing anything."""
_PROBLEM_CODE = re.compile(r"[a-z0-9_]{1,60}").fullmatch


@dataclass(frozen=True, slots=True)
class Answered:
    """A bank's answer, and all that is needed to verify years later that it was the bank's."""

    answer: HoldAnswer
    status: int
    key_id: str
    body: bytes
    headers: dict[str, str]
    """Of the answer, those of `SIGNED_HEADERS`."""
    request: RequestHead
    """What was asked, with the signed headers; the answer's signature covers the request's."""
    received_at_us: int


@dataclass(frozen=True, slots=True)
class Fault:
    """No answer: what went wrong, and whether the same call can succeed later by itself.

    Codes: `endpoint_form`, `endpoint_insecure`, `unreachable`, `timeout`, `http_status`,
    `too_long`, `content_encoded`, those of `parse_answer`, and those of `verify_response`.
    """

    code: str
    sentence: str
    fields: dict[str, object] = field(default_factory=dict)
    retry: bool = False
    status: int | None = None
    """The HTTP status where there was one."""

    def __str__(self) -> str:
        return say(self.sentence, **self.fields)

    @property
    def detail(self) -> str:
        """Return the sentence in the language chosen."""
        return str(self)


Delivery = Answered | Fault


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, read to its end within the bounds, and nothing judged yet."""

    status: int
    headers: dict[str, str]
    body: bytes


class BankClient:
    """Signs orders with the centre's key and delivers them.

    `client` is best one of `http_client(timeouts)`, which holds to the total time; `clock` gives
    microseconds since 1970, `nonces` a new text each time.
    """

    def __init__(
        self,
        key: SigningKey,
        client: httpx.Client,
        timeouts: Timeouts,
        clock: Callable[[], int],
        nonces: Callable[[], str],
    ) -> None:
        self._key = key
        self._client = client
        self._timeouts = timeouts
        self._clock = clock
        self._nonces = nonces

    def deliver(self, endpoint: str, order: Order, keys: Keys) -> Delivery:
        """Send an order to a bank; `keys` finds the keys of this bank and of no other.

        Sending it again is safe: the bank knows it by its id. Never raises for what the bank or
        the network does.
        """
        try:
            url = check_endpoint(endpoint) + order.path
        except Refused as refused:
            return Fault(refused.code, refused.sentence, refused.fields)
        body = order.to_bytes()
        headers = sign_request("POST", url, body, self._key, self._clock(), self._nonces())
        reply = send(self._client, self._timeouts, RequestHead("POST", url, headers), body)
        if isinstance(reply, Fault):
            return reply
        if reply.status not in {200, 202}:
            return status_fault(reply)
        return self._answered(RequestHead("POST", url, headers), reply, keys)

    def _answered(self, request: RequestHead, reply: Reply, keys: Keys) -> Delivery:
        now_us = self._clock()
        try:
            verified = verify_response(
                reply.status, reply.headers, reply.body, request, keys, now_us
            )
            answer = parse_answer(reply.body)
        except Refused as refused:
            return Fault(refused.code, refused.sentence, refused.fields, status=reply.status)
        return Answered(
            answer,
            reply.status,
            verified.key_id,
            reply.body,
            signed_headers(reply.headers),
            request,
            now_us,
        )


def send(
    client: httpx.Client,
    timeouts: Timeouts,
    head: RequestHead,
    body: bytes,
    bytes_max: int = ANSWER_BYTES_MAX,
) -> Reply | Fault:
    """Send one request, follow nothing, and read at most `bytes_max` within the total time."""
    timeout = httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s)
    try:
        with (
            within(timeouts.total_s),
            client.stream(
                head.method,
                head.url,
                headers={"accept-encoding": "identity", **head.headers},
                content=body,
                timeout=timeout,
                follow_redirects=False,
            ) as response,
        ):
            return _read(response, bytes_max)
    except httpx.TimeoutException:
        return Fault(
            "timeout",
            N_("no whole answer came within {seconds} s"),
            {"seconds": timeouts.total_s},
            retry=True,
        )
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return Fault(
            "unreachable",
            N_("the other side can't be reached or broke off ({kind})"),
            {"kind": type(error).__name__},
            retry=True,
        )


def _read(response: httpx.Response, bytes_max: int) -> Reply | Fault:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-encoding", "identity") != "identity":
        return Fault(
            "content_encoded",
            N_("the answer is compressed, which was not asked for"),
            status=response.status_code,
        )
    body = bytearray()
    for chunk in response.iter_raw(16 * 1024):
        body += chunk
        if len(body) > bytes_max:
            return Fault(
                "too_long",
                N_("the answer goes on beyond {limit} bytes"),
                {"limit": bytes_max},
                status=response.status_code,
            )
    return Reply(response.status_code, headers, bytes(body))


def status_fault(reply: Reply) -> Fault:
    """Say what an HTTP status other than 200 and 202 means, with the code of its problem."""
    return Fault(
        "http_status",
        N_("the other side answers with HTTP status {status} ({problem})"),
        {"status": reply.status, "problem": problem_code(reply.body) or "-"},
        retry=reply.status >= 500 or reply.status in RETRIED_STATUSES,
        status=reply.status,
    )


def problem_code(body: bytes) -> str | None:
    """Return the `code` of a problem document (RFC 9457), or None where there is none."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = values.get("code") if isinstance(values, dict) else None
    return code if isinstance(code, str) and _PROBLEM_CODE(code) else None
