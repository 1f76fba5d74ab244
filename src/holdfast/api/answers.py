"""Answers to orders, by callback: signed where the institution has registered a key."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.body import raw_body
from holdfast.api.idempotent import Done, described, once
from holdfast.api.shown import Id, Minor
from holdfast.banks.messages import (
    ONWARD_ROWS_MAX,
    AccountStatus,
    AnswerStatus,
    HolderKind,
    RefusalReason,
)
from holdfast.banks.signing import Verified, signed_headers, verify_request
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.core.errors import Conflict, Refused
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import NotRecognised
from holdfast.people.models import InstitutionKey
from holdfast.people.role import Scope
from holdfast.records import idempotency
from holdfast.workflows.record_answer import record_answer
from holdfast.workflows.running import centre

router = Router(tags=["hold orders"])


class AnswerTaken(BaseModel):
    """What became of an answer, and how its order stands now."""

    order_id: str
    outcome: str = Field(description="heeded, or why it changed nothing or not all.")
    state: HoldState
    amount_held_minor: Minor
    repeated: bool = Field(description="Whether this very answer had come before.")


def _text(length: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": length}


def _or_null(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


def _words(words: Any) -> dict[str, Any]:
    return {"type": "string", "enum": [word.value for word in words]}


_MINOR = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_ONWARD = {
    "type": "object",
    "required": [
        "transfer_id",
        "time",
        "debit_account",
        "credit_account",
        "amount_minor",
        "currency",
    ],
    "properties": {
        "transfer_id": _text(140),
        "time": _TIME,
        "debit_account": _text(80),
        "credit_account": _text(80),
        "amount_minor": {"type": "integer", "minimum": 1},
        "currency": _text(3),
        "debit_balance_before_minor": _or_null("integer"),
        "credit_balance_before_minor": _or_null("integer"),
        "channel": _or_null("string"),
        "uetr": _or_null("string"),
        "cash_place": _or_null("string"),
    },
}
_ANSWER = {
    "type": "object",
    "required": [
        "type",
        "version",
        "answer_id",
        "order_id",
        "institution",
        "status",
        "amount_held_minor",
        "currency",
        "answered_at",
    ],
    "properties": {
        "type": {"const": "hold-answer"},
        "version": {"const": 1},
        "answer_id": _text(60),
        "order_id": _text(60),
        "institution": _text(60),
        "status": _words(AnswerStatus),
        "amount_held_minor": _MINOR,
        "currency": _text(3),
        "balance_available_minor": _or_null("integer"),
        "account_status": _words(AccountStatus),
        "holder_kind": _words(HolderKind),
        "other_holds_minor": _or_null("integer"),
        "answered_at": _TIME,
        "held_at": {"type": ["string", "null"], "format": "date-time"},
        "reason": {"enum": [*[word.value for word in RefusalReason], None]},
        "reason_text": {"type": ["string", "null"], "maxLength": 500},
        "onward": {"type": "array", "maxItems": ONWARD_ROWS_MAX, "items": _ONWARD},
        "name_matches": _or_null("boolean"),
    },
}
_DESCRIBED = {
    **described(),
    "requestBody": {"required": True, "content": {"application/json": {"schema": _ANSWER}}},
}


@router.post(
    "/hold-orders/{order_id}/answers",
    auth=ApiKey(Scope.ORDERS_ANSWER),
    response=AnswerTaken,
    operation_id="answer_order",
    summary="Answer an order",
    openapi_extra=_DESCRIBED,
)
def answer_order(request: HttpRequest, order_id: Id) -> HttpResponse:
    """Record an answer to an order of the caller's institution.

    Where the institution has registered a public key, the request must be signed (RFC 9421,
    Ed25519) over its method, path, content type and digest, anew for each sending.
    """
    body, who = raw_body(request), actor(request)

    signed, signature = _signature(request, body, who)

    def work() -> Done:
        recorded = record_answer(centre(), body, who, signature=signature, order_id=order_id)
        taken = AnswerTaken(
            order_id=recorded.order_id,
            outcome=recorded.outcome,
            state=HoldState(recorded.state),
            amount_held_minor=recorded.held_minor,
            repeated=recorded.repeated,
        )
        subject = f"case:{Order.objects.get(order_id=recorded.order_id).case.number}"
        if signed is not None:
            _use_up(signed, who.institution_id, subject)
        return Done(taken, subject)

    return once(request, work)


def _signature(request: HttpRequest, body: bytes, who: Actor) -> tuple[Verified | None, str]:
    """Return what proves later that the answer came from the institution; nothing without keys.

    Raises:
        NotRecognised: with the code of `verify_request`, or `nonce_replayed`.
    """
    rows = InstitutionKey.objects.filter(institution__institution_id=who.institution_id)
    keys = {
        row.key_id: PublicKey.parse(row.key_id, row.public_key, row.valid_from_us, row.retired_us)
        for row in rows
    }
    if not keys:
        return None, ""
    path = request.get_full_path()
    try:
        verified = verify_request(
            request.method, path, request.headers, body, keys.get, centre().now_us()
        )
    except Refused as refused:
        raise NotRecognised(refused.code, refused.sentence, **refused.fields) from None
    key = _nonce_key(verified)
    if idempotency.recall(institution=who.institution_id, key=key, request=b"") is not None:
        raise _replayed()
    kept = {"method": request.method, "path": path, "headers": signed_headers(request.headers)}
    return verified, json.dumps(kept, sort_keys=True)


def _use_up(verified: Verified, institution_id: str, subject: str) -> None:
    """Keep a signature's nonce in the transaction of what it signed, so that it is taken once."""
    try:
        idempotency.keep(
            institution=institution_id,
            key=_nonce_key(verified),
            request=b"",
            status=0,
            body="",
            subject=subject,
            at_us=centre().now_us(),
        )
    except Conflict:
        raise _replayed() from None


def _nonce_key(verified: Verified) -> str:
    """Return the name of a nonce among the idempotency keys, which no caller can choose.

    Callers' keys have no blanks.
    """
    digest = sha256(f"{verified.key_id}\n{verified.nonce}".encode()).hexdigest()
    return f"nonce {digest}"


def _replayed() -> NotRecognised:
    return NotRecognised(
        "nonce_replayed",
        N_("this signature was used before; sign anew for each sending, with a new nonce"),
    )
