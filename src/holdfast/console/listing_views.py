"""Pages by which the desk lists: one subject, alone in a running attack, or a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.console.desk import desk, staff_actor
from holdfast.console.duties import Duty
from holdfast.console.forms import add_problem
from holdfast.console.listing_forms import AlarmForm, ListForm, UploadForm
from holdfast.core.errors import HoldfastError
from holdfast.core.problem import Problem
from holdfast.core.words import N_, say
from holdfast.people.actor import Actor
from holdfast.registry.models import Listing
from holdfast.workflows.break_glass import break_glass
from holdfast.workflows.import_listings import ImportReport, import_listings
from holdfast.workflows.list_subject import list_subject
from holdfast.workflows.running import centre

PROBLEMS_SHOWN_MAX = 500
FORM = "console/registry/form.html"


@desk(Duty.LIST, "GET", "POST")
def add(request: HttpRequest) -> HttpResponse:
    """List a subject; where its tier needs it, it stands once a second person approves."""
    form = ListForm(request.POST or None, initial={"source_country": centre().country})

    def do(actor: Actor) -> Listing:
        return list_subject(centre(), form.to_list(actor.name), actor)

    help_text = N_(
        "Receipt of money alone lists nobody. Which tier it is follows from the ground; the top "
        "tiers and persons wait for a second person."
    )
    return _listed(request, form, do, N_("List a subject"), help_text)


@desk(Duty.LIST, "GET", "POST")
def alarm(request: HttpRequest) -> HttpResponse:
    """List at once and alone; it falls after an hour at most, and another looks at it."""
    form = AlarmForm(request.POST or None, initial={"source_country": centre().country})

    def do(actor: Actor) -> Listing:
        wanted = form.to_list(actor.name)
        return break_glass(centre(), wanted, actor, form.cleaned_data["reason"])

    help_text = N_(
        "It stands at once, falls by itself after an hour at most, and another person says "
        "afterwards whether it was justified. The same subject cannot be listed so again for a day."
    )
    return _listed(request, form, do, N_("List alone in a running attack"), help_text)


def _listed(
    request: HttpRequest,
    form: ListForm,
    do: Callable[[Actor], Listing],
    title: str,
    help_text: str,
) -> HttpResponse:
    if form.is_valid():
        try:
            return redirect("registry-listing", do(staff_actor(request)).listing_id)
        except HoldfastError as error:
            add_problem(form, error)
    context = {"title": say(title), "help": say(help_text), "form": form}
    return render(request, FORM, context, status=422 if form.errors else 200)


@desk(Duty.LIST, "GET", "POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file of listings; what is right is kept, what is wrong is told row by row."""
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"title": say(N_("Upload a file")), "form": form}
    if form.is_valid():
        problems: list[Problem] = []
        try:
            context["report"] = _import(form, staff_actor(request), problems)
        except HoldfastError as error:
            form.add_error("file", str(error))
        context["problems"] = problems
    context["help"] = say(
        N_(
            "Excel (.xlsx) or CSV in the shape of the template that holdfast registry template "
            "writes. Good rows are kept, bad ones are told row by row. Larger files go by holdfast "
            "registry import."
        )
    )
    return render(request, FORM, context, status=422 if form.errors else 200)


def _import(form: UploadForm, actor: Actor, problems: list[Problem]) -> ImportReport:
    """Read the file that was sent from a folder of its own, under a name of ours."""

    def tell(problem: Problem) -> None:
        if len(problems) < PROBLEMS_SHOWN_MAX:
            problems.append(problem)

    sent = form.cleaned_data["file"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(sent.name).suffix.casefold()}"
        path.write_bytes(sent.read())
        return import_listings(centre(), path, actor, tell)
