"""Errors: what, where, in which state, and what would be right.

    HoldfastError            everything this project raises on purpose
      Refused                a value or a file from outside is not what it should be
      LedgerError            the store that keeps the transfers cannot do what was asked
        LedgerMissing        there is no ledger at this place
        LedgerBusy           another process writes to it (trying again later can help)
        LedgerFormatUnknown  it was written by another version
        LedgerDamaged        its content is not what was written
        LedgerFull           no space is left where it stands
      TrailError             the question asked of the trail has no answer
      CentreError            the installation is not as it must be (home, database, clock)
      Forbidden              the one who asks has no right to this
      NotFound               there is nothing under this id, or not for the one who asks
      Conflict               what was asked does not fit the state that things are in

Each error carries a stable `code` for programs, a `sentence` for people (an English template,
translated when shown) and the `fields` that fill it. `transient` says whether the same call
can succeed later without anything being changed.
"""

from __future__ import annotations

import traceback
from typing import ClassVar

from holdfast.core.words import say


class HoldfastError(Exception):
    """An error raised on purpose, with a stable code and a translatable sentence."""

    transient: ClassVar[bool] = False

    def __init__(self, code: str, sentence: str, **fields: object) -> None:
        super().__init__(code, sentence, fields)
        self.code = code
        self.sentence = sentence
        self.fields = fields

    def __reduce__(self) -> tuple[object, ...]:
        return _revived, (type(self), self.code, self.sentence, self.fields)

    def __str__(self) -> str:
        return say(self.sentence, **self.fields)


def _revived(
    kind: type[HoldfastError], code: str, sentence: str, fields: dict[str, object]
) -> HoldfastError:
    """Make an error anew where it arrives from another process."""
    return kind(code, sentence, **fields)


class Refused(HoldfastError):
    """A value or a file from outside is not what it should be."""


class LedgerError(HoldfastError):
    """The store that keeps the transfers cannot do what was asked."""


class LedgerMissing(LedgerError):
    """There is no ledger at this place."""


class LedgerBusy(LedgerError):
    """Another process writes to this ledger; trying again later can help."""

    transient = True


class LedgerFormatUnknown(LedgerError):
    """The ledger was written by another version of Holdfast."""


class LedgerDamaged(LedgerError):
    """What the ledger holds is not what was written."""


class LedgerFull(LedgerError):
    """No space is left where the ledger stands; what was acknowledged is safe.

    Once there is space, the ledger must be opened anew: a writer that met this stays refused.
    """

    transient = True


class TrailError(HoldfastError):
    """The question asked of the trail has no answer."""


class CentreError(HoldfastError):
    """The installation is not as it must be: its home, database or clock."""


class Forbidden(HoldfastError):
    """The one who asks has no right to this."""


class NotFound(HoldfastError):
    """There is nothing under this id, or not for the one who asks: the two look the same."""


class Conflict(HoldfastError):
    """What was asked does not fit the state that things are in."""


def arose_at(error: BaseException) -> str:
    """Return where an error arose, for a log: not what it says, for that could be personal."""
    return f"{type(error).__name__} at\n{''.join(traceback.format_tb(error.__traceback__))}"
