"""What is wrong with a file of the law, with its file and line."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.errors import HoldfastError


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1; 0 is the file as a whole."""

    file: str
    line: int


class LawError(HoldfastError):
    """A file of the law cannot be used as it stands; its fields name `file` and `line`."""

    @classmethod
    def at(cls, place: Place, code: str, sentence: str, **fields: object) -> LawError:
        """Make the error of a place; its sentence begins with {file} and {line}."""
        return cls(code, sentence, file=place.file, line=place.line, **fields)
