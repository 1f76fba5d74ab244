"""Contests on the desk: which wait for an answer, by when, and the answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.console.desk import desk, require_duty, staff_actor, step_chosen
from holdfast.console.duties import Duty, duties_of
from holdfast.console.forms import ContestsForm, HotlineForm, VerdictForm, add_problem
from holdfast.console.older import ROWS, older_than, page_of
from holdfast.console.registry_views import read_on_record
from holdfast.core.errors import HoldfastError
from holdfast.core.instant import DAY_US
from holdfast.core.words import N_, say
from holdfast.registry.contest import ContestState
from holdfast.registry.contest_figures import contest_figures
from holdfast.registry.models import OPEN_CONTEST_VALUES, Contest
from holdfast.registry.queries import contest_by_id
from holdfast.workflows.contest_listing import contest_subject
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.running import centre


@desk(Duty.READ, "GET")
def contests(request: HttpRequest) -> HttpResponse:
    """Show the contests that wait, the next deadline first; or others, the newest first.

    Where it is asked for, figures of how contests fare stand below.
    """
    chosen = ContestsForm(request.GET or None)
    told = chosen.cleaned_data if chosen.is_valid() else {}
    state = told.get("state", "")
    context: dict[str, object] = {"filter": chosen}
    if told.get("figures"):
        days = int(told["figures"])
        sentence = N_("Of the contests that were opened in the last {days} days.")
        context |= {
            "figures": contest_figures(centre().now_us() - days * DAY_US),
            "figures_of": say(sentence, days=days),
        }
    if state:
        rows = page_of(Contest.objects.filter(state=state), request)
        context |= {"rows": rows, "older": older_than(rows, request)}
    else:
        waiting = Contest.objects.filter(state__in=OPEN_CONTEST_VALUES).order_by("due_us", "id")
        rows = list(waiting[: ROWS + 1])
        context |= {"rows": rows[:ROWS], "is_cut": len(rows) > ROWS}
    read_on_record(request, "list_contests", "registry", shown=len(rows[:ROWS]))
    return render(request, "console/registry/contests.html", context)


@desk(Duty.READ, "GET", "POST")
def contest(request: HttpRequest, contest_id: str) -> HttpResponse:
    """Show a contest with all that the person says; who neither listed nor approved decides."""
    row = contest_by_id(contest_id)
    form = None
    if Duty.DECIDE in duties_of(request.user) and not ContestState(row.state).ended:
        form = VerdictForm(request.POST or None)
    if request.method == "POST":
        require_duty(request, Duty.DECIDE)
        form = form or VerdictForm(request.POST)
        if form.is_valid() and _decided(request, contest_id, form):
            return redirect("registry-contest", contest_id)
    about = f"listing:{row.listing.listing_id}"
    read_on_record(request, "read_contest", about, contest=row.contest_id)
    context = {
        "contest": row,
        "listings": [row.listing],
        "evidence": row.evidence.order_by("number"),
        "form": form,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "console/registry/contest.html", context, status=status)


def _decided(request: HttpRequest, contest_id: str, form: VerdictForm) -> bool:
    uphold = step_chosen(request, "uphold", "reject") == "uphold"
    reason, actor = form.cleaned_data["reason"], staff_actor(request)
    try:
        decide_contest(centre(), contest_id, actor, uphold=uphold, reason=reason)
    except HoldfastError as error:
        add_problem(form, error)
        return False
    return True


@desk(Duty.LIST, "GET", "POST")
def hotline(request: HttpRequest) -> HttpResponse:
    """Take a contest in from somebody on the phone; the answer tells nobody who is listed."""
    form = HotlineForm(request.POST or None)
    context: dict[str, object] = {"title": say(N_("Contest on the phone")), "form": form}
    if form.is_valid():
        subject = form.cleaned_data["parsed"]
        try:
            receipt = contest_subject(centre(), subject, form.texts(), staff_actor(request))
            context |= {"receipt": receipt, "form": HotlineForm()}
        except HoldfastError as error:
            add_problem(form, error)
    context["help"] = say(
        N_(
            "For somebody who is on the phone and of whom you have made sure. The answer is the "
            "same whether anything is listed or not."
        )
    )
    status = 422 if form.errors else 200
    return render(request, "console/registry/form.html", context, status=status)
