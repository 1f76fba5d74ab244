"""What every page of ours has: its language, the methods it takes, and that nobody keeps it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from holdfast.console.words import speak

View = Callable[..., HttpResponse]


def page(*methods: str) -> Callable[[View], View]:
    """Give a view the methods it takes, and the reader's language from its first line on.

    What is sent to it stands in no report of an error.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def speaking(request: HttpRequest, *words: Any, **named: Any) -> HttpResponse:
            with translation.override(speak(request)):
                return view(request, *words, **named)

        bounded: View = require_http_methods(list(methods))(speaking)
        unreported: View = sensitive_post_parameters()(bounded)
        unkept: View = never_cache(unreported)
        return unkept

    return decorated
