"""Text from outside, made safe to show: nothing invisible, nothing reordered, never too long."""

from __future__ import annotations

import unicodedata
from itertools import islice

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200b\u200c\u200d")
"""Word breaks and joiners that Thai, Lao, Khmer and Burmese words are written with."""
_LEADING = frozenset("เแโใไເແໂໃໄ")
"""Thai and Lao vowels that are written before the consonant they belong to."""
_FOLLOWING = frozenset("ะาำๅๆฯະາຳໆຯ")
"""Signs that no line begins with."""
_NARROW = frozenset(" .,:;'|!()[]{}ijltfrI/-\"")
_WIDE = frozenset("mwMWQO@%&+=<>…—~")


def visible(text: str, *, words: bool = False) -> str:
    """Return `text` with each control, invisible or reordering character written as ⟨202E⟩.

    In human `words` the joiners of Asian scripts stay; in an identifier they are shown too,
    because two identifiers that look alike must not read alike.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"⟨{ord(sign):04X}⟩" if _is_hidden(sign) and not (words and sign in _JOINERS) else sign
        for sign in text
    )


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _HIDDEN or ord(sign) & 0xFFFE == 0xFFFE


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, ended with … where some were left out."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _joins(text[end]):
        end -= 1
    return text[:end] + "…"


def cut_middle(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, its middle left out where it is longer."""
    if len(text) <= limit:
        return text
    start = len(text) - limit // 2
    while start < len(text) and _joins(text[start]):
        start += 1
    return cut(text[:start], limit - (len(text) - start)) + text[start:]


def _joins(sign: str) -> bool:
    """Whether a sign belongs to the one before it (a tone mark, a vowel above)."""
    return unicodedata.category(sign) in {"Mn", "Me", "Mc"}


def some_of(texts: tuple[str, ...], shown: int) -> tuple[str, int]:
    """Return the first `shown` texts joined with commas, and how many are left out."""
    return ", ".join(cut(visible(text), 40) for text in islice(texts, shown)), max(
        0, len(texts) - shown
    )


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate how wide `text` is at a font size, rather too wide than too narrow."""
    return size * (1.12 if bold else 1.0) * sum(_sign_width(sign) for sign in text)


def _sign_width(sign: str) -> float:
    if sign in _NARROW:
        return 0.36
    if sign in _WIDE:
        return 0.92
    if _joins(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.05
    return 0.7 if sign.isupper() else 0.64


def cut_to_width(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return as much of `text` as is at most `width` wide, ended with … where some is left out."""
    if text_width(text, size, bold=bold) <= width:
        return text
    used = text_width("…", size, bold=bold)
    for place, sign in enumerate(text):
        used += text_width(sign, size, bold=bold)
        if used > width:
            return cut(text, max(place, 1))
    return text


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break `text` into lines of at most `width`: at its spaces, or else between syllables.

    A line is wider only where a single syllable is.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines += _pieces(word, width, size)
    return lines


def _pieces(word: str, width: float, size: float) -> list[str]:
    """Break a word that is too wide, where Thai and Lao writing allow it at all."""
    pieces = [""]
    for place, sign in enumerate(word):
        breakable = not _joins(sign) and sign not in _FOLLOWING and word[place - 1] not in _LEADING
        if pieces[-1] and breakable and text_width(pieces[-1] + sign, size) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces
