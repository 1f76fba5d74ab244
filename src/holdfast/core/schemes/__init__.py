"""Tables of identifier schemes: data with example and source.

Each table is a YAML file beside this one, read once, when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FOLDER = Path(__file__).resolve().parent


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return the table `name` (`clearing`, `currencies`, …) as it stands in its file."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return MappingProxyType(yaml.load(text, Loader=loader))  # noqa: S506  (both are safe loaders)


@cache
def currencies() -> Mapping[str, int]:
    """Return the decimals of every active currency by its code (ISO 4217): THB 2, VND 0."""
    return MappingProxyType(
        {
            code: decimals
            for decimals, codes in table("currencies")["decimals"].items()
            for code in codes.split()
        }
    )


@cache
def countries() -> frozenset[str]:
    """Return the two-letter country codes that an identifier can begin with (ISO 3166-1)."""
    return frozenset(table("countries")["codes"].split())
