"""The numbers of today's process: today.yaml, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.simulation.parameters import Span

FILE = Path(__file__).resolve().parent / "today.yaml"


@dataclass(frozen=True, slots=True)
class TodayPage:
    """The values of today.yaml; what each means and rests on is said there."""

    hotline_minutes: Span
    link_minutes: Span
    working_hours: Span
    links_max: int
    release_hours: Span
    hold_hours: float
    complaint_hours: float


@cache
def today_parameters() -> dict[str, dict[str, Any]]:
    """Return today.yaml as it stands: for each parameter its `value` and `source`."""
    import yaml

    page: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return page


@cache
def today_page() -> TodayPage:
    """Return the values of today.yaml, checked against their types.

    Raises:
        msgspec.ValidationError: the page lacks a parameter or one is of the wrong type.
    """
    import msgspec

    values = {name: entry["value"] for name, entry in today_parameters().items()}
    return msgspec.convert(values, TodayPage)
