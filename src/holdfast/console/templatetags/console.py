"""Filters of the pages: times as people read them, and values of ours in words."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language

from holdfast.console.dates import date_shown
from holdfast.console.value_words import value_said
from holdfast.core.instant import format_instant

register = template.Library()


def when(time_us: int | None) -> str:
    """Return an instant in microseconds since 1970 UTC as people read it; nothing for None."""
    if time_us is None:
        return ""
    shown = date_shown(time_us, (get_language() or "en")[:2])
    return str(format_html('<time datetime="{}">{}</time>', format_instant(time_us), shown))


def said(value: str, of: str) -> str:
    """Return a value that is kept, such as `victim_report` of `event`, in words."""
    return value_said(of, value)


register.filter("when", when)
register.filter("said", said)
