"""The ranks behind an institution's times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cases.times import nearest_rank


@pytest.mark.parametrize(
    ("values", "p50", "p95"),
    [([], None, None), ([7], 7, 7), ([1, 9], 1, 9), (list(range(1, 101)), 50, 95)],
)
def test_ranks_are_values_that_happened(
    values: list[int], p50: int | None, p95: int | None
) -> None:
    """No value is made up between two."""
    assert (nearest_rank(values, 50), nearest_rank(values, 95)) == (p50, p95)


@given(values=st.lists(st.integers(0, 10**12), min_size=1), per_cent=st.integers(1, 100))
def test_so_many_lie_within_and_fewer_below(values: list[int], per_cent: int) -> None:
    """At least so many per cent do not exceed it, and of those before it this is not true."""
    ordered = sorted(values)
    found = nearest_rank(ordered, per_cent)
    assert found is not None
    assert sum(value <= found for value in ordered) * 100 >= per_cent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < per_cent * len(ordered)
