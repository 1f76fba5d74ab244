"""The registry on the desk: what is listed, how to find it, and what can be done with one listing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.cases.models import Notice
from holdfast.console.desk import NOT_YOURS, desk, require_duty, staff_actor, step_chosen
from holdfast.console.duties import Duty, duties_of
from holdfast.console.finding import SHOWN_MAX, Found, find
from holdfast.console.forms import FilterForm, FindForm, ReasonForm, add_problem
from holdfast.console.older import older_than, page_of
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say
from holdfast.records import audit
from holdfast.registry.listing import ListingState
from holdfast.registry.models import BreakGlassReview, Listing
from holdfast.registry.queries import listing_by_id
from holdfast.workflows.approve_listing import approve_batch, approve_listing
from holdfast.workflows.break_glass import review_glass
from holdfast.workflows.running import centre
from holdfast.workflows.tell_person import code_for_notice
from holdfast.workflows.withdraw_listing import withdraw_listing

STEPS = ("approve", "refuse", "justified", "unjustified", "withdraw", "code")


@dataclass(frozen=True, slots=True)
class Choice:
    """A button."""

    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody may do with a listing now."""

    title: str
    help: str
    form: Form
    choices: tuple[Choice, ...]


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


@desk(Duty.READ, "GET")
def listings(request: HttpRequest) -> HttpResponse:
    """Show what is listed, the newest first, by state, tier and kind."""
    running = centre()
    day = running.law.local_day(running.country, running.now_us())
    tiers = [tier.name for tier in running.law.tiers(running.country, day)]
    chosen = FilterForm(request.GET or None, tiers=tiers)
    rows = Listing.objects.all()
    if chosen.is_valid():
        wanted = {"state": "state", "tier": "tier", "kind": "subject_kind"}
        rows = rows.filter(
            **{
                column: chosen.cleaned_data[name]
                for name, column in wanted.items()
                if chosen.cleaned_data[name]
            }
        )
    shown = page_of(rows, request)
    read_on_record(request, "list_listings", "registry", shown=len(shown))
    context = {
        "filter": chosen,
        "find": FindForm(),
        "rows": shown,
        "older": older_than(shown, request),
    }
    return render(request, "console/registry/listings.html", context)


@desk(Duty.READ, "GET", "POST")
def find_listing(request: HttpRequest) -> HttpResponse:
    """Find by a part, a person or a name; what was looked for stands in no address and no log."""
    form = FindForm(request.POST or None)
    found: Found | None = None
    if form.is_valid():
        by = form.cleaned_data["by"]
        try:
            found = find(centre(), by, form.cleaned_data["text"])
        except HoldfastError as error:
            form.add_error("text", str(error))
        else:
            count = len(found.listings) + len(found.candidates)
            read_on_record(request, "find_listing", "registry", by=by, found=count)
    status = 422 if form.errors else 200
    context = {"find": form, "found": found}
    return render(request, "console/registry/found.html", context, status=status)


@desk(Duty.READ, "GET", "POST")
def listing(request: HttpRequest, listing_id: str) -> HttpResponse:
    """Show one listing with all that became of it; whoever may takes a step with it."""
    row = listing_by_id(listing_id)
    what, form = request.POST.get("what"), None
    context: dict[str, object] = {}
    if request.method == "POST":
        form = Form(request.POST) if what == "code" else ReasonForm(request.POST)
        try:
            if form.is_valid():
                done = _do(request, row, form)
                if not done:
                    return redirect("registry-listing", listing_id)
                context |= done
        except HoldfastError as error:
            if error.code == NOT_YOURS:
                raise
            # On top of the page: it may no longer have the form that was sent.
            context["problem"] = str(error)
        row = listing_by_id(listing_id)
    read_on_record(request, "read_listing", f"listing:{row.listing_id}")
    context |= {
        "row": row,
        "steps": list(_steps(request, row, what or "", form)),
        "glass": BreakGlassReview.objects.filter(listing=row).first(),
        "history": row.steps.order_by("number"),
        "contests": row.contests.order_by("id"),
        "notices": Notice.objects.filter(subject=f"listing:{row.listing_id}").order_by("id"),
    }
    is_refused = "problem" in context or (form is not None and form.errors)
    status = 422 if is_refused else 200
    return render(request, "console/registry/listing.html", context, status=status)


def _do(request: HttpRequest, row: Listing, form: Form) -> Mapping[str, object]:
    """Take a step; return what is to be shown besides, if anything is."""
    running, actor = centre(), staff_actor(request)
    what = step_chosen(request, *STEPS)
    told: Any = form.cleaned_data
    if what in ("approve", "refuse"):
        require_duty(request, Duty.APPROVE)
        yes = what == "approve"
        approve_listing(running, row.listing_id, actor, approve=yes, reason=told["reason"])
    elif what in ("justified", "unjustified"):
        require_duty(request, Duty.APPROVE)
        yes = what == "justified"
        review_glass(running, row.listing_id, actor, justified=yes, reason=told["reason"])
    elif what == "withdraw":
        require_duty(request, Duty.LIST)
        withdraw_listing(running, row.listing_id, actor, told["reason"])
    else:
        require_duty(request, Duty.LIST)
        code, sign = code_for_notice(running, row.listing_id, actor)
        return {"code": code, "countersign": sign}
    return {}


def _steps(request: HttpRequest, row: Listing, what: str, form: Form | None) -> Iterator[Step]:
    """Yield what somebody may do now; the form that was sent comes back with what is wrong."""
    duties = duties_of(request.user)

    def step(title: str, help_text: str, *choices: tuple[str, str]) -> Step:
        is_sent = form is not None and what in [name for name, _ in choices]
        fresh = Form() if choices[0][0] == "code" else ReasonForm(auto_id=f"{choices[0][0]}_%s")
        buttons = tuple(Choice(name, say(says)) for name, says in choices)
        explained = say(help_text) if help_text else ""
        return Step(say(title), explained, form if is_sent and form else fresh, buttons)

    own = N_("Nobody approves or decides what they listed; a second person looks at it.")
    if Duty.APPROVE in duties and row.state == ListingState.PROPOSED.value:
        yield step(
            N_("Approve or refuse"), own, ("approve", N_("Approve")), ("refuse", N_("Refuse"))
        )
    if Duty.APPROVE in duties and _waits_for_review(row):
        buttons = (
            ("justified", N_("It was justified.")),
            ("unjustified", N_("It was not justified.")),
        )
        yield step(N_("Was it justified?"), own, *buttons)
    if Duty.LIST in duties and row.state == ListingState.STANDING.value:
        help_text = N_(
            "Read it to the person only, with the countersign. That you read it is on record."
        )
        yield step(N_("Code for the notice"), help_text, ("code", N_("Show the code")))
    if Duty.LIST in duties and not ListingState(row.state).ended:
        yield step(N_("Take the listing back"), "", ("withdraw", N_("Withdraw")))


def _waits_for_review(row: Listing) -> bool:
    waiting: bool = BreakGlassReview.objects.filter(listing=row, decided_us=None).exists()
    return waiting


@desk(Duty.READ, "GET", "POST")
def file(request: HttpRequest, batch: str) -> HttpResponse:
    """Show what a file listed; a second person decides at once about all that waits."""
    proposed = Listing.objects.filter(batch=batch, state=ListingState.PROPOSED.value)
    form = None
    if Duty.APPROVE in duties_of(request.user):
        form = ReasonForm(request.POST or None)
    if request.method == "POST":
        require_duty(request, Duty.APPROVE)
        if form is not None and form.is_valid():
            yes = step_chosen(request, "approve", "refuse") == "approve"
            reason = form.cleaned_data["reason"]
            try:
                approve_batch(centre(), batch, staff_actor(request), approve=yes, reason=reason)
                return redirect("registry-file", batch)
            except HoldfastError as error:
                add_problem(form, error)
    rows = list(Listing.objects.filter(batch=batch).order_by("id")[: SHOWN_MAX + 1])
    read_on_record(request, "list_listings", "registry", shown=len(rows))
    context = {
        "batch": batch,
        "waiting": proposed.count(),
        "form": form,
        "rows": rows[:SHOWN_MAX],
        "is_cut": len(rows) > SHOWN_MAX,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "console/registry/file.html", context, status=status)
