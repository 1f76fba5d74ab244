"""Messages: what is written is read back, and what is wrong is said by field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.banks.samples import ACCOUNT, BANK, NOW_US, answer, order

from holdfast.banks.messages import (
    ANSWER_BYTES_MAX,
    ORDER_BYTES_MAX,
    AccountStatus,
    AnswerStatus,
    ExtendOrder,
    HoldAnswer,
    HolderKind,
    HoldOrder,
    Onward,
    Payment,
    RefusalReason,
    ReleaseOrder,
    any_order_of,
    parse_answer,
    parse_extension,
    parse_order,
    parse_release,
)
from holdfast.core.errors import Refused

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,59}", fullmatch=True)
times = st.integers(0, 4_000_000_000_000_000)
amounts = st.integers(1, 10**18)
texts = st.text(
    st.characters(min_codepoint=33, max_codepoint=0xE5B, exclude_categories=["C", "Z"]),
    min_size=1,
    max_size=140,
).filter(str.isprintable)
accounts = st.from_regex(r"[0-9]{10}", fullmatch=True).map(lambda number: f"{BANK}.{number}")
currencies = st.sampled_from(["THB", "VND", "BHD"])


@st.composite
def orders(draw: st.DrawFn) -> HoldOrder:
    """Draw any order that a centre can send."""
    ordered_us = draw(times)
    return HoldOrder(
        order_id=draw(ids),
        case=draw(ids),
        issuer="TH.AOC",
        institution=BANK,
        account=draw(accounts),
        amount_minor=draw(amounts),
        currency=draw(currencies),
        basis="caller_word",
        basis_source=draw(texts),
        provisional=draw(st.booleans()),
        ordered_at_us=ordered_us,
        expires_at_us=ordered_us + draw(st.integers(1, 10**12)),
        payment=draw(st.none() | st.builds(Payment, texts, times, amounts, st.none() | texts)),
        test=draw(st.booleans()),
    )


@st.composite
def answers(draw: st.DrawFn) -> HoldAnswer:
    """Draw any answer that does not contradict itself."""
    status = draw(st.sampled_from(AnswerStatus))
    holding = status in {AnswerStatus.HELD, AnswerStatus.PARTLY_HELD, AnswerStatus.SEIZED}
    answered_us = draw(times)
    held_us = st.integers(0, answered_us)
    count = st.none() | st.integers(0, 10**18)
    balance = st.none() | st.integers(-(10**18), 10**18)
    text = st.none() | texts
    rows = st.builds(
        Onward,
        texts,
        times,
        st.just(ACCOUNT),
        accounts.filter(lambda other: other != ACCOUNT),
        amounts,
        currencies,
        balance,
        balance,
        text,
        text,
        text,
    )
    refused = status is AnswerStatus.REFUSED
    return HoldAnswer(
        answer_id=draw(ids),
        order_id=draw(ids),
        institution=BANK,
        status=status,
        amount_held_minor=draw(amounts) if holding else 0,
        currency=draw(currencies),
        answered_at_us=answered_us,
        held_at_us=draw(held_us if holding else st.none() | held_us),
        balance_available_minor=draw(count),
        other_holds_minor=draw(count),
        account_status=draw(st.sampled_from(AccountStatus)),
        holder_kind=draw(st.sampled_from(HolderKind)),
        name_matches=draw(st.none() | st.booleans()),
        reason=draw(st.sampled_from(RefusalReason) if refused else st.none()),
        reason_text=draw(text),
        onward=tuple(draw(st.lists(rows, max_size=4, unique_by=lambda row: row.transfer_id))),
    )


@given(orders())
def test_an_order_is_read_as_it_was_written(given_order: HoldOrder) -> None:
    """Reading the canonical bytes gives the same order, and the same bytes again."""
    read = parse_order(given_order.to_bytes())
    assert read == given_order
    assert read.unknown_fields == 0
    assert read.to_bytes() == given_order.to_bytes()


@given(answers())
def test_an_answer_is_read_as_it_was_written(given_answer: HoldAnswer) -> None:
    """Reading the canonical bytes gives the same answer, and the same bytes again."""
    read = parse_answer(given_answer.to_bytes())
    assert read == given_answer
    assert read.to_bytes() == given_answer.to_bytes()


def test_release_and_extension_are_read_as_written() -> None:
    """The two orders that follow a hold keep every field, each under its own type."""
    release = ReleaseOrder("R1", "O1", "TH.AOC", BANK, ACCOUNT, 5, "THB", "withdrawn", NOW_US, True)
    extension = ExtendOrder(
        "E1", "O1", "TH.AOC", BANK, ACCOUNT, "police", "s. 5", NOW_US + 9, NOW_US
    )
    assert parse_release(release.to_bytes()) == release
    assert parse_extension(extension.to_bytes()) == extension
    for message in (release, extension, order()):
        assert any_order_of(message.to_values()) == message


def test_the_canonical_form_is_sorted_and_compact() -> None:
    """Names are sorted and nothing is blank, so that equal messages have equal bytes."""
    body = order().to_bytes()
    values = json.loads(body)
    assert list(values) == sorted(values)
    assert body == json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def test_iso_names_and_our_own_must_agree() -> None:
    """The account in ISO 20022 element names may be left out, but not differ."""
    values = order().to_values()
    assert values["Acct"]["Id"]["Othr"]["Id"] == "0123456789"
    assert _order_code(values | {"Acct": None}) is None
    other = json.loads(json.dumps(values["Acct"]).replace("0123456789", "0123456780"))
    assert _order_code(values | {"Acct": other}) == "Acct"


def test_unknown_fields_are_counted_and_left_out() -> None:
    """A field that is not known, at any depth, changes nothing but the count."""
    values = order(payment=Payment("T1", NOW_US, 5)).to_values()
    values["payment"]["colour"] = "red"
    values["LglMndtBsis"]["Dsclmr"] = {}
    read = parse_order(json.dumps(values | {"more": [1]}).encode())
    assert read.unknown_fields == 3
    assert read == parse_order(json.dumps(values).encode())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "hold-answer"),
        ("version", 2),
        ("version", True),
        ("order_id", None),
        ("order_id", ""),
        ("order_id", "../1"),
        ("order_id", "x" * 61),
        ("case", 7),
        ("institution", "th.thcbc.004"),
        ("account", "0123456789"),
        ("scope", "account"),
        ("amount_minor", 0),
        ("amount_minor", -1),
        ("amount_minor", 10**18 + 1),
        ("amount_minor", 1.0),
        ("amount_minor", "1"),
        ("amount_minor", True),
        ("currency", "XXZ"),
        ("currency", "thb"),
        ("provisional", "true"),
        ("ordered_at", "2026-03-01T00:00:00"),
        ("ordered_at", "2026-03-01T07:00:00+07:00"),
        ("ordered_at", 1772300000000000),
        ("expires_at", "2569-03-01T00:00:00Z"),
        ("test", 1),
        ("payment", []),
        ("LglMndtBsis", "caller_word"),
    ],
)
def test_a_wrong_field_of_an_order_is_named(field: str, value: object) -> None:
    """Each field that is out of its bounds refuses the order, and the error names it."""
    assert _order_code(order().to_values() | {field: value}) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("answer_id", "a/b"),
        ("status", "frozen"),
        ("status", ["held"]),
        ("amount_held_minor", -1),
        ("balance_available_minor", "7"),
        ("account_status", "open"),
        ("holder_kind", "mule"),
        ("answered_at", None),
        ("held_at", "yesterday"),
        ("reason", "because"),
        ("reason_text", "x" * 501),
        ("reason_text", "\x00"),
        ("name_matches", "yes"),
        ("onward", {}),
        ("onward", [{}] * 1001),
    ],
)
def test_a_wrong_field_of_an_answer_is_named(field: str, value: object) -> None:
    """Each field that is out of its bounds refuses the answer, and the error names it."""
    with pytest.raises(Refused) as caught:
        parse_answer(json.dumps(answer().to_values() | {field: value}).encode())
    assert (caught.value.code, caught.value.fields["field"]) == ("answer_field", field)


def test_a_wrong_row_of_onward_transfers_is_named_with_its_place() -> None:
    """The error says which row, and never shows the value, which may be personal."""
    rows = [Onward(f"T{n}", NOW_US, ACCOUNT, f"{BANK}.9", 1, "THB").to_values() for n in (1, 2)]
    rows[1]["credit_account"] = "Somchai's account"
    with pytest.raises(Refused) as caught:
        parse_answer(json.dumps(answer().to_values() | {"onward": rows}).encode())
    assert caught.value.fields["field"] == "onward[1].credit_account"
    assert "Somchai" not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [
        {"amount_held_minor": 0},
        {"status": "refused", "reason": "no_funds"},
        {"status": "acknowledged"},
        {"status": "lapsed"},
        {"held_at": None},
        {"held_at": "2027-01-01T00:00:00Z"},
        {"status": "refused", "amount_held_minor": 0},
        {"onward": [Onward("T1", NOW_US, ACCOUNT, f"{BANK}.9", 1, "THB").to_values()] * 2},
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(other: dict[str, object]) -> None:
    """Amount, state, times and reason must fit each other."""
    with pytest.raises(Refused) as caught:
        parse_answer(json.dumps(answer().to_values() | other).encode())
    assert caught.value.code == "answer_contradiction"


@pytest.mark.parametrize(
    "wrong",
    [order(institution="TH.THCBC.014"), order(expires_at_us=NOW_US)],
)
def test_an_order_that_contradicts_itself_is_refused(wrong: HoldOrder) -> None:
    """The account is the ordered bank's own, and the deadline is later than the order."""
    with pytest.raises(Refused) as caught:
        parse_order(wrong.to_bytes())
    assert caught.value.code == "order_contradiction"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"type":NaN}',
        b"\xff",
        b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"a":' + b"9" * 5000 + b"}",
    ],
    ids=range(9),
)
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    """Broken, doubled, endless or deep: one code, and no crash."""
    with pytest.raises(Refused, match="not an answer") as caught:
        parse_answer(body)
    assert caught.value.code == "answer_unreadable"
    with pytest.raises(Refused) as caught:
        parse_order(body)
    assert caught.value.code == "order_unreadable"


def test_length_is_bounded_before_anything_is_read() -> None:
    """An order has at most 64 KiB, an answer at most 1 MB; both limits are taken as they are."""
    body = order().to_bytes()
    assert parse_order(body + b" " * (ORDER_BYTES_MAX - len(body))) == order()
    with pytest.raises(Refused) as caught:
        parse_order(b" " * (ORDER_BYTES_MAX + 1))
    assert caught.value.code == "order_too_long"
    with pytest.raises(Refused) as caught:
        parse_answer(b" " * (ANSWER_BYTES_MAX + 1))
    assert caught.value.code == "answer_too_long"


def test_prose_keeps_thai_and_loses_line_breaks() -> None:
    """What a clerk writes may have line breaks and invisible joints; both are made plain."""
    values = answer().to_values() | {"reason_text": "ลูกค้า\u200bโต้แย้ง\nรอเอกสาร"}
    assert parse_answer(json.dumps(values).encode()).reason_text == "ลูกค้าโต้แย้ง รอเอกสาร"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_but_refused_comes_from_any_json(value: Any) -> None:
    """Whatever stands in a field, the reader either takes it or says what is wrong."""
    for name in answer().to_values():
        body = json.dumps(answer().to_values() | {name: value}).encode()
        code = ""
        try:
            parse_answer(body)
        except Refused as refused:
            code = refused.code
        assert code in {"", "answer_field", "answer_contradiction", "answer_unreadable"}


def _order_code(values: dict[str, Any]) -> object:
    """Return the field that an order is refused for, or None where it is taken."""
    try:
        parse_order(json.dumps(values).encode())
    except Refused as refused:
        return refused.fields.get("field", refused.code)
    return None


def test_an_order_may_name_the_holder_shown_and_what_it_takes_over() -> None:
    """Both come back as they went, are left out where there are none, and are bounded."""
    plain = order().to_values()
    assert "takes_over" not in plain
    shown = Payment("T1", NOW_US, 100, name_shown="สมชาย ใจดี")
    full = replace(order(), payment=shown, takes_over="S-1")
    assert parse_order(full.to_bytes()) == full
    values = full.to_values()
    for wrong in ("", "a b", "x" * 61):
        assert _order_code(values | {"takes_over": wrong}) == "takes_over"
    for name in ("", "x" * 201, 7):
        payment = values["payment"] | {"name_shown": name}
        assert _order_code(values | {"payment": payment}) == "payment.name_shown"
