"""API keys: shown once, kept as a hash, and known again only while they are in use."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import NotFound, Refused
from holdfast.people.keys import (
    NotRecognised,
    actor_of,
    hands_of,
    issue_key,
    person_of,
    retire_key,
)
from holdfast.people.models import ApiKey, Institution, Staff
from holdfast.people.role import KINDS, Scope, scopes_of

pytestmark = pytest.mark.django_db

BANK_SCOPES = scopes_of("bank")


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
    text = issue_key(bank, BANK_SCOPES, "", 0, _chance)
    secret = text.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in str(ApiKey.objects.values().get())


def test_wrong_keys_are_not_told_apart(bank: Institution) -> None:
    """An unknown id, a wrong secret, and a retired key with a wrong secret look the same."""
    text = issue_key(bank, BANK_SCOPES, "", 0, _chance)
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
    text = issue_key(bank, BANK_SCOPES, "", 0, _chance, expires_us=100)
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


NOT_OF = [
    (kind, scope)
    for kind in KINDS
    for scope in sorted(set(Scope) - scopes_of(kind), key=lambda scope: scope.value)
]


def test_who_may_never_do_what() -> None:
    """Complaints are the police's and the centre's, what follows from them the centre's alone."""
    assert scopes_of("centre") == set(Scope)
    assert set(Scope) - scopes_of("police") == {
        Scope.REVIEWS_DECIDE,
        Scope.NOTICES,
        Scope.AUDIT_READ,
        Scope.REGISTRY_APPROVE,
        Scope.REGISTRY_CONTEST,
    }
    for kind in ("bank", "e-money", "exchange"):
        assert scopes_of("police") - scopes_of(kind) == {Scope.COMPLAINTS_WRITE}
    for kind in ("telco", "moon"):
        assert scopes_of("bank") - scopes_of(kind) == {Scope.REGISTRY_LIST}
    assert NOT_OF


@pytest.mark.parametrize(("kind", "scope"), NOT_OF)
def test_a_scope_beyond_the_kind_is_not_issued_and_opens_nothing(kind: str, scope: Scope) -> None:
    """Refused when asked for; dropped from a key that has it, as after a change of kind."""
    institution = Institution.objects.create(
        institution_id="TH.X", name="X", kind=kind, created_us=0
    )
    with pytest.raises(Refused) as caught:
        issue_key(institution, [Scope.CASES_READ, scope], "", 0, _chance, person="p")
    assert caught.value.code == "scope_not_of_kind"
    text = issue_key(institution, [Scope.CASES_READ], "", 0, _chance)
    ApiKey.objects.update(scopes=["cases:read", scope.value])
    assert actor_of(text, 0, "TH.AOC").scopes == {Scope.CASES_READ}


def test_a_key_that_decides_is_one_persons(bank: Institution) -> None:
    """Without saying whose it is, none is issued; the actor then carries the person."""
    Institution.objects.update(kind="centre")
    bank.refresh_from_db()
    with pytest.raises(Refused) as caught:
        issue_key(bank, [Scope.REVIEWS_DECIDE], "", 0, _chance)
    assert caught.value.code == "key_person_missing"
    text = issue_key(bank, [Scope.REVIEWS_DECIDE], "", 0, _chance, person="staff:7")
    assert actor_of(text, 0, "TH.AOC").person == "staff:7"


def test_a_person_is_known_by_every_way_of_writing_them() -> None:
    """Of the staff by their id, others by their name whatever its capitals and blanks."""
    staff = Staff.objects.create(username="Malee", role="reviewer")
    assert person_of(" MALEE ") == person_of("malee") == f"staff:{staff.id}"
    assert person_of(" Somchai  Jaidee") == person_of("somchai jaidee") == "somchai jaidee"
    assert person_of("  ") == ""


def test_hands_meet_by_person_and_by_who_gave_the_key(bank: Institution) -> None:
    """One person behind two keys, and the giver of a key with its holder; not two strangers."""
    numbers = iter(range(1000))

    def key(person: str, issued_by: str = "") -> str:
        def chance(count: int) -> bytes:
            return hashlib.shake_128(str(next(numbers)).encode()).digest(count)

        text = issue_key(bank, BANK_SCOPES, "", 0, chance, person=person, issued_by=issued_by)
        return f"key:TH.THCBC.004/{text.split('_')[1]}"

    one, same, other = key("a"), key("a"), key("b")
    given, by_command = key("c", "staff:1"), key("d", "centre")
    assert hands_of(one).meet(hands_of(same))
    assert not hands_of(one).meet(hands_of(other))
    assert hands_of(given).meet(hands_of("staff:1"))
    assert hands_of("staff:1").meet(hands_of(given))
    assert hands_of(key("staff:1")).meet(hands_of("staff:1"))
    assert not hands_of(given).meet(hands_of("staff:2"))
    assert not hands_of(by_command).meet(hands_of("centre"))
    assert not hands_of(key("")).meet(hands_of(key("")))
    named = hands_of("person:malee@TH.THCBC.004")
    assert named.meet(hands_of("person:malee"))
    assert named.meet(hands_of(key("malee")))
    by_letter = hands_of("person:malee@bank.example@TH.THCBC.004")
    assert by_letter.meet(hands_of(key("malee@bank.example")))
    assert hands_of("person:malee@bank.example").meet(hands_of(key("malee@bank.example")))
    assert hands_of("person:staff:1@TH.THCBC.004").meet(hands_of("staff:1"))
    assert not named.meet(hands_of("person:somchai@TH.THCBC.004"))
