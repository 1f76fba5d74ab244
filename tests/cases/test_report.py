"""A report as it is told: bounded, each wrong field with its code, and allowed to be incomplete."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from holdfast.cases.report import (
    IDENTIFIERS_MAX,
    PAYMENTS_MAX,
    TEXT_MAX,
    ReportTold,
    Via,
    missing,
)
from holdfast.core.proxy import Proxy
from holdfast.core.qr import CreditTransferQr, SlipQr

ACCOUNT = "TH.THCBC.004.0123456789"
SLIP = SlipQr("004", "202611200123456789").text()
PAYEE = CreditTransferQr(Proxy("TH", "PROMPTPAY", "MBNO", "+66812345678")).text()


def report(payment: dict[str, Any] | None = None, **more: Any) -> ReportTold:
    """Return a report with one payment."""
    payments = [{"transfer_id": "P"} if payment is None else payment]
    return ReportTold.model_validate({"via": "centre", "payments": payments} | more)


def codes(payment: dict[str, Any] | None = None, **more: Any) -> list[str]:
    """Return the codes of all that is wrong with a report."""
    with pytest.raises(ValidationError) as wrong:
        report(payment, **more)
    return sorted(str(row["type"]) for row in wrong.value.errors())


def test_the_least_report_is_taken() -> None:
    """Who sends it and one reference are enough; the rest is listed as still to be asked."""
    told = report()
    assert told.via is Via.CENTRE
    assert missing(told) == [
        "reporter.name",
        "reporter.phone",
        "reporter.person_id",
        "happened",
        "scam_type",
        "channel",
        "sharing_basis",
        "declared_true",
    ]


def test_a_whole_report_misses_nothing() -> None:
    """With every field told nothing is asked any more."""
    told = report(
        reporter={
            "name": "Somchai",
            "phone": "081 234 5678",
            "person_id": {"country": "TH", "kind": "NIDN", "number": "1-1017-00203-45-0"},
        },
        happened="I was called.",
        scam_type="call_centre",
        channel="phone",
        sharing_basis="consent",
        declared_true=True,
    )
    assert missing(told) == []


@pytest.mark.parametrize(
    ("payment", "code"),
    [
        ({}, "payment_unfindable"),
        ({"amount": "1.00", "currency": "THB"}, "payment_unfindable"),
        ({"time": "2026-11-20T05:00:00Z", "name_shown": "A"}, "payment_unfindable"),
        ({"transfer_id": "P", "amount": "1.00"}, "payment_currency_missing"),
        ({"transfer_id": "P", "amount": "1.005", "currency": "THB"}, "amount_too_fine"),
        ({"transfer_id": "P", "amount": "1", "currency": "XXQ"}, "currency_unknown"),
        ({"transfer_id": "P", "amount": "ten", "currency": "THB"}, "amount_not_decimal"),
        ({"transfer_id": "P", "amount": "1" * 31, "currency": "THB"}, "string_too_long"),
        ({"transfer_id": "P Q"}, "string_pattern_mismatch"),
        ({"transfer_id": ""}, "string_too_short"),
        ({"transfer_id": "P" * 141}, "string_too_long"),
        ({"uetr": "not a uetr"}, "string_pattern_mismatch"),
        ({"slip_qr": "0000"}, "qr_form"),
        ({"slip_qr": SLIP[:-1] + ("0" if SLIP[-1] != "0" else "1")}, "qr_checksum"),
        ({"slip_qr": PAYEE}, "qr_not_slip"),
        ({"slip_qr": "0" * 513}, "string_too_long"),
        ({"from_account": "0123456789"}, "account_form"),
        ({"to_proxy": "+66812345678"}, "proxy_form"),
        ({"transfer_id": "P", "time": "yesterday"}, "time_unreadable"),
        ({"transfer_id": "P", "name_shown": "x" * 201}, "string_too_long"),
        ({"transfer_id": "P", "name_shown": "x\x00y"}, "text_control_character"),
        ({"transfer_id": "P", "loss": 5}, "extra_forbidden"),
    ],
)
def test_a_wrong_payment_is_refused(payment: dict[str, Any], code: str) -> None:
    """Each wrong field of a payment has its own code."""
    assert codes(payment) == [code]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"via": "fax"}, "enum"),
        ({"payments": []}, "too_short"),
        ({"payments": [{"transfer_id": "P"}] * (PAYMENTS_MAX + 1)}, "too_long"),
        ({"happened": "x" * (TEXT_MAX + 1)}, "string_too_long"),
        ({"happened": "a\x00b"}, "text_control_character"),
        ({"institution_case_id": "x" * 101}, "string_too_long"),
        ({"institution_case_id": "7\x007"}, "text_control_character"),
        ({"channel": "x" * 61}, "string_too_long"),
        ({"scam_type": ""}, "string_too_short"),
        ({"reporter": {"phone": "12"}}, "phone_too_short"),
        ({"reporter": {"email": "nobody"}}, "string_pattern_mismatch"),
        ({"reporter": {"email": "a\x00@b"}}, "text_control_character"),
        ({"reporter": {"language": "Thai"}}, "string_pattern_mismatch"),
        ({"reporter": {"age_years": -1}}, "greater_than_equal"),
        ({"reporter": {"age_years": 131}}, "less_than_equal"),
        ({"reporter": {"name": "\u200b"}}, "text_empty"),
        (
            {"reporter": {"person_id": {"country": "TH", "kind": "NIDN", "number": "123"}}},
            "person_form",
        ),
        (
            {
                "reporter": {
                    "person_id": {"country": "TH", "kind": "NIDN", "number": "1101700203452"}
                }
            },
            "person_check_digit",
        ),
        (
            {"reporter": {"person_id": {"country": "ZZ", "kind": "NIDN", "number": "1"}}},
            "person_country_unknown",
        ),
        ({"identifiers": {"phones": ["+66812345678"] * (IDENTIFIERS_MAX + 1)}}, "too_long"),
        ({"identifiers": {"links": ["http://"]}}, "link_host_missing"),
        ({"identifiers": {"wallets": ["ETH:0x12"]}}, "wallet_unknown"),
        ({"identifiers": {"handles": [""]}}, "string_too_short"),
        ({"colour": "red"}, "extra_forbidden"),
        ({"declared_true": "perhaps"}, "bool_parsing"),
    ],
)
def test_a_wrong_report_is_refused(more: dict[str, Any], code: str) -> None:
    """Each wrong field of a report has its own code, and so has each bound."""
    assert codes(**more) == [code]


def test_no_error_tells_a_personal_number() -> None:
    """What is wrong with an identity number is said without the number."""
    number = "1101700203452"
    with pytest.raises(ValidationError) as wrong:
        report(reporter={"person_id": {"country": "TH", "kind": "NIDN", "number": number}})
    assert number not in str(wrong.value)
    assert all(number not in row["msg"] for row in wrong.value.errors())


def test_text_is_kept_plain() -> None:
    """Blanks around, marks that nobody sees and split letters are gone; lines stay lines."""
    told = report(
        reporter={"name": "  Rene\u0301\u200b "},
        happened=" first\r\n\r\n  second\t",
        institution_case_id=" 77 ",
    )
    assert told.reporter.name == "Ren\u00e9"
    assert told.happened == "first\n\nsecond"
    assert told.institution_case_id == "77"


def test_identifiers_are_canonical() -> None:
    """One thing written in two ways is one text inside."""
    told = report(
        {"from_account": ACCOUNT, "amount": "605.72", "currency": "THB"},
        reporter={"phone": "081-234-5678"},
        identifiers={"phones": ["0066812345678"]},
    )
    assert told.reporter.phone == told.identifiers.phones[0] == "+66812345678"
    assert told.payments[0].amount_minor == 60572


def test_times_are_told_with_their_zone() -> None:
    """Noon in Bangkok is five in the morning of UTC."""
    payment = report({"transfer_id": "P", "time": "2026-11-20T12:00:00+07:00"}).payments[0]
    assert payment.time_us == 1_795_150_800_000_000
    assert report().payments[0].time_us is None
