"""What citizens ask: whether something is reported, without saying what. Open to everybody."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.registry.blind import ELEMENT_BYTES
from holdfast.registry.buckets import PREFIX_BITS, ROW_BYTES, TAG_BYTES
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.answer_citizen import CITIZENS, Blinded, answer_citizen, check_key
from holdfast.workflows.running import centre

router = Router(tags=["citizens"])


class CheckKey(BaseModel):
    """By what answers are verified, and how questions are asked."""

    suite: str = "ristretto255-SHA512"
    mode: str = "VOPRF (RFC 9497)"
    public_key: str = Field(description="32 bytes, base64; the same for everybody.")
    country: str = Field(description="Where numbers without + are dialled.")
    prefix_bits: Mapping[str, int] = Field(description="By kind: bits of the SHA-256 to name.")
    tag_bytes: int = TAG_BYTES
    row_bytes: int = ROW_BYTES


class CheckAsked(BaseModel):
    """A bucket, and an element that tells nothing of what is asked."""

    model_config = ConfigDict(extra="forbid")

    kind: SubjectKind
    prefix: Annotated[int, Field(strict=True, ge=0, lt=2**32)]
    blinded: Annotated[str, Field(max_length=64, description="32 bytes, base64.")]
    public_key: Annotated[
        str | None,
        Field(max_length=64, description="As GET /v1/check told; so it may be a day old."),
    ] = None


class CheckGiven(BaseModel):
    """The bucket's rows, filled up, and the answer to the element."""

    rows: str = Field(description="Rows of `row_bytes`, base64; most stand for nothing.")
    evaluated: str
    proof: str = Field(description="64 bytes, base64: that it was the key published.")
    data_version: int


@router.get(
    "/check", response=CheckKey, auth=None, operation_id="read_check_key", summary="How to check"
)
def read_check_key(request: HttpRequest) -> CheckKey:  # noqa: ARG001
    """Return the key and the bounds by which something is checked."""
    running = centre()
    return CheckKey(
        public_key=_text(check_key(running)),
        country=running.country,
        prefix_bits={kind.value: bits for kind, bits in PREFIX_BITS.items()},
    )


@router.post(
    "/check", response=CheckGiven, auth=None, operation_id="check", summary="Check something"
)
def check(request: HttpRequest, asked: CheckAsked) -> CheckGiven:
    """Return a bucket and the answer to a blinded element; we learn neither number nor link."""
    running = centre()
    CITIZENS.take(request.META.get("REMOTE_ADDR", ""), running.now_us())
    public = _octets(asked.public_key) if asked.public_key is not None else None
    blinded = Blinded(asked.kind, asked.prefix, _element(asked.blinded), public)
    given = answer_citizen(running, blinded, secrets.token_bytes)
    return CheckGiven(
        rows=_text(given.rows),
        evaluated=_text(given.evaluated),
        proof=_text(given.proof),
        data_version=given.data_version,
    )


def _element(text: str) -> bytes:
    element = _octets(text)
    if len(element) != ELEMENT_BYTES:
        raise Refused(
            "check_blinded",
            N_("blinded is base64 of {right} bytes, an element of ristretto255"),
            right=ELEMENT_BYTES,
        )
    return element


def _octets(text: str) -> bytes:
    """Return the bytes of base64, none where it is not that."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
