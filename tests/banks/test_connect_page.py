"""The page for a bank's engineer: its example verifies, and it names what the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.banks.samples import answer, order, release

from holdfast.banks.agent import AgentFault
from holdfast.banks.messages import (
    AccountStatus,
    AnswerStatus,
    HolderKind,
    RefusalReason,
    parse_order,
)
from holdfast.banks.messages.answer import HoldAnswer
from holdfast.banks.signing import verify_request
from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import PublicKey

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/connect-a-bank.md").read_text("utf-8")


def _block(kind: str) -> str:
    return PAGE.partition(f"```{kind}\n")[2].partition("\n```")[0]


def _headers() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in _block("http").splitlines())


def _key() -> PublicKey:
    return PublicKey.parse("TH.AOC-1", PAGE.partition("public key `")[2].partition("`")[0])


def test_the_example_of_the_page_verifies() -> None:
    """Body, headers and public key of the page fit each other, and a changed body does not."""
    body = _block("json").encode()
    found = parse_order(body)
    assert found.to_bytes() == body
    received_us = found.ordered_at_us + 10 * SECOND_US
    keys = {"TH.AOC-1": _key()}.get
    verified = verify_request("POST", "/aoc/hold-orders", _headers(), body, keys, received_us)
    assert verified.key_id == "TH.AOC-1"
    with pytest.raises(Refused):
        verify_request("POST", "/aoc/hold-orders", _headers(), body + b"\n", keys, received_us)


def test_the_five_lines_of_the_page_are_what_is_signed() -> None:
    """An engineer who signs these bytes by hand gets the signature of the page."""
    import base64

    base = PAGE.partition('"@method": POST')
    lines = (base[1] + base[2].partition("\n```")[0]).encode()
    signature = base64.b64decode(_headers()["signature"].split(":")[1])
    _key().key.verify(signature, lines)


@pytest.mark.parametrize(
    "words", [AnswerStatus, AccountStatus, HolderKind, RefusalReason, AgentFault]
)
def test_every_word_is_on_the_page(words: type[AnswerStatus]) -> None:
    """States, reasons and faults that the code knows are told to the bank."""
    assert [word.value for word in words if f"`{word.value}`" not in PAGE] == []


def test_every_field_is_on_the_page() -> None:
    """What goes over the wire stands in a table."""
    told: HoldAnswer = answer()
    for message in (order(), release(1), told):
        missing = [name for name in message.to_values() if not re.search(f"`{name}`", PAGE)]
        assert missing == []
