"""Pages: the first way in, signing in and out, and whom the centre is connected with."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth import logout
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from holdfast.console.forms import (
    InstitutionForm,
    KeyForm,
    PasswordForm,
    PublicKeyForm,
    RetireForm,
)
from holdfast.console.sign_in import try_to_sign_in
from holdfast.core.errors import HoldfastError
from holdfast.core.keys import PublicKey
from holdfast.people.actor import Actor
from holdfast.people.models import Institution, OneTimeLink
from holdfast.people.role import Role, Scope
from holdfast.records import audit
from holdfast.workflows.connect_institution import (
    EXPIRES_DAYS,
    Connection,
    add_public_key,
    connect_institution,
    issue_program_key,
    retire_any_key,
)
from holdfast.workflows.running import centre

FORMS: dict[str, type[Form]] = {
    "institution": InstitutionForm,
    "key": KeyForm,
    "public_key": PublicKeyForm,
    "retire": RetireForm,
}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody with a one-time link choose a password; the link is used up by that."""
    token_sha256 = hashlib.sha256(token.encode()).hexdigest()
    form = PasswordForm(request.POST or None)
    now_us = centre().now_us()
    with transaction.atomic():
        links = OneTimeLink.objects.select_for_update().filter(
            token_sha256=token_sha256, used_us=None, expires_us__gt=now_us
        )
        link = links.first()
        if link is None:
            raise Http404
        if request.method == "POST" and form.is_valid():
            link.staff.set_password(form.cleaned_data["password"])
            link.staff.save()
            link.used_us = now_us
            link.save()
            name = link.staff.actor_name
            audit.record(at_us=now_us, actor=name, verb="choose_password", subject=name)
            return redirect("sign-in")
    return render(request, "console/enter.html", {"form": form})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign somebody in; the answer does not tell whether the name or the password was wrong."""
    if request.method == "POST":
        return try_to_sign_in(request)
    return render(request, "console/sign_in.html")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign somebody out."""
    logout(request)
    return redirect("sign-in")


@never_cache
@require_http_methods(["GET", "POST"])
def institutions(request: HttpRequest) -> HttpResponse:
    """Show whom the centre is connected with; an administrator connects one, or gives it keys."""
    if not request.user.is_authenticated:
        return redirect("sign-in")
    if request.user.role != Role.ADMINISTRATOR.value:
        return render(request, "console/not_yours.html", status=403)
    what = request.POST.get("what")
    filled = {
        name: form(request.POST if name == what else None, auto_id=f"{name}_%s")
        for name, form in FORMS.items()
    }
    issued = ""
    if what is not None and what in filled and filled[what].is_valid():
        try:
            issued = _do(what, filled[what], request)
        except HoldfastError as error:
            filled[what].add_error(None, str(error))
        else:
            if not issued:
                return redirect("institutions")
    found = Institution.objects.order_by("institution_id").prefetch_related("api_keys", "keys")
    context = {"forms": filled, "issued": issued, "institutions": found}
    return render(request, "console/institutions.html", context)


def _do(what: str, form: Form, request: HttpRequest) -> str:
    """Carry out a valid form; return the text of a key where one was issued."""
    name = request.user.actor_name
    actor = Actor(name, centre().name, is_centre=True, person=name)
    values = form.cleaned_data
    if what == "institution":
        connect_institution(centre(), Connection(**values), actor)
        return ""
    if what == "public_key":
        key = PublicKey.parse(values["key_id"], values["public_key"])
        add_public_key(centre(), values["institution_id"], key, actor)
        return ""
    if what == "retire":
        retire_any_key(centre(), values["key_id"], actor)
        return ""
    scopes = [Scope(scope) for scope in values["scopes"]]
    return issue_program_key(
        centre(),
        values["institution_id"],
        scopes,
        values["label"],
        actor,
        secrets.token_bytes,
        person=values["person"],
        expires_days=values["expires_days"] or EXPIRES_DAYS,
    )
