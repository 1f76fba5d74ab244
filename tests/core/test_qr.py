"""QR codes: published vectors, codes of our own read back, and damaged pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.account import Account
from holdfast.core.errors import Refused
from holdfast.core.proxy import Proxy, parse_promptpay
from holdfast.core.qr import QR_LENGTH_MAX, BillPaymentQr, CreditTransferQr, SlipQr, parse_qr

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/promptpay/promptpay_qr_vectors.json"
PHONE = "00020101021129370016A000000677010111011300668012345675802TH530376463046197"


def checksum(payload: str) -> str:
    """CRC-16/CCITT-FALSE bit by bit, so that the test does not trust the code."""
    register = 0xFFFF
    for byte in payload.encode():
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x1021 if register & 0x8000 else 0)
            register &= 0xFFFF
    return f"{register:04X}"


def closed(payload: str, field: str = "63") -> str:
    """Return a payload with its checksum field."""
    return f"{payload}{field}04" + checksum(f"{payload}{field}04")


def test_the_checksum_is_the_one_of_the_standard() -> None:
    """The check value of CRC-16/CCITT-FALSE is 29B1."""
    assert checksum("123456789") == "29B1"


@pytest.mark.parametrize(
    ("target", "amount_minor", "payload"),
    [
        ("0801234567", None, PHONE),
        (
            "+66-89-123-4567",
            None,
            "00020101021129370016A000000677010111011300668912345675802TH5303764630429C1",
        ),
        (
            "1-1111-11111-11-1",
            None,
            "00020101021129370016A000000677010111021311111111111115802TH530376463047B5A",
        ),
        (
            "000-000-0000",
            422,
            "00020101021229370016A000000677010111011300660000000005802TH530376454044.226304E469",
        ),
    ],
)
def test_published_promptpay_codes_are_read_and_written(
    target: str, amount_minor: int | None, payload: str
) -> None:
    """The payee, the amount and the very text of the code are those of the vectors."""
    code = CreditTransferQr(parse_promptpay(target), amount_minor)
    assert parse_qr(payload) == code
    assert code.text() == payload


@pytest.mark.skipif(not SHARED.exists(), reason="the shared test data is not beside the checkout")
def test_the_shared_promptpay_codes_hold() -> None:
    """Every vector of the shared file is read and written as published."""
    for vector in json.loads(SHARED.read_text(encoding="utf-8")):
        amount_minor = None if vector["amount"] is None else round(vector["amount"] * 100)
        code = CreditTransferQr(parse_promptpay(vector["target"]), amount_minor)
        assert parse_qr(vector["payload"]) == code
        assert code.text() == vector["payload"]


def test_a_slip_gives_the_bank_and_the_reference() -> None:
    """The mini-QR of a slip is the best thing a victim can send."""
    payload = closed("0046" + "0006000001" + "0103004" + "0225" + "2026030112345678901234567"
                     + "5102TH", "91")  # fmt: skip
    slip = parse_qr(payload)
    assert slip == SlipQr("004", "2026030112345678901234567")
    assert slip.bank == "TH.THCBC.004"
    assert slip.text() == payload


def test_a_slip_with_a_small_letter_checksum_is_read() -> None:
    """Some wallets write the checksum in small letters."""
    payload = SlipQr("014", "a1B2").text()
    assert parse_qr(payload[:-4] + payload[-4:].lower()) == SlipQr("014", "a1B2")


def test_a_bank_account_can_be_the_payee() -> None:
    """Field 29 may carry the bank and the number of an account."""
    code = CreditTransferQr(Account.parse("TH.THCBC.004.0123456789"), 10_000)
    assert "04130040123456789" in code.text()
    assert "5406100.00" in code.text()
    assert parse_qr(code.text()) == code


def test_a_bill_is_found_among_other_schemes() -> None:
    """A shop's code carries several networks; the Thai bill payment among them is read."""
    payload = closed("000201" + "0102" + "12" + "26180014ID.CO.QRIS.WWW"
                     + "30" + "62" + "0016A000000677010112" + "0115" + "010753600031501"
                     + "0208REF00001" + "0307REF0002" + "5303764" + "540510.00" + "5802TH")  # fmt: skip
    assert parse_qr(payload) == BillPaymentQr("010753600031501", "REF00001", "REF0002", 1000)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("", "text_empty"),
        ("hello", "qr_form"),
        ("000", "qr_form"),
        ("0002", "qr_form"),
        ("000201000201", "qr_form"),
        (closed("000201000201"), "qr_form"),
        (PHONE[:-1], "qr_form"),
        (PHONE[:-8], "qr_form"),
        (PHONE[:-4] + "0000", "qr_checksum"),
        (PHONE.replace("80123456", "80123457"), "qr_checksum"),
        ("๐" + PHONE[1:], "qr_form"),
        (PHONE + "\0", "text_control_character"),
        ("0" * (QR_LENGTH_MAX + 1), "text_too_long"),
        (closed("00020101021126180014ID.CO.QRIS.WWW5802TH5303360"), "qr_unknown"),
        (closed("0002010102112916" + "0012A00000067701"), "qr_unknown"),
        (closed("000201010211" + "2920" + "0016A000000677010111" + "5303764"), "qr_field_missing"),
        (closed("000201" + "2928" + "0016A000000677010111" + "0104" + "0066"), "qr_field_form"),
        (PHONE[:-15] + "5303840" + "6304" + checksum(PHONE[:-15] + "53038406304"), "qr_currency"),
        (closed(PHONE[:-8] + "54040.00"), "amount_not_positive"),
        (closed(PHONE[:-8] + "54051.234"), "amount_too_fine"),
        (closed(PHONE[:-8] + "5402-1"), "amount_not_positive"),
        (closed("0017" + "0006000001" + "0103004" + "5102TH", "91"), "qr_field_missing"),
        (closed("0024" + "0006000001" + "0103abc" + "02031230", "91"), "qr_form"),
        (closed("0024" + "0006000001" + "0103abc" + "0203123", "91"), "qr_field_form"),
    ],
)
def test_a_damaged_code_is_refused(payload: str, code: str) -> None:
    """Broken off, changed, repeated, foreign and hostile codes have each their own code."""
    with pytest.raises(Refused) as refusal:
        parse_qr(payload)
    assert refusal.value.code == code
    assert str(refusal.value)


def test_a_refusal_never_shows_what_the_code_carries() -> None:
    """A code may carry a national id, so no sentence shows a field of the payee."""
    payload = closed(
        "000201" + "2936" + "0016A000000677010111" + "0212" + "110000000000" + "5802TH"
    )
    with pytest.raises(Refused) as refusal:
        parse_qr(payload)
    assert refusal.value.code == "qr_field_form"
    assert "1100" not in str(refusal.value) + repr(refusal.value.args)


def test_only_thai_payees_have_a_thai_code() -> None:
    """A PayNow number cannot be paid by a PromptPay code."""
    for payee in (
        Proxy.parse("SG.PAYNOW.MBNO.+6581234567"),
        Account.parse("SG.SGIBG.7171.0123456789"),
    ):
        with pytest.raises(Refused) as refusal:
            CreditTransferQr(payee).text()
        assert refusal.value.code == "qr_payee"


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_a_code_asks_for_money_or_leaves_it_open(amount_minor: int) -> None:
    """Nothing and less than nothing cannot be asked for."""
    with pytest.raises(Refused) as refusal:
        CreditTransferQr(parse_promptpay("0812345678"), amount_minor).text()
    assert refusal.value.code == "amount_not_positive"


AMOUNTS = st.none() | st.integers(1, 10**12)
REFERENCES = st.text("0123456789ABCxyz", min_size=1, max_size=20)


@given(
    st.from_regex(r"0[0-9]{9}|[1-9][0-9]{12}|[0-9]{15}", fullmatch=True)
    | st.from_regex(r"TH\.THCBC\.[0-9]{3}\.[0-9A-Z]{1,40}", fullmatch=True),
    AMOUNTS,
)
def test_what_is_written_is_read(target: str, amount_minor: int | None) -> None:
    """Every payee and amount comes back from its code, whose checksum holds."""
    payee = Account.parse(target) if "." in target else parse_promptpay(target)
    text = CreditTransferQr(payee, amount_minor).text()
    assert parse_qr(text) == CreditTransferQr(payee, amount_minor)
    assert text[-4:] == checksum(text[:-4])


@given(REFERENCES, st.none() | REFERENCES, AMOUNTS)
def test_a_bill_that_is_written_is_read(
    first: str, second: str | None, amount_minor: int | None
) -> None:
    """Both references and the amount of a bill come back from its code."""
    code = BillPaymentQr("010500000000400", first, second, amount_minor)
    assert parse_qr(code.text()) == code


@given(st.integers(0, len(PHONE) - 1), st.sampled_from("0123456789AF"))
def test_a_misread_sign_is_found(place: int, sign: str) -> None:
    """One wrong character anywhere is refused: the checksum or the frame does not hold."""
    if PHONE[place] != sign:
        with pytest.raises(Refused):
            parse_qr(PHONE[:place] + sign + PHONE[place + 1 :])


@given(st.text(max_size=60) | st.text("01235629ATH.", max_size=60).map(closed))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    """Nothing from outside raises anything but a refusal."""
    try:
        code = parse_qr(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert re.fullmatch("[ -~]+", code.text())
