"""The law as a lawyer would put it: a situation, a day, and what follows.

Each case stands in a file of its country beside this one; its sentence is the test's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant, parse_instant
from holdfast.law.law import Law
from holdfast.law.terms import Party

LAW = Law.load()
FOLDER = Path(__file__).resolve().parent
KEYS = {
    "sentence",
    "basis",
    "event",
    "lapses",
    "refused",
    "renewals",
    "scope",
    "side",
    "provisional",
    "may_order",
    "may_lift",
    "extended_by",
    "reminders_hours",
    "notices",
}


def cases() -> list[Any]:
    """Return every case with its country, named by its sentence."""
    return [
        pytest.param(file.stem.upper(), case, id=f"{file.stem.upper()}: {case['sentence']}")
        for file in sorted(FOLDER.glob("*.yaml"))
        for case in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    ]


@pytest.mark.parametrize(("country", "case"), cases())
def test_law(country: str, case: dict[str, Any]) -> None:
    """What the case says is what the law answers."""
    assert set(case) <= KEYS
    basis, event_us = case["basis"], parse_instant(case["event"])
    day = LAW.local_day(country, event_us)
    renewals = int(case.get("renewals", 0))
    if "refused" in case:
        with pytest.raises(Refused) as refused:
            LAW.deadline_us(country, basis, event_us, day, renewals)
        assert refused.value.code == case["refused"]
        assert str(refused.value)
        return
    lapses_us = LAW.deadline_us(country, basis, event_us, day, renewals)
    expected = case["lapses"]
    if expected == "never":
        assert lapses_us is None
    else:
        assert lapses_us is not None
        assert format_instant(lapses_us) == format_instant(parse_instant(expected))
    rule = LAW.hold_rule(country, basis, day)
    found = {
        "scope": rule.scope,
        "side": rule.side,
        "provisional": str(rule.provisional).lower(),
        "may_order": list(rule.may_order),
        "may_lift": list(rule.may_lift),
        "extended_by": list(rule.extended_by),
        "reminders_hours": [str(hours) for hours in LAW.reminders_hours(country, basis, day)],
        "notices": [f"{n.to} {n.within_hours} {n.event} {n.duty}" for n in rule.notices],
    }
    for key, value in found.items():
        if key in case:
            assert case[key] == value, key
    for party in Party:
        assert LAW.may(country, basis, party, "order", day) == (party in rule.may_order)
        assert LAW.may(country, basis, party, "lift", day) == (party in rule.may_lift)


def test_every_basis_has_a_case() -> None:
    """No basis of any country is without a case that a lawyer can read."""
    told = {(param.values[0], param.values[1]["basis"]) for param in cases()}
    kept = {(code, basis) for code, country in LAW.countries.items() for basis in country.bases}
    assert kept <= told
