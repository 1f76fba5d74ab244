"""The same request again changes nothing and gets the same answer: the header Idempotency-Key."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from holdfast.api.auth import actor
from holdfast.api.body import raw_body
from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.records import idempotency
from holdfast.workflows.running import centre

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_LENGTH_MAX = 200
_KEY = re.compile(rf"[!-~]{{1,{KEY_LENGTH_MAX}}}", re.ASCII).fullmatch
"""No blanks: keys with a blank are those that we keep ourselves."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a request did: the answer, and with which case's life its key lives on."""

    answer: BaseModel
    subject: str
    status: int = 200


def described(*, required: bool = False) -> dict[str, Any]:
    """Return how the OpenAPI description tells of the header."""
    return {
        "parameters": [
            {
                "in": "header",
                "name": HEADER,
                "required": required,
                "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
                "description": "Chosen by the caller, one for each intent. The same key with the "
                "same content gets the answer of the first request, with other content 409.",
            }
        ]
    }


def once(request: HttpRequest, work: Callable[[], Done], *, required: bool = False) -> HttpResponse:
    """Do some work in one transaction with the answer that is kept under the caller's key.

    Raises:
        Refused: `idempotency_key_missing` or `idempotency_key_form`.
        Conflict: `idempotency_key_reused` or `idempotency_key_in_use`.
    """
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise Refused(
                "idempotency_key_missing",
                N_("send the header Idempotency-Key, one key for each new report"),
            )
        with transaction.atomic():
            done = work()
        return _answer(done.status, done.answer.model_dump_json())
    if _KEY(key) is None:
        raise Refused(
            "idempotency_key_form",
            N_("an idempotency key has 1 to {limit} printable ASCII characters and no blanks"),
            limit=KEY_LENGTH_MAX,
        )
    return _once(request, work, key)


def _once(request: HttpRequest, work: Callable[[], Done], key: str) -> HttpResponse:
    institution = actor(request).institution_id
    asked = f"{request.method} {request.path}\n".encode() + raw_body(request)
    with transaction.atomic():
        stored = idempotency.recall(institution=institution, key=key, request=asked)
        if stored is not None:
            replayed = _answer(stored.status, stored.body)
            replayed[REPLAYED] = "true"
            return replayed
        done = work()
        body = done.answer.model_dump_json()
        idempotency.keep(
            institution=institution,
            key=key,
            request=asked,
            status=done.status,
            body=body,
            subject=done.subject,
            at_us=centre().now_us(),
        )
    return _answer(done.status, body)


def _answer(status: int, body: str) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
