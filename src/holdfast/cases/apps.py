"""How Django knows this room."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """The room `cases`."""

    name = "holdfast.cases"
    label = "cases"
