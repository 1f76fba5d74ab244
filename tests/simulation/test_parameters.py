"""Tests of the page of parameters."""

from __future__ import annotations

from dataclasses import fields

from holdfast.core.account import parse_account
from holdfast.simulation.parameters import End, Parameters, Shape, parameter_page, parameters


def test_every_parameter_names_the_source_it_rests_on() -> None:
    """A number without a source could not be argued about."""
    for name, entry in parameter_page().items():
        assert entry.keys() == {"value", "source"}, name
        assert entry["source"].strip(), name


def test_the_page_has_the_parameters_that_are_used_and_no_others() -> None:
    """A parameter that nothing reads would mislead whoever changes it."""
    assert [field.name for field in fields(Parameters)] == list(parameter_page())


def test_every_shape_and_end_can_be_drawn() -> None:
    """No shape or end is left out of the weights, and none is met never."""
    page = parameters()
    assert {row.shape for row in page.shapes if row.weight > 0} == set(Shape) - {Shape.LONE}
    assert any(kind.is_lone and kind.weight > 0 for kind in page.scam_kinds)
    assert {row.end for row in page.ends if row.weight > 0} == set(End)


def test_a_scam_finds_enough_mules_and_honest_people_in_the_smallest_country() -> None:
    """The largest shapes need no more people than the smallest country has."""
    page = parameters()
    split = 1 + 2 * page.split_parts[1]
    loop = 2 + page.loop_mules[1]
    assert page.mules_min >= max(len(page.hop_weights), split, loop)
    honest = page.merge_victims[1] + page.shell_workers[1]
    assert page.customers_min - page.mules_min >= honest


def test_the_cash_account_is_written_as_accounts_are() -> None:
    """The one account that is named by hand is canonical too."""
    assert parse_account(parameters().cash_account)
