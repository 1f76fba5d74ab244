"""How a column tells Django its words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


def choices(words: Iterable[Enum]) -> list[tuple[str, str]]:
    """Return the words of a column as Django wants them."""
    return [(word.value, word.name) for word in words]
