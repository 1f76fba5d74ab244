"""The registry on the desk: what is listed, how to find it, and what can be done with one listing."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.cases.models import Case, Notice
from holdfast.console import case_steps
from holdfast.console.desk import NOT_YOURS, desk, require_duty, staff_actor, step_chosen
from holdfast.console.duties import Duty, duties_of
from holdfast.console.forms import ReasonForm, add_problem
from holdfast.console.listing_steps import FORMS, steps_of, take_step
from holdfast.console.older import older_than, page_of
from holdfast.console.registry_forms import FilterForm, FindForm
from holdfast.console.steps import Steps
from holdfast.core.errors import HoldfastError, NotFound
from holdfast.records import audit
from holdfast.registry.listing import ListingState
from holdfast.registry.models import BreakGlassReview, Listing
from holdfast.registry.queries import listing_by_id
from holdfast.registry.throttle import AskedTooOften
from holdfast.workflows.approve_listing import approve_batch
from holdfast.workflows.look_up import REFERENCE_MISSING, Found, look_up
from holdfast.workflows.running import centre

FILE_SHOWN_MAX = 100
"""Rows of a file, and problems with them."""
PAGES_OWN = (NOT_YOURS, "step_unknown")
"""Errors that take the place of the whole page."""


def read_on_record(
    request: HttpRequest, verb: str, subject: str, **detail: str | int | bool
) -> None:
    """Keep on record that somebody of the staff looked at this; in no open transaction."""
    with transaction.atomic():
        audit.record(
            at_us=centre().now_us(),
            actor=staff_actor(request).name,
            verb=verb,
            subject=subject,
            detail=detail,
        )


@desk(Duty.READ, "GET", "POST")
def listings(request: HttpRequest) -> HttpResponse:
    """Show what is listed, the newest first, by state, tier, kind and case.

    Of one case, whoever may lists what it tells of, or takes everything off.
    """
    running = centre()
    day = running.law.local_day(running.country, running.now_us())
    tiers = [tier.name for tier in running.law.tiers(running.country, day)]
    chosen = FilterForm(request.GET or None, tiers=tiers)
    told = chosen.cleaned_data if chosen.is_valid() else {}
    context: dict[str, object] = {}
    if case := told.get("case", ""):
        context |= _of_case(request, case)
    elif request.method == "POST":
        step_chosen(request)
    shown = [] if chosen.errors else page_of(_chosen(told), request)
    read_on_record(request, "list_listings", "registry", shown=len(shown))
    context |= {
        "filter": chosen,
        "find": FindForm(),
        "rows": shown,
        "older": older_than(shown, request),
    }
    is_refused = chosen.errors or context.get("is_refused")
    status = 422 if is_refused else 200
    return render(request, "console/registry/listings.html", context, status=status)


def _chosen(told: Mapping[str, str]) -> QuerySet[Listing]:
    """Return the listings that are asked for."""
    columns = {"state": "state", "tier": "tier", "kind": "subject_kind"}
    wanted = {columns[name]: told[name] for name in columns if told.get(name)}
    rows = Listing.objects.filter(**wanted)
    if not told.get("case"):
        return rows
    whole = Q(number=told["case"]) | Q(merged_into__number=told["case"])
    return rows.filter(case_number__in=Case.objects.filter(whole).values("number"))


def _of_case(request: HttpRequest, number: str) -> Mapping[str, object]:
    """Return what may be done with a case, having done what was sent."""
    steps = Steps(request, case_steps.FORMS)
    shown: dict[str, object] = {"is_refused": steps.is_wrong}
    if steps.is_taken:
        try:
            shown |= case_steps.take_step(request, number)
        except HoldfastError as error:
            if error.code in PAGES_OWN:
                raise
            shown |= {"problem": str(error), "is_refused": True}
    return shown | {"case": number, "steps": list(case_steps.steps_of(request, steps))}


@desk(Duty.READ, "GET", "POST")
def find_listing(request: HttpRequest) -> HttpResponse:
    """Find by a part, a person or a name; what was looked for stands in no address and no log."""
    form = FindForm(request.POST or None)
    found: Found | None = None
    status = 200
    if form.is_valid():
        try:
            found = look_up(centre(), form.asked(), staff_actor(request))
        except AskedTooOften as error:
            form.add_error(None, str(error))
            status = 429
        except HoldfastError as error:
            is_of_reference = isinstance(error, NotFound) or error.code == REFERENCE_MISSING
            form.add_error("reference" if is_of_reference else "text", str(error))
    if form.errors and status == 200:
        status = 422
    context = {"find": form, "found": found}
    return render(request, "console/registry/found.html", context, status=status)


@desk(Duty.READ, "GET", "POST")
def listing(request: HttpRequest, listing_id: str) -> HttpResponse:
    """Show one listing with all that became of it; whoever may takes a step with it."""
    row = listing_by_id(listing_id)
    steps = Steps(request, FORMS)
    context: dict[str, object] = {}
    if steps.is_taken:
        try:
            taken = take_step(request, row, steps.sent)
            if not taken.shown:
                return redirect("registry-listing", taken.listing_id)
            context |= taken.shown
        except HoldfastError as error:
            if error.code in PAGES_OWN:
                raise
            # On top of the page: it may no longer have the form that was sent.
            context["problem"] = str(error)
        row = listing_by_id(listing_id)
    read_on_record(request, "read_listing", f"listing:{row.listing_id}")
    context |= {
        "row": row,
        "steps": list(steps_of(request, row, steps)),
        "glass": BreakGlassReview.objects.filter(listing=row).first(),
        "history": row.steps.order_by("number"),
        "contests": row.contests.order_by("id"),
        "notices": Notice.objects.filter(subject=f"listing:{row.listing_id}").order_by("id"),
    }
    status = 422 if steps.is_wrong or "problem" in context else 200
    return render(request, "console/registry/listing.html", context, status=status)


@desk(Duty.READ, "GET", "POST")
def file(request: HttpRequest, batch: str) -> HttpResponse:
    """Show what a file listed; a second person decides at once about all that waits.

    What could not be decided like the rest is told with its reason.
    """
    form = None
    problems: list[tuple[str, str]] = []
    if Duty.APPROVE in duties_of(request.user):
        form = ReasonForm(request.POST or None)
    if request.method == "POST":
        require_duty(request, Duty.APPROVE)
        if form is not None and form.is_valid():
            try:
                problems = _decided(request, batch, form.cleaned_data["reason"])
                if not problems:
                    return redirect("registry-file", batch)
            except HoldfastError as error:
                if error.code in PAGES_OWN:
                    raise
                add_problem(form, error)
    rows = list(Listing.objects.filter(batch=batch).order_by("id")[: FILE_SHOWN_MAX + 1])
    read_on_record(request, "list_listings", "registry", shown=len(rows))
    proposed = Listing.objects.filter(batch=batch, state=ListingState.PROPOSED.value)
    context = {
        "batch": batch,
        "waiting": proposed.count(),
        "form": form,
        "problems": problems[:FILE_SHOWN_MAX],
        "rows": rows[:FILE_SHOWN_MAX],
        "is_cut": len(rows) > FILE_SHOWN_MAX,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "console/registry/file.html", context, status=status)


def _decided(request: HttpRequest, batch: str, reason: str) -> list[tuple[str, str]]:
    """Decide about all that waits of a file; return what could not be, and why."""
    yes = step_chosen(request, "approve", "refuse") == "approve"
    problems: list[tuple[str, str]] = []

    def tell(listing_id: str, error: HoldfastError) -> None:
        if len(problems) <= FILE_SHOWN_MAX:
            problems.append((listing_id, str(error)))

    approve_batch(centre(), batch, staff_actor(request), approve=yes, reason=reason, tell=tell)
    return problems
