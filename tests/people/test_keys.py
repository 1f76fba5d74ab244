"""API keys: shown once, kept as a hash, and known again only while they are in use."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import NotFound
from holdfast.people.keys import NotRecognised, actor_of, issue_key, retire_key
from holdfast.people.models import ApiKey, Institution
from holdfast.people.role import Scope

pytestmark = pytest.mark.django_db


def _chance(count: int) -> bytes:
    return hashlib.shake_128(b"chance").digest(count)


@pytest.fixture
def bank() -> Institution:
    """An institution."""
    found: Institution = Institution.objects.create(
        institution_id="TH.THCBC.004", name="A bank", kind="bank", created_us=0
    )
    return found


def _code(text: str, now_us: int = 0) -> str:
    with pytest.raises(NotRecognised) as caught:
        actor_of(text, now_us, "TH.AOC")
    return caught.value.code


def test_a_key_says_who_shows_it(bank: Institution) -> None:
    """Institution and scopes; of the key only its id is ever named."""
    text = issue_key(bank, [Scope.ORDERS_READ], "poller", 0, _chance)
    actor = actor_of(text, 0, "TH.AOC")
    key = ApiKey.objects.get()
    assert actor.name == f"key:TH.THCBC.004/{key.key_id}"
    assert (actor.institution_id, actor.scopes) == (
        "TH.THCBC.004",
        frozenset({Scope.ORDERS_READ}),
    )
    assert not actor.is_centre
    assert actor_of(text, 0, "TH.THCBC.004").is_centre


def test_the_secret_is_not_kept(bank: Institution) -> None:
    """256 bits of chance, of which the database has a hash."""
    text = issue_key(bank, Scope, "", 0, _chance)
    secret = text.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in str(ApiKey.objects.values().get())


def test_wrong_keys_are_not_told_apart(bank: Institution) -> None:
    """An unknown id, a wrong secret, and a retired key with a wrong secret look the same."""
    text = issue_key(bank, Scope, "", 0, _chance)
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    retire_key(text.split("_")[1], 0)
    unknown = f"hf_{'0' * 16}_{text.rpartition('_')[2]}"
    assert {_code(wrong), _code(unknown), _code(""), _code("x" * 10_000)} == {"api_key_wrong"}


@given(text=st.text(max_size=120))
def test_no_text_opens_anything(text: str) -> None:
    """Whatever is shown, it is refused and not fallen over."""
    assert _code(text) == "api_key_wrong"


def test_a_key_ends(bank: Institution) -> None:
    """By its time, by being retired, with its institution; to the microsecond."""
    text = issue_key(bank, Scope, "", 0, _chance, expires_us=100)
    actor_of(text, 99, "TH.AOC")
    assert _code(text, 100) == "api_key_expired"
    retire_key(text.split("_")[1], 50)
    retire_key(text.split("_")[1], 60)
    actor_of(text, 49, "TH.AOC")
    assert _code(text, 50) == "api_key_retired"
    Institution.objects.update(closed_us=40)
    assert _code(text, 45) == "institution_closed"


def test_an_unknown_key_cannot_be_retired() -> None:
    """Nothing is retired by a slip of the finger."""
    with pytest.raises(NotFound, match="there is no key abc"):
        retire_key("abc", 0)


def test_scopes_this_version_does_not_know_open_nothing(bank: Institution) -> None:
    """A key of a newer version works with what is known here."""
    text = issue_key(bank, [Scope.CASES_READ], "", 0, _chance)
    ApiKey.objects.update(scopes=["cases:read", "moon:fly"])
    assert actor_of(text, 0, "TH.AOC").scopes == {Scope.CASES_READ}
