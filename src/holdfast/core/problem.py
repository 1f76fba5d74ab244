"""Problems of a batch as data: a bad row never hides the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.core.errors import HoldfastError
from holdfast.core.words import say


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: where it stands, its stable code, and a sentence.

    `row` counts as an editor does, the header being line 1; 0 means the file as a whole.
    """

    file: str
    row: int
    code: str
    sentence: str
    fields: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, error: HoldfastError, file: str, row: int) -> Problem:
        """Turn an error met at `row` of `file` into data."""
        return cls(file, row, error.code, error.sentence, error.fields)

    def __str__(self) -> str:
        return say(self.sentence, **self.fields)
