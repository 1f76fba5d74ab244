"""Pages for the centre's staff: who is let in, and as whom they act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from holdfast.console.duties import Duty, duties_of
from holdfast.console.page import View, page
from holdfast.core.errors import Forbidden, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.workflows.running import centre

NOT_YOURS = "duty_not_yours"


def staff_actor(request: HttpRequest) -> Actor:
    """Return as whom somebody who has signed in acts."""
    name = request.user.actor_name
    return Actor(name, centre().name, is_centre=True, person=name)


def require_duty(request: HttpRequest, duty: Duty) -> None:
    """Check that somebody may do this.

    Raises:
        Forbidden: `duty_not_yours`.
    """
    if duty not in duties_of(request.user):
        raise Forbidden(NOT_YOURS, N_("your role at the centre does not do this"))


def step_chosen(request: HttpRequest, *steps: str) -> str:
    """Return which of the steps of a form was chosen by its button.

    Raises:
        NotFound: `step_unknown`.
    """
    what = request.POST.get("what", "")
    if what not in steps:
        raise NotFound("step_unknown", N_("there is no such step"))
    return str(what)


def desk(duty: Duty, *methods: str) -> Callable[[View], View]:
    """Make a page of a view that only those with a duty may see; others learn it in a sentence."""

    def decorated(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *words: Any, **named: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect("sign-in")
            try:
                require_duty(request, duty)
                _check_address(named)
                return view(request, *words, **named)
            except Forbidden as error:
                return _refused(request, error, 403)
            except NotFound as error:
                return _refused(request, error, 404)

        return page(*methods)(guarded)

    return decorated


def _check_address(named: Mapping[str, Any]) -> None:
    """Refuse an id with a NUL, which PostgreSQL takes in no text: nothing can bear it."""
    if any("\0" in str(word) for word in named.values()):
        raise NotFound("address_unknown", N_("there is nothing at this address"))


def _refused(request: HttpRequest, error: Exception, status: int) -> HttpResponse:
    return render(request, "console/refused.html", {"problem": error}, status=status)
