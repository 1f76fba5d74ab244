"""How Django knows this room."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The room `records`."""

    name = "holdfast.records"
    label = "records"
