"""Sentences for people: marked where they are written, translated when they are shown.

A sentence is an English template with named places, `"{value} has {found} decimals"`. It is
marked with `N_` so that extraction finds it, kept untranslated inside, and put into the
reader's language by `say` at the very edge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = ("en", "th")
PSEUDO = "xx"
"""English made half as long again with marks at both ends: shows what is cut or not marked."""

_PLACES = re.compile(r"(\{[^}]*\})")
_language: ContextVar[str] = ContextVar("language", default="en")


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext tools look for)
    """Mark a sentence for translation and return it as it is."""
    return sentence


def set_language(language: str) -> None:
    """Choose the language of `say` for this thread or task; an unknown one speaks English."""
    _language.set(language if language in (*LANGUAGES, PSEUDO) else "en")


def say(sentence: str, **fields: object) -> str:
    """Return `sentence` in the chosen language with its named places filled from `fields`.

    A sentence without a translation is said in English.
    """
    language = _language.get()
    if language == PSEUDO:
        return _pseudo(sentence).format(**fields)
    if language != "en":
        sentence = catalogue(language).get(sentence) or sentence
    return sentence.format(**fields)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the translations of a language by their English sentence; none for others.

    An entry marked fuzzy, which nobody has looked at since its sentence changed, is left out.
    """
    file = LOCALE_FOLDER / language / "holdfast.po"
    if language not in LANGUAGES or not file.is_file():
        return {}
    from babel.messages.pofile import read_po

    with file.open("rb") as lines:
        return {
            message.id: message.string
            for message in read_po(lines)
            if isinstance(message.id, str)
            and isinstance(message.string, str)
            and message.id
            and not message.fuzzy
        }


@cache
def _pseudo(sentence: str) -> str:
    stretched = "".join(
        part
        if part.startswith("{")
        else part.replace("a", "áa").replace("e", "éé").replace("o", "öo")
        for part in _PLACES.split(sentence)
    )
    return f"[{stretched}{'~' * (len(sentence) // 3)}]"
