"""The centre's public keys, and whether it is there: open to everybody."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.shown import Time, at, at_or_none
from holdfast.workflows.running import public_keys

router = Router(tags=["centre"])


class KeyShown(BaseModel):
    """A key by which the centre's orders and heads are known."""

    key_id: str
    algorithm: str = "ed25519"
    public_key: str = Field(description="32 bytes, base64.")
    valid_from: Time
    retired_at: Time | None


class Keys(BaseModel):
    """All keys, those in use and those retired."""

    items: list[KeyShown]


class Health(BaseModel):
    """That the server answers; how it is, is nobody's but its keepers' business."""

    ok: bool = True


@router.get(
    "/keys", response=Keys, auth=None, operation_id="read_keys", summary="Read the centre's keys"
)
def read_keys(request: HttpRequest) -> Keys:  # noqa: ARG001
    """Return the public keys with which orders and audit heads are signed."""
    return Keys(
        items=[
            KeyShown(
                key_id=key.key_id,
                public_key=key.text,
                valid_from=at(key.valid_from_us),
                retired_at=at_or_none(key.retired_us),
            )
            for key in public_keys()
        ]
    )


@router.get(
    "/health", response=Health, auth=None, operation_id="read_health", summary="Is the server up?"
)
def read_health(request: HttpRequest) -> Health:  # noqa: ARG001
    """Answer."""
    return Health()
