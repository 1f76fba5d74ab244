"""Text from outside made plain, before anything is read into it.

What people paste carries marks that nobody sees (direction marks, zero-width spaces): they
are dropped. Control characters are refused. Digits of any script, Thai ๐-๙ or full-width, are
read as the digits they are where a person types (phones, proxies, personal ids); forms that
machines write (accounts, wallets, QR codes) know ASCII only.
"""

from __future__ import annotations

import unicodedata

from holdfast.core.errors import Refused
from holdfast.core.words import N_


def plain(text: str, length_max: int, *, secret: bool = False) -> str:
    """Return `text` without outer blanks and invisible format characters.

    No error shows a part of a `secret` text.

    Raises:
        Refused: `text_too_long` (more than `length_max` characters as given), `text_empty` or
            `text_control_character`.
    """
    if len(text) > length_max:
        raise Refused(
            "text_too_long",
            N_("at most {limit} characters are taken here, this has {found}: {value!r}"),
            limit=length_max,
            found=len(text),
            value="…" if secret else text[:40],
        )
    shown = text.strip()
    kept = []
    for place, character in enumerate(shown, start=1):
        category = unicodedata.category(character)
        if category in {"Cc", "Cs"}:
            raise Refused(
                "text_control_character",
                N_("character {place} is the control character {name}; type the text without it"),
                place=place,
                name=f"U+{ord(character):04X}",
            )
        if category != "Cf":
            kept.append(character)
    if not kept:
        raise Refused("text_empty", N_("there is nothing here; a value is needed"))
    return "".join(kept).strip()


def ascii_digits(text: str) -> str:
    """Return `text` in compatibility form (NFKC) with the decimal digits of any script as 0-9."""
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKC", text)
    )
