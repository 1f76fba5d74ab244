"""The tables of schemes: complete rows, examples that fit, and the currencies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from holdfast.core.account import Account
from holdfast.core.person import _CHECKS, compact_person_id
from holdfast.core.proxy import Proxy
from holdfast.core.schemes import countries, currencies, table

CLEARING = table("clearing")["schemes"]
PERSONS = table("persons")["schemes"]
PROXIES = table("proxies")["schemes"]


@pytest.mark.parametrize("name", ["clearing", "persons", "proxies"])
def test_every_row_has_a_source_an_example_and_a_name(name: str) -> None:
    """Each row of a table says where it comes from, what it is called and how one looks."""
    for key, row in table(name)["schemes"].items():
        for field in ("source", "example", "name"):
            assert isinstance(row[field], str), (key, field)
            assert row[field].strip(), (key, field)


@pytest.mark.parametrize("name", ["currencies", "countries"])
def test_a_list_of_codes_names_its_source_once(name: str) -> None:
    """A table that is one list names one source."""
    assert table(name)["source"].startswith("ISO ")


@pytest.mark.parametrize(("code", "row"), CLEARING.items())
def test_an_account_example_fits_its_row(code: str, row: dict[str, Any]) -> None:
    """The example of a clearing scheme is an account of that scheme and country."""
    account = Account.parse(row["example"])
    assert account.scheme == code
    assert account.country == row.get("country", account.country)
    assert re.fullmatch(row["member"], account.member)


@pytest.mark.parametrize(("key", "row"), PERSONS.items())
def test_a_person_example_fits_its_row(key: str, row: dict[str, Any]) -> None:
    """The example of a kind of id has its form, and its check digit where it has one."""
    country, _, kind = key.rpartition(".")
    assert re.fullmatch(row["form"], row["example"])
    assert compact_person_id(country or "TH", kind, row["example"]) == row["example"]


@pytest.mark.parametrize(("key", "row"), PROXIES.items())
def test_a_proxy_example_fits_its_row(key: str, row: dict[str, Any]) -> None:
    """The example of a proxy is of its scheme, and its value has the form of the row."""
    proxy = Proxy.parse(row["example"])
    assert f"{proxy.country}.{proxy.scheme}.{proxy.kind}" == key
    assert re.fullmatch(row["form"], proxy.value)
    assert (proxy.institution is not None) == bool(row.get("institution"))
    assert str(proxy) == row["example"]


def test_every_country_of_a_table_exists() -> None:
    """A scheme is of a country of ISO 3166, or of none."""
    named = {row["country"] for row in CLEARING.values() if "country" in row}
    named |= {key.split(".")[0] for key in [*PERSONS, *PROXIES] if "." in key}
    assert named <= countries()


def test_every_check_belongs_to_a_row() -> None:
    """A check digit rule that no row uses would never be asked."""
    assert set(_CHECKS) <= set(PERSONS)


def test_the_members_of_asean_are_covered() -> None:
    """Each member can name an account and a person, with a clearing code or by BIC."""
    for country in ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN"]:
        assert Account.parse(f"{country}.BICFI.ABCD{country}2X.1").country == country
        assert f"{country}.NIDN" in PERSONS


@pytest.mark.parametrize(
    ("code", "decimals"),
    [("THB", 2), ("IDR", 2), ("LAK", 2), ("MMK", 2), ("KHR", 2), ("MYR", 2), ("SGD", 2),
     ("PHP", 2), ("BND", 2), ("USD", 2), ("VND", 0), ("JPY", 0), ("KRW", 0), ("ISK", 0),
     ("BHD", 3), ("KWD", 3), ("TND", 3), ("CLF", 4)],
)  # fmt: skip
def test_decimals_are_those_of_iso_4217(code: str, decimals: int) -> None:
    """Decimals follow the standard, not what shops use (the rupiah has two)."""
    assert currencies()[code] == decimals


def test_currencies_are_active_codes_of_three_letters() -> None:
    """The table has the active codes, each once, and no code without a minor unit."""
    listed = [code for codes in table("currencies")["decimals"].values() for code in codes.split()]
    assert len(listed) == len(set(listed)) == len(currencies()) == 165
    assert all(re.fullmatch("[A-Z]{3}", code) for code in listed)
    assert not {"XAU", "XTS", "XXX", "HRK", "DEM", "BGN"} & set(listed)


def test_tables_cannot_be_changed_by_their_readers() -> None:
    """What is read once and shared is read-only."""
    with pytest.raises(TypeError):
        currencies()["THB"] = 3  # type: ignore[index]
    with pytest.raises(TypeError):
        table("currencies")["source"] = ""  # type: ignore[index]


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    """249 codes of the standard and XK; Norway is a text and not a truth value of YAML."""
    assert len(countries()) == 250
    assert {"TH", "NO", "XK", "TL"} <= countries()
    assert "UK" not in countries()
