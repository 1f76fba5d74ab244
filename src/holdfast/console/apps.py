"""How Django knows this room."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The room `console`: it keeps nothing."""

    name = "holdfast.console"
    label = "console"
