"""The law of each country, and the questions that the centre asks of it on a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from holdfast.core.errors import Refused
from holdfast.core.instant import EPOCH, HOUR_US, MICROSECOND
from holdfast.core.words import N_
from holdfast.law.country import check_categories, read_categories, read_country
from holdfast.law.dated import in_force
from holdfast.law.errors import LawError, Place
from holdfast.law.rule import Basis, Country, HoldRule, ScamCategory, ScamType
from holdfast.law.terms import Party, Verb
from holdfast.law.tier import Tiers
from holdfast.law.tier_file import read_tiers
from holdfast.law.tier_law import GENERIC, TierLaw
from holdfast.law.tree import read_tree

PARAMETERS = Path(__file__).resolve().parent / "parameters"
TIERS = Path(__file__).resolve().parent / "tiers"
CATEGORIES = "scam_classifier.yaml"
GENERIC_FILE = f"{GENERIC}.yaml"
BYTES_MAX = 1 << 20
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Law(TierLaw):
    """The law as data: dated values with their sources, and nothing decided here."""

    countries: Mapping[str, Country]
    categories: Mapping[str, tuple[ScamCategory, ...]]
    fingerprint: str
    """SHA-256 over the names and bytes of all files: the law that an order was made under."""

    @classmethod
    def load(cls, folder: Path = PARAMETERS, tiers: Path = TIERS) -> Law:
        """Read every file of a folder: one a country, and the categories of scams.

        `tiers` is the folder of the registry's tiers: one file a country, and `generic.yaml`.

        Raises:
            LawError: a file cannot be read or used; code, file and line say which and why.
        """
        files = _files(folder, CATEGORIES)
        categories = read_categories(read_tree(CATEGORIES, files[CATEGORIES]))
        countries = {}
        for name, data in files.items():
            if name == CATEGORIES:
                continue
            country = read_country(name, read_tree(name, data))
            check_categories(country, categories)
            countries[country.code] = country
        tier_files = _files(tiers, GENERIC_FILE)
        return cls(
            _tiers(tier_files),
            MappingProxyType(countries),
            categories,
            _fingerprint(files | {f"tiers/{name}": data for name, data in tier_files.items()}),
        )

    def hold_rule(self, country: str, basis: str, on: date) -> HoldRule:
        """Return what a basis allows on a day, with the notices due then.

        Raises:
            Refused: `law_country_unknown`, `law_basis_unknown` or `law_not_in_force`.
        """
        found = self._basis(country, basis)
        rule = in_force(found.rules, on)
        if rule is None:
            raise Refused(
                "law_not_in_force",
                N_("{basis} is not in force in {country} on {day}; it is on {right}"),
                basis=basis,
                country=country,
                day=on,
                right="; ".join(rule.span for rule in found.rules),
            )
        due = (in_force(values, on) for values in found.notices.values())
        return replace(rule, notices=tuple(notice for notice in due if notice is not None))

    def bases(self, country: str, on: date) -> tuple[HoldRule, ...]:
        """Return what every basis in force on a day allows, in the order of the file.

        Raises:
            Refused: `law_country_unknown`.
        """
        return tuple(
            self.hold_rule(country, basis, on)
            for basis, found in self._country(country).bases.items()
            if in_force(found.rules, on) is not None
        )

    def deadline_us(
        self, country: str, basis: str, counted_from_us: int, on: date, renewals: int = 0
    ) -> int | None:
        """Return when a hold lapses, in microseconds since 1970 UTC.

        `counted_from_us` is the event that the rule counts from; `renewals` is how often the
        basis has followed on itself since. None means that the law sets no end.

        Raises:
            Refused: as `hold_rule`, or `law_renewals_exceeded`.
        """
        rule = self.hold_rule(country, basis, on)
        if not 0 <= renewals <= rule.renewals_max:
            raise Refused(
                "law_renewals_exceeded",
                N_("{basis} can be renewed {limit} times in {country}, not {found}"),
                basis=basis,
                country=country,
                limit=rule.renewals_max,
                found=renewals,
            )
        if rule.period_hours is None:
            return None
        return counted_from_us + (1 + renewals) * rule.period_hours * HOUR_US

    def may(
        self, country: str, basis: str, actor: str, verb: Literal["order", "lift"], on: date
    ) -> bool:
        """Return whether a party may order or lift a hold on a basis.

        Raises:
            Refused: as `hold_rule`, or `law_actor_unknown`.
        """
        if actor not in set(Party):
            raise Refused(
                "law_actor_unknown",
                N_("{actor!r} is nobody the law knows; it knows {right}"),
                actor=actor[:40],
                right=", ".join(Party),
            )
        rule = self.hold_rule(country, basis, on)
        return actor in (rule.may_order if Verb(verb) is Verb.ORDER else rule.may_lift)

    def reminders_hours(self, country: str, basis: str, on: date) -> tuple[int, ...]:
        """Return how many hours before the end the victim is reminded, the earliest first.

        Raises:
            Refused: `law_country_unknown` or `law_basis_unknown`.
        """
        found = in_force(self._basis(country, basis).reminders, on)
        return () if found is None else found.hours

    def number(self, country: str, name: str, on: date) -> int:
        """Return a number of the country's law or policy; its unit ends its name.

        Raises:
            Refused: `law_country_unknown`, `law_number_unknown` or `law_not_in_force`.
        """
        numbers = self._country(country).numbers
        if name not in numbers:
            raise Refused(
                "law_number_unknown",
                N_("the law of {country} has no number {name!r}; it has {right}"),
                country=country,
                name=name[:40],
                right=", ".join(numbers),
            )
        found = in_force(numbers[name], on)
        if found is None:
            raise Refused(
                "law_not_in_force",
                N_("{basis} is not in force in {country} on {day}; it is on {right}"),
                basis=name,
                country=country,
                day=on,
                right="; ".join(number.span for number in numbers[name]),
            )
        return found.value

    def scam_types(self, country: str, on: date) -> tuple[ScamType, ...]:
        """Return the country's types of scam on a day, in the order of its list.

        Raises:
            Refused: `law_country_unknown`.
        """
        found = (in_force(values, on) for values in self._country(country).scam_types.values())
        return tuple(
            sorted((kind for kind in found if kind is not None), key=lambda kind: kind.position)
        )

    def scam_type(self, country: str, code: str, on: date) -> ScamType:
        """Return a type of scam by its code.

        Raises:
            Refused: `law_country_unknown` or `scam_type_unknown`.
        """
        kinds = self.scam_types(country, on)
        for kind in kinds:
            if kind.code == code:
                return kind
        raise Refused(
            "scam_type_unknown",
            N_("{kind!r} is no type of scam in {country} on {day}; known are {right}"),
            kind=code[:40],
            country=country,
            day=on,
            right=", ".join(kind.code for kind in kinds),
        )

    def local_day(self, country: str, time_us: int) -> date:
        """Return the day that an instant falls on in a country.

        Raises:
            Refused: `law_country_unknown`.
        """
        zone = ZoneInfo(self._country(country).timezone)
        return (EPOCH + time_us * MICROSECOND).astimezone(zone).date()

    def _country(self, country: str) -> Country:
        found = self.countries.get(country)
        if found is None:
            raise Refused(
                "law_country_unknown",
                N_("the law of {country!r} is not known here; known are {right}"),
                country=country[:40],
                right=", ".join(self.countries),
            )
        return found

    def _basis(self, country: str, basis: str) -> Basis:
        bases = self._country(country).bases
        if basis not in bases:
            raise Refused(
                "law_basis_unknown",
                N_("the law of {country} has no basis {basis!r}; it has {right}"),
                country=country,
                basis=basis[:40],
                right=", ".join(bases),
            )
        return bases[basis]


def _tiers(files: Mapping[str, bytes]) -> Mapping[str, Tiers]:
    read = (read_tiers(name, read_tree(name, data)) for name, data in files.items())
    return MappingProxyType({tiers.country: tiers for tiers in read})


def _files(folder: Path, needed: str) -> dict[str, bytes]:
    """Return the bytes of the folder's files by name, in the order of their names."""
    files = {path.name: _bytes(path) for path in sorted(folder.glob("*.yaml"))}
    if needed not in files or len(files) == 1:
        raise LawError.at(
            Place(folder.name, 0),
            "law_folder_incomplete",
            N_("{file}, line {line}: this folder needs {right} and a file for each country"),
            right=needed,
        )
    return files


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise LawError.at(
            Place(path.name, 0),
            "law_file_unreadable",
            N_("{file}, line {line}: the file cannot be read ({reason})"),
            reason=error.strerror,
        ) from error
    if len(data) > BYTES_MAX:
        raise LawError.at(
            Place(path.name, 0),
            "law_file_too_large",
            N_("{file}, line {line}: the file has more than {limit} bytes"),
            limit=BYTES_MAX,
        )
    return data


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in files.items():
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()
