"""The page on which anybody checks a number, account or link; no signing in, nothing kept.

With a script it asks by the API of citizens, and the server does not learn what is asked about.
Without one the page says that the centre sees it, and asks by a form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.console.page import page
from holdfast.console.policy import OWN_SCRIPTS
from holdfast.console.script_files import digest_of_all
from holdfast.core.errors import HoldfastError
from holdfast.core.words import say
from holdfast.people.models import Institution
from holdfast.registry.asking import kind_of, sentence_of
from holdfast.registry.canonical import pattern_of
from holdfast.registry.merged import successors
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.registry.throttle import AskedTooOften
from holdfast.workflows.answer_citizen import CITIZENS, look_up
from holdfast.workflows.centre import Centre
from holdfast.workflows.running import centre

TEXT_LENGTH_MAX = 2000
KEEPS_ACCOUNTS = ("bank", "e-money")


@page("GET", "POST")
def check(request: HttpRequest) -> HttpResponse:
    """Show the form; where it was sent, say what is reported of what was named, and keep nothing."""
    running = centre()
    context: dict[str, object] = {
        "banks": Institution.objects.filter(kind__in=KEEPS_ACCOUNTS, closed_us=None).order_by(
            "name"
        ),
        "place_json": json.dumps(_place(running.country)),
        "scripts": digest_of_all(),
        "length_max": TEXT_LENGTH_MAX,
    }
    status = 200
    if request.method == "POST":
        try:
            context["told"] = _told(running, request)
        except HoldfastError as error:
            context["problem"] = str(error)
            status = 429 if isinstance(error, AskedTooOften) else 422
    answer = render(request, "console/check.html", context, status=status)
    answer.scripts_allowed = OWN_SCRIPTS
    return answer


def _told(running: Centre, request: HttpRequest) -> str:
    CITIZENS.take(request.META.get("REMOTE_ADDR", ""), running.now_us())
    text = request.POST.get("text", "")[:TEXT_LENGTH_MAX].strip()
    bank = request.POST.get("bank", "")[:60]
    return say(sentence_of(look_up(running, _subject(text, bank, running.country))))


def _subject(text: str, bank: str, country: str) -> Subject:
    """Return what is asked about; with a bank chosen, the text is the number of an account there."""
    if bank:
        number = re.sub(r"[\s.-]", "", text)
        return parse_subject(SubjectKind.ACCOUNT, f"{bank}.{number}", country)
    return parse_subject(kind_of(text), text, country)


def _place(country: str) -> Mapping[str, object]:
    """Return what a script must know of the country to read what people type as we read it."""
    from phonenumbers import PhoneMetadata, country_code_for_region

    dialling: Any = PhoneMetadata.metadata_for_region(country)
    return {
        "country": country,
        "callingCode": str(country_code_for_region(country)),
        "trunk": dialling.national_prefix or "",
        "numbers": dialling.general_desc.national_number_pattern,
        "accounts": pattern_of(SubjectKind.ACCOUNT),
        "successors": dict(successors()),
    }
