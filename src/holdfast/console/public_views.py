"""Pages for whom a notice reached: what is reported, how to contest it, whether a code is ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.console.forms import CodeForm, ContestForm, add_problem
from holdfast.console.page import page
from holdfast.core.errors import HoldfastError
from holdfast.core.instant import DAY_US
from holdfast.registry.contest import ContestState, Via
from holdfast.registry.listing import ListingState
from holdfast.registry.subject import SubjectKind
from holdfast.registry.throttle import CODES, AskedTooOften
from holdfast.workflows.centre import Centre
from holdfast.workflows.contest_listing import contest_listing
from holdfast.workflows.read_notice import NoticeRead, read_notice
from holdfast.workflows.running import centre

ENDING_SHOWN = 3
_ENDINGS_OF = (SubjectKind.ACCOUNT, SubjectKind.PHONE)
"""Kinds of which a person with several knows by the last signs which one is meant."""


@page("GET", "POST")
def contest(request: HttpRequest) -> HttpResponse:
    """Show to the holder of a code what is reported, and take in why it is wrong."""
    if request.method == "GET":
        return render(request, "console/public/contest.html", {"form": CodeForm()})
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _asked_again(request, form, 422)
    running = centre()
    try:
        CODES.take(request.META.get("REMOTE_ADDR", ""), running.now_us())
        if request.POST.get("what") == "contest":
            return _contested(request, running, form.cleaned_data["code"])
        read = read_notice(running, form.cleaned_data["code"])
    except HoldfastError as error:
        form.add_error("code", str(error))
        return _asked_again(request, form, 429 if isinstance(error, AskedTooOften) else 422)
    if read is None:
        return _asked_again(request, form, 404, is_unknown=True)
    return _reported(request, running, read, ContestForm() if _may_write(read) else None)


def _asked_again(
    request: HttpRequest, form: CodeForm, status: int, *, is_unknown: bool = False
) -> HttpResponse:
    context = {"form": form, "is_unknown": is_unknown}
    return render(request, "console/public/contest.html", context, status=status)


def _contested(request: HttpRequest, running: Centre, code: str) -> HttpResponse:
    """Take a contest in; whoever sends an unknown code by hand gets a receipt all the same."""
    form = ContestForm(request.POST)
    if form.is_valid():
        try:
            receipt = contest_listing(running, code, form.texts(), Via.PAGE, running.itself)
        except HoldfastError as error:
            add_problem(form, error)
        else:
            return render(request, "console/public/sent.html", {"receipt": receipt})
    read = read_notice(running, code)
    if read is None:
        return _asked_again(request, CodeForm(request.POST), 404, is_unknown=True)
    return _reported(request, running, read, form)


def _reported(
    request: HttpRequest, running: Centre, read: NoticeRead, form: ContestForm | None
) -> HttpResponse:
    row = read.listing
    state = ContestState(read.contest.state) if read.contest is not None else None
    is_waiting = state is not None and not state.ended
    due_us = running.now_us() + row.contest_days * DAY_US
    context = {
        "read": read,
        "row": row,
        "ending": row.subject_key[-ENDING_SHOWN:] if row.subject_kind in _ENDINGS_OF else "",
        "stands": row.state == ListingState.STANDING.value,
        "waiting": read.contest if is_waiting else None,
        "is_overdue": state is ContestState.OVERDUE,
        "answered": read.contest if state in (ContestState.UPHELD, ContestState.REJECTED) else None,
        "due_us": due_us,
        "form": form,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "console/public/reported.html", context, status=status)


def _may_write(read: NoticeRead) -> bool:
    """Whether a contest can be opened by this code, or one waits to which something is added."""
    if read.contest is not None:
        return not ContestState(read.contest.state).ended
    return bool(read.listing.state == ListingState.STANDING.value)


@page("GET", "POST")
def check_code(request: HttpRequest) -> HttpResponse:
    """Tell a code of ours from an impostor's, with the digits that only we can say."""
    form = CodeForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                running = centre()
                CODES.take(request.META.get("REMOTE_ADDR", ""), running.now_us())
                read = read_notice(running, form.cleaned_data["code"])
                context |= {"told": True, "read": read}
        except HoldfastError as error:
            form.add_error("code", str(error))
            status = 429 if isinstance(error, AskedTooOften) else 422
        if form.errors and status == 200:
            status = 422
    return render(request, "console/public/code.html", context, status=status)
