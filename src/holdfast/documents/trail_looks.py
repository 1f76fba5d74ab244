"""How claims and ways out look in a picture: told apart by pattern, stroke, shape and letter.

Colour comes on top of these and is never needed; the hues are those of Okabe and Ito, "Color
universal design" (2008), which people who confuse red and green tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.documents.svg_sheet import Sheet
from holdfast.trail.answer import Claim

GROUPS_MAX = 7
"""Patterns that are still told apart in print; further claims share one more."""
INK = "#111"
PAPER = "#fff"


@dataclass(frozen=True, slots=True)
class Look:
    """A fill of ground and marks, and a stroke for what is too thin to show a fill."""

    ground: str
    ink: str
    marks: str
    """Path data of the marks within a tile of 8 by 8; empty for a plain fill."""
    dashes: str | None


LOOKS = (
    Look("#4f7fb5", "#1f4e79", "", None),
    Look("#fbe3c0", "#a85a00", "M-2 2L2 -2M0 8L8 0M6 10L10 6", "7 2.5"),
    Look("#d8efe6", "#00694a", "M1 2h2.4v2.4h-2.4zM5 6h2.4v2.4h-2.4z", "1.6 2"),
    Look("#fff", "#7a2f5d", "M0 2H8M0 6H8", "9 2 1.6 2"),
    Look("#6b6b6b", "#222", "M-2 6L2 10M0 0L8 8M6 -2L10 2", "4 2"),
    Look("#fff", "#b23c00", "M0 0L8 8M0 8L8 0", "9 2 1.6 2 1.6 2"),
    Look("#e8f4fb", "#1d6f9e", "M0 6L2 2L4 6L6 2L8 6", "12 3"),
)
OTHERS = Look("#d0d0d0", "#777", "", "2.5 1.2")


@dataclass(frozen=True, slots=True)
class ClaimGroup:
    """One claim, or the least claims together, that are drawn alike."""

    numbers: tuple[int, ...]
    """The claims' numbers in the answer's list, counted from 1."""
    claims: tuple[Claim, ...]
    look: Look

    @property
    def shared(self) -> bool:
        """Whether this is the pattern that the least claims share."""
        return self.look is OTHERS

    @property
    def label(self) -> str:
        """The number of the claim, or + for those that share a pattern."""
        return "+" if self.shared else str(self.numbers[0])

    @property
    def amount_minor(self) -> int:
        """What was stolen of these claims."""
        return sum(claim.amount_minor for claim in self.claims)


def group_claims(claims: Sequence[Claim]) -> list[ClaimGroup]:
    """Give each claim a look of its own while there are enough; the least share the last one."""
    numbered = list(enumerate(claims, start=1))
    largest = sorted(numbered, key=lambda pair: -pair[1].amount_minor)[:GROUPS_MAX]
    own = sorted(largest, key=lambda pair: pair[0])
    groups = [
        ClaimGroup((position,), (claim,), look)
        for (position, claim), look in zip(own, LOOKS, strict=False)
    ]
    alone = {position for position, _ in own}
    others = [pair for pair in numbered if pair[0] not in alone]
    if others:
        numbers, least = zip(*others, strict=True)
        groups.append(ClaimGroup(numbers, least, OTHERS))
    return groups


def define_looks(sheet: Sheet, groups: Sequence[ClaimGroup], prefix: str) -> None:
    """Write the patterns of the claims and of held money, named with `prefix`."""
    with sheet.group(name="defs"):
        for place, group in enumerate(groups):
            _pattern(sheet, f"{prefix}-claim-{place}", group.look)
        held = Look(PAPER, INK, "M-1 1L1 -1M0 4L4 0M3 5L5 3M4 8L8 4M0 8L8 0M-1 9L1 7M7 9L9 7", None)
        _pattern(sheet, f"{prefix}-held", held)


def _pattern(sheet: Sheet, name: str, look: Look) -> None:
    with sheet.group(name="pattern", id=name, width="8", height="8", patternUnits="userSpaceOnUse"):
        sheet.add("rect", width=8, height=8, fill=look.ground)
        if look.marks:
            sheet.add("path", d=look.marks, fill="none", stroke=look.ink, stroke_width=1.3)


_LETTERS = {
    "returned": "R",
    "stop": "S",
    "unrecorded": "U",
    "immaterial": "I",
    "beyond": "B",
    "truncated": "T",
}
_OUTLINES = {
    "returned": "M-8 0A8 8 0 1 1 8 0A8 8 0 1 1 -8 0Z",
    "stop": "M-3.3 -8H3.3L8 -3.3V3.3L3.3 8H-3.3L-8 3.3V-3.3Z",
    "unrecorded": "M0 -9.5L9.5 7H-9.5Z",
    "immaterial": "M0 -9L9 0L0 9L-9 0Z",
    "beyond": "M-8 -7H3L9 0L3 7H-8Z",
    "truncated": "M-8 -7H8L5 -3.5L8 0L5 3.5L8 7H-8Z",
}
_UNKNOWN = "M-8 -8H8V8H-8Z"


def draw_exit(sheet: Sheet, kind: str, x: float, y: float, *, size: float = 1.0) -> None:
    """Draw the shape and letter of a way out around (x, y), 16 pixels wide at size 1."""
    lift = 1.5 if kind == "unrecorded" else 0.0
    with sheet.group(transform=f"translate({x:.1f} {y - lift:.1f}) scale({size:.2f})"):
        sheet.add(
            "path",
            d=_OUTLINES.get(kind, _UNKNOWN),
            fill=PAPER,
            stroke=INK,
            stroke_width=1.4,
            stroke_linejoin="round",
        )
        sheet.text(
            0,
            4 + lift,
            _LETTERS.get(kind, "?"),
            size=8.5 if kind == "unrecorded" else 10.5,
            text_anchor="middle",
            font_weight="bold",
        )
