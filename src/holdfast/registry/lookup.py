"""Listings looked up by hand: how one may ask, what for, and by a part of the subject."""

from __future__ import annotations

import re
from enum import StrEnum

from django.db.models import Q, QuerySet

from holdfast.core.errors import Refused
from holdfast.core.plain import ascii_digits, plain
from holdfast.core.words import N_
from holdfast.registry.models import Listing

TEXT_LENGTH_MAX = 200
PART_LENGTH_MIN = 4
DIGITS_MIN = 3
"""Of a number without the zeros that it is dialled with."""
_BETWEEN_DIGITS = re.compile(r"[\s().+-]")


class By(StrEnum):
    """By what listings are looked up."""

    PART = "part"  # a part of the subject: of a number, an account, a link
    PERSON = "person"  # a person's identity number, of which only the keyed hash is known here
    NAME = "name"  # a name in Thai or Latin letters, as a hint


class Purpose(StrEnum):
    """What somebody looks up for; it is on record."""

    CASE = "case"  # an inquiry into a case of the centre; its number is told
    CONTEST = "contest"  # a contest that is to be decided; its number is told
    LISTING = "listing"  # a listing that is to be approved, moved or withdrawn; its number is told
    ENQUIRY = "enquiry"  # somebody concerned, or an institution, asks
    OVERSIGHT = "oversight"  # others' work is checked


def plain_text(text: str) -> str:
    """Return what is looked for without marks that nobody sees; no error shows any of it.

    Raises:
        Refused: as `plain`.
    """
    return plain(text, TEXT_LENGTH_MAX, secret=True)


def with_part(text: str) -> QuerySet[Listing]:
    """Return the listings whose subject has this in it; of a number as it is dialled, its digits.

    Raises:
        Refused: `look_up_part_short`, or as `plain`.
    """
    part = plain_text(text)
    if len(part) < PART_LENGTH_MIN:
        raise Refused(
            "look_up_part_short",
            N_("give {count} characters or more of it"),
            count=PART_LENGTH_MIN,
        )
    has = Q(subject_key__icontains=part)
    digits = _BETWEEN_DIGITS.sub("", ascii_digits(part))
    dialled = digits.lstrip("0")
    if digits.isascii() and digits.isdigit() and len(dialled) >= DIGITS_MIN:
        # Kept, a number has its country before it in place of the zeros.
        has |= Q(subject_key__contains=digits) | Q(subject_key__contains=dialled)
    return Listing.objects.filter(has)
