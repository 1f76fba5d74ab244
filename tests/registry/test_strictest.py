"""A subject's standing is the strictest of what stands, whatever the order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.registry.strictest import Said, strictest

SAID = st.builds(Said, st.integers(1, 5), st.booleans(), st.integers(1, 20))


@given(st.lists(SAID), st.integers(0, 20), st.randoms())
def test_the_strictest_counts(said: list[Said], now_us: int, random: object) -> None:
    """Its tier is the highest left, its end the last of that tier, disputed while any of it is."""
    found = strictest(said, now_us)
    mixed = list(said)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert strictest(mixed, now_us) == found
    left = [one for one in said if one.until_us > now_us]
    if found is None:
        assert left == []
        return
    assert all(one.tier_code <= found.tier for one in left)
    assert any(one.tier_code == found.tier and one.until_us == found.until_us for one in left)
    assert all(one.until_us <= found.until_us for one in left if one.tier_code == found.tier)
    assert found.disputed == any(one.disputed for one in left if one.tier_code == found.tier)


@given(st.lists(SAID, min_size=1), st.integers(0, 20))
def test_an_end_never_makes_it_stricter(said: list[Said], now_us: int) -> None:
    """Taking one away leaves the same tier, a lesser one, or nothing."""
    before, after = strictest(said, now_us), strictest(said[1:], now_us)
    assert (after.tier if after else 0) <= (before.tier if before else 0)
