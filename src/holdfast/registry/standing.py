"""What the registry says of a subject in eight bytes: the value of its slot in the index."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_

TIER_CODE_MAX = 255
RECORD_BYTES = 24
"""Hash of a subject (16) and its standing (8, little-endian), as rows of a snapshot have them."""
_DISPUTED = 1 << 8
_UNTIL_SHIFT = 16
_UNTIL_S_MAX = (1 << 48) - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How a listed subject stands, all its listings taken together."""

    tier: int
    """Code of the strictest tier, 1 to 255; the country's tiers say what it means."""
    disputed: bool
    """Whether a listing behind the tier is contested and not yet decided."""
    until_us: int
    """When it ends by itself, microseconds since 1970 UTC, kept as whole seconds."""

    def packed(self) -> int:
        """Return it as one unsigned 64-bit number, never 0.

        Raises:
            Refused: `standing_out_of_range`.
        """
        until_s = -(-self.until_us // SECOND_US)
        if not (1 <= self.tier <= TIER_CODE_MAX and 0 <= until_s <= _UNTIL_S_MAX):
            raise Refused(
                "standing_out_of_range",
                N_("tier {tier} until second {until_s} does not fit an index slot"),
                tier=self.tier,
                until_s=until_s,
            )
        return self.tier | (_DISPUTED if self.disputed else 0) | until_s << _UNTIL_SHIFT


def unpacked(value: int) -> Standing | None:
    """Return what a slot's value says; None where the subject is listed no more."""
    tier = value & TIER_CODE_MAX
    if not tier:
        return None
    return Standing(tier, bool(value & _DISPUTED), (value >> _UNTIL_SHIFT) * SECOND_US)
