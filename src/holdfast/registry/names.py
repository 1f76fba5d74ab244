"""Names as hints for a person who looks: never a key, never decided upon by a program.

A name in Thai script and one in Latin script are compared by the Thai one's sound after the Royal
Thai General System of Transcription (1999), as `pythainlp` writes it; what people write on cards
often differs from it, so that likeness is told with its reason and left to the reader.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from holdfast.core.errors import Refused
from holdfast.core.words import N_

NAME_CHARS_MAX = 200
LIKENESS_MIN = 0.86
"""Jaro-Winkler likeness of two transcriptions from which on a candidate is shown."""
WARNING = N_(
    "A name is a hint and no proof: many people share one, and scammers borrow others' names. "
    "Compare the identity number before anything is done."
)

LIKENESS_MAX = 0.99
"""What is only much alike stays behind what is the same."""
WORDS_KEPT = 20_000
"""Words of which a process keeps the sound: to find it takes a millisecond, and words recur."""
_TITLES = frozenset(
    [
        "นาย",
        "นาง",
        "นางสาว",
        "น.ส.",
        "นส.",
        "ด.ช.",
        "ด.ญ.",
        "คุณ",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "mr.",
        "mrs.",
        "ms.",
        "dr.",
        "khun",
        "nai",
        "nang",
    ]
)
_THAI_TITLE = re.compile(r"^(?:นางสาว|นาย|นาง|น\.ส\.|คุณ)(?=[\u0e00-\u0e7f]{2})")
_CARD_SPELLINGS = (
    ("j", "ch"),
    ("v", "w"),
    ("ee", "i"),
    ("oo", "u"),
    ("ay", "ai"),
    ("ph", "p"),
    ("th", "t"),
    ("kh", "k"),
)
_LOOK_ALIKES = (("เเ", "แ"), ("\u0e4d\u0e32", "\u0e33"))
"""Two SARA E typed for SARA AE, NIKHAHIT and SARA AA for SARA AM: they look the same."""
_THAI = re.compile(r"[\u0e01-\u0e4e]")


class Reason(Enum):
    """Why a candidate is shown."""

    SAME = "same"  # letter by letter, titles taken off
    OTHER_ORDER = "other_order"  # the same words, in another order
    SAME_SOUND = "same_sound"  # the same transcription in Latin letters
    LIKE_SOUND = "like_sound"  # transcriptions that are much alike
    PART = "part"  # all words asked for are among the candidate's
    SAME_PERSON = "same_person"  # the identity number that was asked for, no name at all
    IN_SUBJECT = "in_subject"  # a part of the listed subject itself, no name at all


REASONS: Mapping[Reason, str] = {
    Reason.SAME: N_("The same name"),
    Reason.OTHER_ORDER: N_("The same words in another order"),
    Reason.SAME_SOUND: N_("Sounds the same"),
    Reason.LIKE_SOUND: N_("Sounds much alike"),
    Reason.PART: N_("All the words asked for are in it"),
    Reason.SAME_PERSON: N_("The same identity number"),
    Reason.IN_SUBJECT: N_("What was asked for is in it"),
}
"""The reasons in words."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A candidate for the name asked about."""

    name: str
    reason: Reason
    likeness: float
    """From 0 to 1; 1 for all reasons but likeness of sound, which stays below."""
    heard_as: str
    """The candidate in Latin letters, so that the reader sees what was compared."""


def plain_name(text: str) -> str:
    """Return a name without titles, in one spelling: NFC, small letters, single spaces.

    Marks that nobody sees (direction marks, zero-width spaces) are dropped.

    Raises:
        Refused: `name_form`: it is empty or too long.
    """
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    folded = unicodedata.normalize("NFC", seen).casefold()
    for typed, right in _LOOK_ALIKES:
        folded = folded.replace(typed, right)
    words = [word for word in folded.split() if word not in _TITLES]
    plain = _THAI_TITLE.sub("", " ".join(words))
    if not plain or len(plain) > NAME_CHARS_MAX:
        raise Refused(
            "name_form",
            N_("a name has 1 to {limit} letters besides its title"),
            limit=NAME_CHARS_MAX,
        )
    return plain


def in_latin(plain: str) -> str:
    """Return a plain name in Latin letters: Thai words by their sound, others as they are.

    Raises:
        Refused: `extra_missing`: holdfast[registry] is not installed.
    """
    return " ".join(_spoken(word) for word in plain.split())


def hints(asked: str, candidates: Iterable[str]) -> list[Hint]:
    """Return those candidates that may be the name asked about, the likeliest first.

    Raises:
        Refused: `name_form` or `extra_missing`.
    """
    plain = plain_name(asked)
    heard = in_latin(plain)
    found = [hint for name in candidates if (hint := _compare(plain, heard, name)) is not None]
    return sorted(found, key=lambda hint: (-hint.likeness, hint.name))


def _compare(plain: str, heard: str, name: str) -> Hint | None:
    other = plain_name(name)
    other_heard = in_latin(other)
    reason = _exact_reason(plain, other, heard, other_heard)
    if reason is not None:
        return Hint(name, reason, 1.0, other_heard)
    likeness = _likeness(heard, other_heard)
    if likeness < LIKENESS_MIN:
        return None
    return Hint(name, Reason.LIKE_SOUND, min(round(likeness, 3), LIKENESS_MAX), other_heard)


def _exact_reason(plain: str, other: str, heard: str, other_heard: str) -> Reason | None:
    words, others = sorted(plain.split()), sorted(other.split())
    if plain == other:
        return Reason.SAME
    if words == others:
        return Reason.OTHER_ORDER
    if sorted(heard.split()) == sorted(other_heard.split()):
        return Reason.SAME_SOUND
    return Reason.PART if set(words) <= set(others) else None


def _likeness(heard: str, other: str) -> float:
    """Return how alike two transcriptions are, whatever the order of their words."""
    try:
        from rapidfuzz.distance import JaroWinkler
    except ImportError:
        raise _extra_missing() from None
    one, two = (" ".join(sorted(_card_spelling(words).split())) for words in (heard, other))
    return float(JaroWinkler.similarity(one, two))


def _card_spelling(heard: str) -> str:
    """Fold what people write on cards and what the standard writes for the same sound."""
    for written, standard in _CARD_SPELLINGS:
        heard = heard.replace(written, standard)
    return heard


@lru_cache(maxsize=WORDS_KEPT)
def _spoken(word: str) -> str:
    if not _THAI.search(word):
        return word
    try:
        from pythainlp.transliterate import romanize
    except ImportError:
        raise _extra_missing() from None
    return str(romanize(word, engine="royin")).casefold() or word


def _extra_missing() -> Refused:
    return Refused(
        "extra_missing",
        N_("this needs more than the core: pip install 'holdfast[{extra}]'"),
        extra="registry",
    )
