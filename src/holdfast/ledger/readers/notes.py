"""What a reader tells beside the rows it yields."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class ReadNotes:
    """Filled while a file is read, so that a caller can draw progress and report leftovers."""

    ignored_columns: list[str] = field(default_factory=list)
    """Columns of the file that are not read, each named once, in the file's order."""
    row: int = 0
    """Where the item yielded last stands, counted as in problems."""
    bytes_read: int = 0
    bytes_total: int = 0
    """Zero where the size is not known beforehand, as of a pipe."""
