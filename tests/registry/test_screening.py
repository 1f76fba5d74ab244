"""Screening: arrays and single texts get the same answers, and what the law says they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.core.errors import CentreError, Refused
from holdfast.core.instant import SECOND_US
from holdfast.law.law import Law
from holdfast.law.tier import CONTROLS
from holdfast.registry.index.build import build_index
from holdfast.registry.index.place import index_file, make_key
from holdfast.registry.screening import VALID_FOR_S, Registry, Screened
from holdfast.registry.standing import Standing
from holdfast.registry.subject import parse_subject

NOW_US = 1_795_000_000_000_000
ACCOUNTS = [f"TH.THCBC.004.{number:010}" for number in range(6)]
CODES = {
    tier.name: tier.code for tier in Law.load().tiers("TH", Law.load().local_day("TH", NOW_US))
}
STANDINGS = {
    ACCOUNTS[0]: Standing(CODES["black"], disputed=False, until_us=NOW_US + 90 * SECOND_US),
    ACCOUNTS[1]: Standing(CODES["light_brown"], disputed=True, until_us=NOW_US + 7 * SECOND_US),
    ACCOUNTS[2]: Standing(CODES["black"], disputed=False, until_us=NOW_US),
    ACCOUNTS[5]: Standing(CODES["dark_grey"], disputed=False, until_us=NOW_US + 90 * SECOND_US),
    ACCOUNTS[3]: Standing(77, disputed=False, until_us=NOW_US + 90 * SECOND_US),
}
KINDS = ("bank", "exchange", "telco", "platform", "police", "centre", "e-money", "unheard")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry: two accounts listed, one that ran out, one in a tier no law knows."""
    home = tmp_path_factory.mktemp("home")
    key = make_key(home, lambda count: bytes(range(count)))
    index_file(home).parent.mkdir()
    wires = pa.array([f"account:{account}".encode() for account in STANDINGS], pa.binary())
    values = np.array([standing.packed() for standing in STANDINGS.values()], np.uint64)
    build_index(index_file(home), key, [(wires, values)], number=4)
    return Registry.open(home, "TH", b"a key of sixteen")


Texts = st.lists(st.sampled_from([*ACCOUNTS, "", "nonsense", "TH.THCBC.004.00-00"]), max_size=12)


@settings(max_examples=60)
@given(Texts, st.sampled_from(KINDS), st.integers(0, 100))
def test_an_array_is_answered_as_its_rows_are(
    registry: Registry, texts: list[str], asker: str, later_s: int
) -> None:
    """For every kind of asker and at every instant a row's answer is that of the text alone."""
    at_us = NOW_US + later_s * SECOND_US
    screened = registry.screen(pa.array(texts, pa.string()), "account", asker, at_us)
    assert screened.table.num_rows == len(texts)
    for row, (text, found) in enumerate(zip(texts, screened.table.to_pylist(), strict=True)):
        if found["problem"]:
            with pytest.raises(Refused) as caught:
                registry.screen_one(text, "account", asker, at_us)
            assert caught.value.code == found["problem"] == screened.problems[row].code
            assert (found["tier"], screened.values[row]) == (None, 0)
            continue
        answer = registry.screen_one(text, "account", asker, at_us)
        assert found["tier"] == answer.tier
        assert [found[name] for name in CONTROLS] == [
            getattr(answer.effects, name) for name in CONTROLS
        ]
        assert (found["spares"] or "").split() == list(answer.spares)
        for name in ("disputed", "until_us", "valid_for_s", "data_version"):
            assert found[name] == getattr(answer, name), name
        assert screened.hashes[row].tobytes() == answer.hash
        assert int(screened.values[row]) == answer.value


def test_an_answer_never_holds_longer_than_the_listing(registry: Registry) -> None:
    """A listing that ends in seven seconds is relied on for seven; "not listed" for a while too."""
    assert registry.screen_one(ACCOUNTS[1], "account", "bank", NOW_US).valid_for_s == 7
    assert registry.screen_one(ACCOUNTS[0], "account", "bank", NOW_US).valid_for_s == VALID_FOR_S
    assert registry.screen_one(ACCOUNTS[4], "account", "bank", NOW_US).valid_for_s == VALID_FOR_S


def test_what_ran_out_or_no_law_knows_is_not_listed(registry: Registry) -> None:
    """An end that passed counts at once; a tier that means nothing today has no effects."""
    for account in (ACCOUNTS[2], ACCOUNTS[3], ACCOUNTS[4]):
        answer = registry.screen_one(account, "account", "bank", NOW_US)
        assert (answer.tier, answer.value, answer.until_us) == (None, 0, None)


def test_a_tier_not_for_the_asker_is_not_told(registry: Registry) -> None:
    """Exchanges have three tiers only; police and centre see all, and have nothing to do."""
    assert registry.screen_one(ACCOUNTS[1], "account", "exchange", NOW_US).tier is None
    seen = registry.screen_one(ACCOUNTS[1], "account", "centre", NOW_US)
    assert seen.tier == "light_brown"
    assert {getattr(seen.effects, name) for name in CONTROLS} == {"none"}


def test_what_is_spared_is_told_to_whom_it_binds(registry: Registry) -> None:
    """To those who hold the person's money, where the law says so; to telcos and police nothing."""
    spared = ("wages", "benefits", "living_minimum")
    told = {
        kind: registry.screen_one(ACCOUNTS[5], "account", kind, NOW_US).spares for kind in KINDS[:6]
    }
    assert told == {kind: spared if kind in ("bank", "exchange") else () for kind in told}
    assert registry.screen_one(ACCOUNTS[0], "account", "bank", NOW_US).spares == ()


def test_people_are_asked_about_by_sealed_or_clear_id(registry: Registry) -> None:
    """With the centre's key one clear id and its seal are one subject."""
    clear = "TH.NIDN.1-1000-00000-00-8"
    sealed = parse_subject("person", clear, "TH", b"a key of sixteen").key
    asked = registry.screen(pa.array([clear, sealed]), "person", "bank", NOW_US)
    assert not asked.problems
    assert asked.hashes[0].tobytes() == asked.hashes[1].tobytes()


def test_null_is_a_problem_and_numbers_are_a_mistake(registry: Registry) -> None:
    """A missing text is told row by row; an array that holds no text is the caller's error."""
    screened = registry.screen(pa.array([None, ACCOUNTS[0]]), "account", "bank", NOW_US)
    assert list(screened.problems) == [0]
    with pytest.raises(TypeError):
        registry.screen(pa.array([1]), "account", "bank", NOW_US)
    with pytest.raises(Refused) as caught:
        registry.screen(pa.array(["x"]), "ship", "bank", NOW_US)
    assert caught.value.code == "subject_kind_unknown"


def test_parts_are_joined_in_their_order(registry: Registry) -> None:
    """Answers about several kinds stand where their questions stood, problems too."""
    accounts = registry.screen(pa.array([ACCOUNTS[0], "x"]), "account", "bank", NOW_US)
    phones = registry.screen(pa.array(["+66812345678"]), "phone", "bank", NOW_US)
    whole = Screened.joined([(accounts, [2, 0]), (phones, [1])])
    assert whole.table.column("tier").to_pylist() == [None, None, "black"]
    assert whole.table.column("problem").to_pylist() == ["account_form", None, None]
    assert list(whole.problems) == [0]
    assert int(whole.values[2]) == STANDINGS[ACCOUNTS[0]].packed()


def test_a_home_without_a_key_says_so(tmp_path: Path) -> None:
    """Nothing is asked of an index whose key is not there or not legible."""
    for key in (None, "zz"):
        if key:
            (tmp_path / "keys").mkdir()
            (tmp_path / "keys" / "registry-index").write_text(key)
        with pytest.raises(CentreError) as caught:
            Registry.open(tmp_path, "TH")
        assert caught.value.code == "index_key_missing"
