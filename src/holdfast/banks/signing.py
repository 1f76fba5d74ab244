"""Signed requests and answers: RFC 9421 HTTP message signatures with Ed25519.

A request covers its method, its path, the type and the digest of its body (RFC 9530); an answer
covers its status, the type and digest of its body, and the signature of the request it answers,
so that no answer can be taken for that to another order. Host and scheme are not covered: many
banks stand behind proxies that change both, and the body names whom it is for.

What is signed can be verified years later from the body's bytes, the four headers of
`SIGNED_HEADERS` and the method and path, or the status and the request's headers, if these were
kept: `now_us` is then the time when the message was received.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.words import N_

TAG = "holdfast"
LIFETIME_S_MAX = 300
CLOCK_SKEW_S = 30
"""How far two clocks may be apart before a signature comes from the future."""
HEADERS_LENGTH_MAX = 8192
SIGNED_HEADERS = ("content-type", "content-digest", "signature-input", "signature")
JSON = "application/json"

_REQUEST_PARTS = ("@method", "@path", "content-type", "content-digest")
_ANSWER_PARTS = ("@status", "content-type", "content-digest")
_OF_REQUEST = f'"signature";req;key="{TAG}"'

_LABELLED = re.compile(rf"(?:^|,)\s*{TAG}=").search

Keys = Callable[[str], PublicKey | None]
"""Finds the key of an id among those of the house that should have signed."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What an answer's signature knows of the request: method, absolute URL or path, headers."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def is_signed(self) -> bool:
        """Whether the request bears the signature that an answer to it covers."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return _LABELLED(headers.get("signature", "")) is not None


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds: by which key, once (`nonce`), and from when to when."""

    key_id: str
    nonce: str
    created_us: int
    expires_us: int


class _Message:
    """What the library reads and writes: a request, or an answer with its request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = {name.lower(): value for name, value in headers.items()}


class _Request(_Message):
    def __init__(self, head: RequestHead) -> None:
        super().__init__(head.headers)
        self.method = head.method
        self.url = f"https://bank.invalid{head.url}" if head.url.startswith("/") else head.url


class _Answer(_Message):
    def __init__(self, status: int, headers: Mapping[str, str], head: RequestHead | None) -> None:
        super().__init__(headers)
        self.status_code = status
        self.request = None if head is None else _Request(head)


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, with our clock, and our words for what a signature says of itself."""

    def __init__(self, parts: Sequence[str], keys: Keys, now_us: int) -> None:
        super().__init__(signature_algorithm=ED25519, key_resolver=None)
        self.claimed: Verified | None = None
        self._parts = parts
        self._keys = keys
        self._now_us = now_us

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ARG002
        """Check what stands in Signature-Input before the signature itself; raises Refused."""
        self.claimed = _claimed(sig_input, self._parts)
        _check_times(self.claimed, self._now_us)
        key = _key(self._keys, self.claimed, self._now_us)
        self.key_resolver = MappingKeyResolver(
            public_keys={self.claimed.key_id: key.key}, private_keys={}
        )


def sign_request(
    method: str,
    url: str,
    body: bytes,
    key: SigningKey,
    now_us: int,
    nonce: str,
    *,
    content_type: str = JSON,
    lifetime_s: int = LIFETIME_S_MAX,
) -> dict[str, str]:
    """Return the headers of `SIGNED_HEADERS` for a request that is good for `lifetime_s`."""
    message = _Request(RequestHead(method, url, {"content-type": content_type}))
    return _sign(message, _parts(_REQUEST_PARTS, message), body, key, (now_us, nonce, lifetime_s))


def sign_response(
    status: int,
    body: bytes,
    request: RequestHead | None,
    key: SigningKey,
    now_us: int,
    nonce: str,
    *,
    content_type: str = JSON,
) -> dict[str, str]:
    """Return the headers of `SIGNED_HEADERS` for the answer to `request`."""
    bound = request if request is not None and request.is_signed else None
    message = _Answer(status, {"content-type": content_type}, bound)
    parts = (*_ANSWER_PARTS, *([_OF_REQUEST] if bound else []))
    return _sign(message, parts, body, key, (now_us, nonce, LIFETIME_S_MAX))


def verify_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes, keys: Keys, now_us: int
) -> Verified:
    """Return who signed a request; the path of `url` (absolute or a path) is what was signed.

    Raises:
        Refused: `signature_missing`, `parts_not_covered`, `signature_from_future`,
            `signature_too_old`, `key_unknown`, `key_retired`, `signature_wrong` or
            `digest_wrong`, looked for in this order.
    """
    message = _Request(RequestHead(method, url, headers))
    return _verify(message, _parts(_REQUEST_PARTS, message), body, keys, now_us)


def verify_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request: RequestHead,
    keys: Keys,
    now_us: int,
) -> Verified:
    """Return who signed the answer to `request`; raises as `verify_request`.

    The answer to a signed request must cover that request's signature.
    """
    bound = request if request.is_signed else None
    message = _Answer(status, headers, bound)
    parts = (*_ANSWER_PARTS, *([_OF_REQUEST] if bound else []))
    return _verify(message, parts, body, keys, now_us)


def signed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers that must be kept beside the body to verify it again."""
    found = {name.lower(): value for name, value in headers.items()}
    return {name: found[name] for name in SIGNED_HEADERS if name in found}


def _parts(parts: Sequence[str], message: _Request) -> tuple[str, ...]:
    """Cover the query too where there is one, so that nothing can be added to a path."""
    return (*parts, *(["@query"] if "?" in message.url else []))


def _sign(
    message: _Message,
    parts: Sequence[str],
    body: bytes,
    key: SigningKey,
    when: tuple[int, str, int],
) -> dict[str, str]:
    now_us, nonce, lifetime_s = when
    created_s = now_us // SECOND_US
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key.key_id: key.private}),
    )
    signer.sign(
        message,
        key_id=key.key_id,
        created=datetime.fromtimestamp(created_s, UTC),
        expires=datetime.fromtimestamp(created_s + min(lifetime_s, LIFETIME_S_MAX), UTC),
        nonce=nonce,
        label=TAG,
        tag=TAG,
        include_alg=False,
        covered_component_ids=parts,
        body=body,
    )
    return {name.lower(): value for name, value in message.headers.items()}


def _verify(
    message: _Message, parts: Sequence[str], body: bytes, keys: Keys, now_us: int
) -> Verified:
    if sum(len(message.headers.get(name, "")) for name in SIGNED_HEADERS) > HEADERS_LENGTH_MAX:
        raise _not_covered("Signature-Input")
    verifier = _Verifier(parts, keys, now_us)
    try:
        results = verifier.verify(message, max_age=None, expect_tag=TAG, expect_label=TAG)
    except HTTPMessageSignaturesException:
        raise _wrong(verifier.claimed) from None
    try:
        verifier.verify_body(message, results, body)
    except InvalidSignature:
        raise Refused(
            "digest_wrong",
            N_("the body is not the one that was signed: its Content-Digest differs"),
        ) from None
    if verifier.claimed is None:
        raise _wrong(None)
    return verifier.claimed


def _claimed(sig_input: Any, parts: Sequence[str]) -> Verified:
    """Read what the signature says of itself; it must cover all `parts`."""
    covered = {str(part) for part in sig_input}
    for part in parts:
        if (part if part.startswith('"') else f'"{part}"') not in covered:
            raise _not_covered(part)
    values = sig_input.params
    for name in ("created", "expires", "keyid", "nonce"):
        if name not in values:
            raise _not_covered(name)
    return Verified(
        key_id=str(values["keyid"])[:80],
        nonce=str(values["nonce"])[:200],
        created_us=int(values["created"]) * SECOND_US,
        expires_us=int(values["expires"]) * SECOND_US,
    )


def _check_times(claimed: Verified, now_us: int) -> None:
    if claimed.created_us > now_us + CLOCK_SKEW_S * SECOND_US:
        raise Refused(
            "signature_from_future",
            N_("the signature is {seconds} s ahead of this clock; set the clocks by NTP"),
            seconds=(claimed.created_us - now_us) // SECOND_US,
        )
    ends_us = min(claimed.expires_us, claimed.created_us + LIFETIME_S_MAX * SECOND_US)
    if ends_us + CLOCK_SKEW_S * SECOND_US < now_us:
        raise Refused(
            "signature_too_old",
            N_("the signature ended {seconds} s ago; sign anew for each sending"),
            seconds=(now_us - ends_us) // SECOND_US,
        )


def _key(keys: Keys, claimed: Verified, now_us: int) -> PublicKey:
    key = keys(claimed.key_id)
    if key is None or key.valid_from_us > now_us + CLOCK_SKEW_S * SECOND_US:
        raise Refused(
            "key_unknown",
            N_("the key {key_id} is not known here; give the public key to the other side first"),
            key_id=claimed.key_id,
        )
    if key.retired_us is not None and key.retired_us <= now_us:
        raise Refused(
            "key_retired",
            N_("the key {key_id} is retired; sign with the one in use"),
            key_id=claimed.key_id,
        )
    return key


def _wrong(claimed: Verified | None) -> Refused:
    if claimed is None:
        return Refused(
            "signature_missing",
            N_("there is no signature with the tag {tag} and the label {tag} (RFC 9421)"),
            tag=TAG,
        )
    return Refused(
        "signature_wrong",
        N_("the signature does not fit the message and the key {key_id}"),
        key_id=claimed.key_id,
    )


def _not_covered(part: str) -> Refused:
    return Refused(
        "parts_not_covered",
        N_("the signature leaves out {part}, which it must cover"),
        part=part,
    )
