"""Signing in, within bounds on how often, and on how many passwords are looked at at once."""

from __future__ import annotations

from threading import BoundedSemaphore

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.console.duties import duties_of
from holdfast.core.instant import SECOND_US
from holdfast.people.models import Staff
from holdfast.people.sign_in import begin_try, succeeded
from holdfast.records import audit
from holdfast.workflows.running import centre

HASHED_AT_ONCE = 2
"""Of one process: a slow hash is slow for us too, and must not take all that answers."""
BUSY_WAIT_S = 2

_hashing = BoundedSemaphore(HASHED_AT_ONCE)


def try_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign somebody in, or show the form again with what went wrong."""
    if not _hashing.acquire(blocking=False):
        return _too_often(request, BUSY_WAIT_S)
    try:
        return _try(request)
    finally:
        _hashing.release()


def _try(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "")[:150]
    address = request.META.get("REMOTE_ADDR", "")
    begun = begin_try(name, address, centre().now_us())
    if begun.flood.beyond == 1:
        _record("somebody", "sign_in_flood")
    if begun.flood.before:
        _record("somebody", "sign_in_flood_ended", tries=begun.flood.before)
    if begun.wait_us:
        return _too_often(request, -(-begun.wait_us // SECOND_US))
    password = request.POST.get("password", "")[:200]
    staff: Staff | None = authenticate(request, username=name, password=password)
    if staff is not None:
        succeeded(name, address)
        _record(staff.actor_name, "sign_in")
        login(request, staff)
        return redirect("registry" if duties_of(staff) else "institutions")
    # Not each of a million refusals: that would let anybody fill the audit.
    if begun.is_first:
        _record("somebody", "sign_in_refused")
    if begun.begins_waiting:
        _record("somebody", "sign_in_throttled")
    return _page(request, "wrong", 403)


def _too_often(request: HttpRequest, wait_s: int) -> HttpResponse:
    response = _page(request, "too_often", 429)
    response["Retry-After"] = str(wait_s)
    return response


def _page(request: HttpRequest, problem: str, status: int) -> HttpResponse:
    return render(request, "console/sign_in.html", {"problem": problem}, status=status)


def _record(actor: str, verb: str, **detail: int) -> None:
    with transaction.atomic():
        audit.record(
            at_us=centre().now_us(), actor=actor, verb=verb, subject="console", detail=detail
        )
