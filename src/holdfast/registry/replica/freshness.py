"""How old what a replica holds may be: counted from its last question that the centre answered.

What counts is our own clock between that question and now, so neither a slow answer nor an old
one sent again makes anything look fresher, and our clock need not agree with the centre's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.core.instant import SECOND_US

LIMIT_US = 15 * 60 * SECOND_US
"""The hard limit where nothing else is said."""
APART_US_MAX = 30 * SECOND_US
"""Clocks that are further apart are told of."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The last time that the centre said all that it knew; our times but for one."""

    asked_us: int
    centre_us: int
    """What the centre's clock said, signed."""
    apart_us: int
    """How far our clock is ahead of the centre's, beyond what the way there explains."""


class Freshness:
    """Knows the age of what is held; `clock` gives our time in microseconds since 1970."""

    def __init__(
        self, clock: Callable[[], int], limit_us: int = LIMIT_US, file: Path | None = None
    ) -> None:
        self._clock = clock
        self._limit_us = limit_us
        self._file = file
        self.contact = _read(file)

    def met(self, asked_us: int, centre_us: int) -> None:
        """Say that what was asked at `asked_us` brought us up to the centre's feed of then."""
        now_us = self._clock()
        ahead_us, behind_us = asked_us - centre_us, centre_us - now_us
        apart_us = max(ahead_us, 0) or -max(behind_us, 0)
        self.contact = Contact(asked_us, centre_us, apart_us)
        if self._file is not None:
            draft = self._file.with_suffix(".new")
            # It is for the next start alone, which on a full disk finds an earlier contact.
            with suppress(OSError):
                draft.write_text(json.dumps(asdict(self.contact)), encoding="ascii")
                draft.replace(self._file)

    def age_us(self) -> int | None:
        """Return how old what is held may be; None where our clock went back, or nobody was met."""
        if self.contact is None:
            return None
        age_us = self._clock() - self.contact.asked_us
        return age_us if age_us >= 0 else None

    @property
    def is_stale(self) -> bool:
        """Whether it is too old for saying that somebody is not listed."""
        age_us = self.age_us()
        return age_us is None or age_us > self._limit_us

    @property
    def clock_apart_us(self) -> int:
        """How far our clock is from the centre's (ahead: above 0), where that must be told."""
        apart_us = self.contact.apart_us if self.contact else 0
        return apart_us if abs(apart_us) > APART_US_MAX else 0

    def forget(self) -> None:
        """Say that what is held is not to be relied on until the centre is met again."""
        self.contact = None
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def _read(file: Path | None) -> Contact | None:
    if file is None:
        return None
    try:
        found = Contact(**json.loads(file.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None
    return found if all(type(value) is int for value in asdict(found).values()) else None
