"""Errors, problems of a batch, and the words they are said in."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from holdfast.core import errors, words
from holdfast.core.errors import HoldfastError, LedgerBusy, LedgerFull, Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_, PSEUDO, say, set_language

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HoldfastError)
]


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Say everything in a language that translates one sentence."""
    catalogue = {"the amount is {value}": "ยอดเงินคือ {value}"}
    monkeypatch.setattr(words, "catalogue", lambda _language: catalogue)
    set_language("th")
    yield
    set_language("en")


def test_an_error_says_its_sentence_with_its_fields() -> None:
    """The code is for programs, the sentence for people, the fields fill it."""
    error = Refused("amount_too_fine", "{value!r} has {found} decimals", value="1.234", found=3)
    assert str(error) == "'1.234' has 3 decimals"
    assert error.code == "amount_too_fine"
    assert error.fields == {"value": "1.234", "found": 3}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_between_processes(kind: type[HoldfastError]) -> None:
    """An error raised in a worker arrives whole where it is shown."""
    error = kind("some_code", "the amount is {value!r}", value="x")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert type(other) is kind
        assert (other.code, other.sentence, other.fields) == (
            error.code,
            error.sentence,
            error.fields,
        )
        assert str(other) == "the amount is 'x'"


def test_only_what_time_can_heal_is_transient() -> None:
    """Trying again helps where another writes or the disk is full, and nowhere else."""
    assert {kind for kind in KINDS if kind.transient} == {LedgerBusy, LedgerFull}


def test_a_hostile_value_is_shown_harmlessly() -> None:
    """Braces and control characters of a value are shown, not obeyed."""
    error = Refused("some_code", "{value!r} is wrong", value="{code}\x1b[31m{0}")
    assert str(error) == r"'{code}\x1b[31m{0}' is wrong"


def test_a_problem_keeps_what_the_error_said_and_where() -> None:
    """A bad row becomes data: file, row, code, sentence and fields."""
    problem = Problem.of(Refused("some_code", "{value} is wrong", value="x"), "a.csv", 7)
    assert problem == Problem("a.csv", 7, "some_code", "{value} is wrong", {"value": "x"})
    assert str(problem) == "x is wrong"


def test_a_marked_sentence_is_kept_as_it_is() -> None:
    """Marking is for the extraction of sentences only."""
    assert N_("the amount is {value}") == "the amount is {value}"


def test_a_language_without_a_catalogue_is_said_in_english() -> None:
    """Nobody is left without a sentence."""
    set_language("qq")
    try:
        assert say("the amount is {value}", value=3) == "the amount is 3"
    finally:
        set_language("en")


@pytest.mark.usefixtures("translated")
def test_a_sentence_is_translated_when_it_is_shown() -> None:
    """The sentence inside stays English; the reader's language is asked at the edge."""
    error = Refused("some_code", "the amount is {value}", value="amount")
    assert str(error) == "ยอดเงินคือ amount"
    assert error.sentence == "the amount is {value}"
    assert say("not translated: {value}", value=1) == "not translated: 1"


def test_the_pseudo_language_stretches_the_sentence_and_not_its_places() -> None:
    """What is cut off or not marked shows, and what comes from outside stays as it is."""
    set_language(PSEUDO)
    try:
        shown = say("the amount is {value!r}", value="amount")
    finally:
        set_language("en")
    assert "'amount'" in shown
    assert "the amount is" not in shown
    assert len(shown) > 1.3 * len("the amount is 'amount'")
    assert (shown[0], shown[-1]) == ("[", "]")
