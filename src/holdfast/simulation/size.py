"""How large the made-up country is, and which sizes cannot be."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.words import N_
from holdfast.simulation.parameters import Parameters

FIRST_DAY_US = parse_instant("2026-03-01T00:00:00+07:00")
SEED_MAX = 2**32 - 1
CUSTOMERS_MAX = 5_000_000
MERCHANTS_MAX = 1_000_000
"""Account numbers have seven free digits a bank, so that they are seen to be made up."""
TRANSFERS_MAX = 100_000_000
"""A day of them has to fit in memory."""
DAYS_MAX = 3660
SCAMS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class CountrySize:
    """What is asked of the generator; `transfers` counts all, those of scams included."""

    banks: int = 8
    customers: int = 20_000
    merchants: int = 600
    transfers: int = 520_000
    scams: int = 200
    days: int = 30
    first_day_us: int = FIRST_DAY_US
    """Midnight at which the first day begins, in the country's own zone."""


def check_seed(seed: int) -> None:
    """Let a seed pass that the generator can start from.

    Raises:
        Refused: `seed_out_of_range`.
    """
    if not 0 <= seed <= SEED_MAX:
        raise Refused(
            "seed_out_of_range",
            N_("the seed {value} is not usable; a whole number from 0 to {most} is"),
            value=str(seed)[:40],
            most=SEED_MAX,
        )


def check_size(size: CountrySize, parameters: Parameters) -> None:
    """Let a size pass that can be made; how many transfers the scams need is known later.

    Raises:
        Refused: `country_size_impossible`, naming the part, its value, and what is possible.
    """
    customers_min = parameters.customers_min if size.scams else 2
    for part, value, least, most in (
        ("banks", size.banks, 1, len(parameters.all_banks)),
        ("customers", size.customers, customers_min, CUSTOMERS_MAX),
        ("merchants", size.merchants, 2, MERCHANTS_MAX),
        ("transfers", size.transfers, 1, TRANSFERS_MAX),
        ("scams", size.scams, 0, SCAMS_MAX),
        ("days", size.days, 1, DAYS_MAX),
        ("first_day_us", size.first_day_us, 0, 10**17),
    ):
        if not least <= value <= most:
            raise Refused(
                "country_size_impossible",
                N_("a country with {part} {value} cannot be made; {least} to {most} can"),
                part=part,
                value=str(value)[:40],
                least=least,
                most=most,
            )


def check_room(size: CountrySize, needed: int) -> None:
    """Let a size pass whose transfers have room for the `needed` ones of scams and payroll.

    Raises:
        Refused: `country_too_few_transfers`.
    """
    if needed > size.transfers:
        raise Refused(
            "country_too_few_transfers",
            N_(
                "{scams} scams and the payroll make {needed} transfers, more than the "
                "{transfers} asked for; ask for more transfers or fewer scams"
            ),
            scams=size.scams,
            needed=needed,
            transfers=size.transfers,
        )
