"""Problem documents (RFC 9457): every error as JSON with a stable code, in the reader's language."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation.trans_real import parse_accept_lang_header
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from holdfast.api.wrong_fields import wrong_field
from holdfast.core.errors import (
    CentreError,
    Conflict,
    Forbidden,
    HoldfastError,
    LedgerError,
    NotFound,
    Refused,
    arose_at,
)
from holdfast.core.words import LANGUAGES, N_, set_language
from holdfast.people.keys import NotRecognised
from holdfast.registry.throttle import AskedTooOften

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:holdfast:problem:"
"""A name and no address: a centre serves many hosts, and the code alone says which it is."""
BODY_BYTES_MAX = 1_000_000
RETRY_AFTER_S = 5
FIELDS_SHOWN_MAX = 50
_ACCEPT_LENGTH_MAX = 200

_STATUS_OF_KIND: tuple[tuple[type[HoldfastError], int], ...] = (
    (NotRecognised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 422),
    (LedgerError, 503),
    (CentreError, 503),
)
_STATUS_OF_CODE = {
    "json_unreadable": 400,
    "answer_unreadable": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_form": 400,
    "body_too_slow": 408,
    "body_too_long": 413,
    "answer_too_long": 413,
    "content_type_wrong": 415,
    "asked_too_often": 429,
}


def speak(request: HttpRequest) -> None:
    """Choose the language that the caller reads best, of those that are spoken here."""
    header = request.headers.get("Accept-Language", "")[:_ACCEPT_LENGTH_MAX]
    for language, _ in parse_accept_lang_header(header):
        if language.partition("-")[0] in LANGUAGES:
            set_language(language.partition("-")[0])
            return
    set_language(LANGUAGES[0])


def too_long(bytes_max: int = BODY_BYTES_MAX) -> Refused:
    """Return the error of a body beyond a bound."""
    return Refused(
        "body_too_long", N_("a request has at most {limit} bytes; send less"), limit=bytes_max
    )


def too_slow() -> HoldfastError:
    """Return the error of a body that was not there in time."""
    return HoldfastError(
        "body_too_slow", N_("the request did not arrive in time; send it again, all at once")
    )


def of_status(status: int) -> HoldfastError:
    """Return the error that says what a status means where nothing better is known."""
    if status == HTTPStatus.NOT_FOUND:
        return NotFound("address_unknown", N_("there is nothing at this address"))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return HoldfastError(
            "method_not_allowed", N_("this address does not take this method; Allow names those")
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return HoldfastError(
            "internal", N_("something is wrong on our side; nothing was changed, try again later")
        )
    return HoldfastError("request_wrong", N_("the request can't be read; check its form"))


def status_of(error: HoldfastError) -> int:
    """Return the HTTP status that fits an error."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS_OF_KIND if isinstance(error, kind)), 500)


def document(
    error: HoldfastError, status: int, errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, object]:
    """Return the members of a problem document in the language chosen."""
    values: dict[str, object] = {
        "type": TYPE_PREFIX + error.code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(error),
        "code": error.code,
    }
    return values | {"errors": list(errors)} if errors else values


def problem(
    request: HttpRequest,
    error: HoldfastError,
    *,
    status: int | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """Answer with a problem document."""
    speak(request)
    status = status or status_of(error)
    body = json.dumps(document(error, status, errors), ensure_ascii=False)
    response = HttpResponse(body, status=status, content_type=PROBLEM_JSON)
    response["Vary"] = "Accept-Language"
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="holdfast"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE or error.transient:
        response["Retry-After"] = str(_retry_after_s(error))
    return response


def _retry_after_s(error: HoldfastError) -> object:
    """Return after how many seconds the same is to be sent again."""
    return error.fields["seconds"] if isinstance(error, AskedTooOften) else RETRY_AFTER_S


def install(api: NinjaAPI) -> None:
    """Let every error of an API become a problem document."""
    for kind, answer in (
        (HoldfastError, _known),
        (ValidationError, _invalid),
        (AuthenticationError, _no_key),
        (HttpError, _http_error),
        (Http404, _nothing_there),
        (RequestDataTooBig, _too_long),
        (UnreadablePostError, _broken_off),
        (OperationalError, _busy),
        (Exception, _unforeseen),
    ):
        api.add_exception_handler(kind, answer)


def _known(request: HttpRequest, error: Any) -> HttpResponse:
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("a request failed: %s", error.code)
    return problem(request, error)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    speak(request)
    rows: Iterable[Mapping[str, Any]] = error.errors[:FIELDS_SHOWN_MAX]
    refused = Refused(
        "fields_wrong",
        N_("some fields ({count}) are not what they should be; errors names them"),
        count=len(error.errors),
    )
    return problem(request, refused, errors=[wrong_field(row) for row in rows])


def _no_key(request: HttpRequest, _error: Any) -> HttpResponse:
    missing = NotRecognised(
        "api_key_missing", N_("show your key: send the header Authorization: Bearer hf_…")
    )
    return problem(request, missing)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, HoldfastError):
        return problem(request, cause)
    return problem(request, of_status(error.status_code), status=error.status_code)


def _nothing_there(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(request, of_status(404))


def _too_long(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(request, too_long())


def _broken_off(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(request, of_status(400), status=400)


def _busy(request: HttpRequest, error: Any) -> HttpResponse:
    log.error("the database can't be used: %s", type(error).__name__)
    busy = HoldfastError(
        "database_busy", N_("the database is busy; nothing was changed, try again soon")
    )
    return problem(request, busy, status=503)


def _unforeseen(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer 500 and log where it happened, not what was said: that could be personal."""
    log.error("a request failed with %s", arose_at(error))
    return problem(request, of_status(500), status=500)
