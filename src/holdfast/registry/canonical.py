"""Texts that are canonical already, told from those that must be read: a million in milliseconds.

For each kind of subject one pattern, made from the same tables that the parsers read, fits only
texts that `parse_subject` would give back unchanged. Nearly all that machines ask about fits; the
rest is read by the parser. The patterns keep to what RE2, which Arrow brings, and Python's `re`
understand alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.core.schemes import countries, table
from holdfast.registry.merged import successors
from holdfast.registry.subject import KEY_LENGTH_MAX, SubjectKind

if TYPE_CHECKING:
    import pyarrow as pa

Mask = npt.NDArray[np.bool_]

_PHONES_OF = ("TH", "MY", "SG", "ID", "PH", "VN", "LA", "KH", "MM", "BN", "TL")
"""Countries with a calling code of their own, whose numbers are matched; others' are parsed."""
_NUMBER_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)
_LINK = (
    # A host whose last label begins with a letter, which no address in numbers does.
    r"https?://(?:[a-z0-9_-]+\.)+[a-z][a-z0-9_-]*/"
    # Segments that are neither empty nor begin with a dot; nothing escaped, no fragment.
    r'(?:[!"$&-\-0->@-\[\]-~][!"$&-.0->@-\[\]-~]*/)*(?:[!"$&-\-0->@-\[\]-~][!"$&-.0->@-\[\]-~]*)?'
    r'(?:\?[!"$&-\[\]-~]*)?'
)
_LOOKS_AROUND = re.compile(r"\(\?[=!<]")
"""What RE2 does not know."""


def canonical_of(kind: SubjectKind, texts: pa.Array) -> Mask:
    """Return for each text of an array whether it is certainly canonical; null is not."""
    import pyarrow.compute as pc

    pattern = pattern_of(kind)
    if pattern is None:
        return np.zeros(len(texts), np.bool_)
    fits = pc.match_substring_regex(texts, f"^(?:{pattern})$")
    for beginning in _excepted(kind):
        fits = pc.and_not(fits, pc.starts_with(texts, beginning))
    if kind is SubjectKind.LINK:
        fits = pc.and_(fits, pc.less_equal(pc.binary_length(texts), KEY_LENGTH_MAX))
    return np.asarray(pc.fill_null(fits, fill_value=False))


def is_canonical(kind: SubjectKind, text: str) -> bool:
    """Return whether one text is certainly canonical."""
    fits = _compiled(kind)
    if fits is None or len(text) > KEY_LENGTH_MAX:
        return False
    return fits(text) is not None and not text.startswith(_excepted(kind))


@cache
def pattern_of(kind: SubjectKind) -> str | None:
    """Return what canonical texts of a kind look like; None where only the parser knows."""
    if kind is SubjectKind.ACCOUNT:
        return "|".join(_accounts())
    if kind is SubjectKind.PHONE:
        return r"\+(?:" + "|".join(_phones()) + ")"
    if kind is SubjectKind.PROXY:
        return "|".join(_proxies())
    if kind is SubjectKind.LINK:
        return _LINK
    return None


@cache
def _compiled(kind: SubjectKind) -> Callable[[str], Any] | None:
    pattern = pattern_of(kind)
    return None if pattern is None else re.compile(pattern, re.ASCII).fullmatch


@cache
def _excepted(kind: SubjectKind) -> tuple[str, ...]:
    """Return beginnings of texts that fit and yet are read anew: accounts of merged banks."""
    return tuple(f"{bank}." for bank in successors()) if kind is SubjectKind.ACCOUNT else ()


def _accounts() -> Iterator[str]:
    clearing = table("clearing")
    for code, row in clearing["schemes"].items():
        is_plain = "number" not in row and not _LOOKS_AROUND.search(row["member"])
        if is_plain and row.get("country") in countries():
            # Of numbers with dashes the parser alone knows which are written in groups.
            yield rf"{row['country']}\.{code}\.(?:{row['member']})\.[0-9A-Za-z]{{1,43}}"


def _phones() -> Iterator[str]:
    from phonenumbers import PhoneMetadata

    for country in _PHONES_OF:
        found: Any = PhoneMetadata.metadata_for_region(country)
        kinds = (getattr(found, name) for name in _NUMBER_TYPES)
        forms = [kind.national_number_pattern for kind in kinds if kind is not None]
        alternatives = "|".join(form for form in forms if form)
        yield f"{found.country_code}(?:{alternatives})"


def _proxies() -> Iterator[str]:
    for name, row in table("proxies")["schemes"].items():
        if not row.get("personal") and not row.get("institution"):
            yield re.escape(name) + rf"\.(?:{row['form']})"
