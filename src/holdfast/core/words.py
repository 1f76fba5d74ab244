"""Sentences for people: marked where they are written, translated when they are shown.

A sentence is an English template with named places, `"{value} has {found} decimals"`. It is
marked with `N_` so that extraction finds it, kept untranslated inside, and put into the
reader's language by `say` at the very edge.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from pathlib import Path

LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
_language: ContextVar[str] = ContextVar("language", default="en")
_catalogues: dict[str, gettext.NullTranslations] = {}


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext tools look for)
    """Mark a sentence for translation and return it as it is."""
    return sentence


def set_language(language: str) -> None:
    """Choose the language of `say` for this thread or task: `en`, `th`, or `xx` (pseudo)."""
    _language.set(language)


def say(sentence: str, **fields: object) -> str:
    """Return `sentence` in the chosen language with its named places filled from `fields`.

    A language without a catalogue, or a sentence without a translation, is said in English.
    """
    return _catalogue(_language.get()).gettext(sentence).format(**fields)


def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in _catalogues:
        _catalogues[language] = gettext.translation(
            "holdfast", str(LOCALE_FOLDER), languages=[language], fallback=True
        )
    return _catalogues[language]
