"""Transfers from pacs.008: one transaction is one transfer, in whatever wrapping it comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from tests.ledger.readers.messages import (
    CAMBODIAN_AGENT,
    UETR,
    VERSION,
    document,
    envelope,
    payment,
)
from tests.ledger.readers.written import TRANSFER, codes, read, refusal, written

from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes
from holdfast.ledger.transfer import Transfer

SHARED = Path(__file__).resolve().parents[3] / "../shared/data/iso20022"
SCHEMA = SHARED / "xsd/pacs.008.001.08.xsd"
SAMPLES = SHARED / "fednow_samples"

EXPECTED = TRANSFER._replace(transfer_id=UETR, uetr=UETR, end_to_end_id="E2E-1")

LOCAL_INSTRUMENT = "<PmtTpInf><LclInstrm><{tag}>PROMPTPAY</{tag}></LclInstrm></PmtTpInf>"
IBAN = "<DbtrAcct><Id><IBAN>TL380080012345678910157</IBAN></Id></DbtrAcct>"
PROXY = "<Prxy><Tp><Cd>MBNO</Cd></Tp><Id>+66-812345678</Id></Prxy>"
OTHER_ACCOUNT = "<Id><Othr><Id>{number}</Id></Othr></Id>"

VALID = {
    "plain": payment(),
    "TxId": payment(ids="<EndToEndId>E</EndToEndId><TxId>TX-1</TxId>"),
    "InstrId": payment(ids="<InstrId>I-1</InstrId><EndToEndId>E-1</EndToEndId>"),
    "no acceptance time": payment(accepted=""),
    "instrument code": payment(kind=LOCAL_INSTRUMENT.format(tag="Cd")),
    "proprietary instrument": payment(kind=LOCAL_INSTRUMENT.format(tag="Prtry")),
    "BIC": payment(debit_agent=CAMBODIAN_AGENT),
    "IBAN": payment(debit_account=IBAN, debit_agent="<BICFI>ABCDTLDI</BICFI>"),
    "account and proxy": payment(
        credit_account=f"<CdtrAcct>{OTHER_ACCOUNT.format(number='9876543210')}{PROXY}</CdtrAcct>"
    ),
    "no account": payment(debit_account=""),
}


@pytest.mark.skipif(not SCHEMA.exists(), reason="the shared ISO 20022 schemas are not here")
@pytest.mark.parametrize("name", VALID)
def test_the_messages_of_these_tests_are_valid(name: str) -> None:
    """What the tests call a message is one by the published schema."""
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    kind = LOCAL_INSTRUMENT.format(tag="Cd")
    schema.assertValid(etree.fromstring(document(VALID[name], kind=kind).encode()))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("plain", {}),
        ("TxId", {"transfer_id": "TX-1", "uetr": None, "end_to_end_id": "E"}),
        ("InstrId", {"transfer_id": "M-1/I-1", "uetr": None, "end_to_end_id": "E-1"}),
        ("no acceptance time", {"time_us": 1_772_323_200_000_000}),
        ("instrument code", {"channel": "PROMPTPAY"}),
        ("proprietary instrument", {"channel": "PROMPTPAY"}),
        ("BIC", {"debit_account": "KH.BICFI.ABCDKHPP.0123456789"}),
        ("IBAN", {"debit_account": "TL.BICFI.ABCDTLDI.TL380080012345678910157"}),
        ("account and proxy", {}),
    ],
)
def test_a_transaction_becomes_a_transfer(
    tmp_path: Path, name: str, changes: dict[str, object]
) -> None:
    """Id, time, accounts and channel come from the first element that gives them."""
    (found,) = read(written(tmp_path, document(VALID[name])))
    assert isinstance(found, Transfer)
    assert found._asdict() == EXPECTED._asdict() | changes


@pytest.mark.parametrize("version", ["01", "02", "07", "08", "10", "13"])
def test_any_version_is_read(tmp_path: Path, version: str) -> None:
    """The version in the namespace makes no difference to what is read."""
    path = written(tmp_path, document(payment(), version=f"pacs.008.001.{version}"))
    assert read(path) == [EXPECTED]


def test_the_older_name_of_the_bic_is_read(tmp_path: Path) -> None:
    """Up to version 02 the element was named BIC."""
    path = written(tmp_path, document(payment(debit_agent="<BIC>ABCDKHPP</BIC>")))
    (found,) = read(path)
    assert isinstance(found, Transfer)
    assert found.debit_account == "KH.BICFI.ABCDKHPP.0123456789"


def test_a_prefix_is_as_good_as_a_default_namespace(tmp_path: Path) -> None:
    """Namespaces count, not how they are abbreviated."""
    text = document(payment()).replace("<", "<p:").replace("<p:/", "</p:")
    assert read(written(tmp_path, text.replace("xmlns=", "xmlns:p="))) == [EXPECTED]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    """XML says itself how it is encoded, with a byte order mark or a declaration."""
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + document(payment())
    assert read(written(tmp_path, text.encode(encoding))) == [EXPECTED]


def test_an_envelope_of_many_messages_is_read_in_order(tmp_path: Path) -> None:
    """Business headers are passed over; each message keeps its own group header."""
    first = document(
        payment(ids="<InstrId>1</InstrId><EndToEndId>E</EndToEndId>", accepted=""),
        payment(ids="<InstrId>2</InstrId><EndToEndId>E</EndToEndId>"),
        message_id="A",
        created="2026-02-01T00:00:00Z",
        kind=LOCAL_INSTRUMENT.format(tag="Cd"),
    )
    second = document(
        payment(ids="<InstrId>1</InstrId><EndToEndId>E</EndToEndId>", accepted=""), message_id="B"
    )
    notes = ReadNotes()
    path = written(tmp_path, envelope([first, second]))
    found = [item for item in read(path, notes) if isinstance(item, Transfer)]
    assert [transfer.transfer_id for transfer in found] == ["A/1", "A/2", "B/1"]
    assert [transfer.channel for transfer in found] == ["PROMPTPAY", "PROMPTPAY", None]
    assert found[0].time_us < found[2].time_us < found[1].time_us
    assert notes.row == 3
    assert notes.bytes_read == notes.bytes_total == path.stat().st_size


def test_another_message_in_an_envelope_is_a_problem(tmp_path: Path) -> None:
    """What is no credit transfer is told, and the transfers beside it are read."""
    other = document(version="pacs.002.001.10")
    found = read(written(tmp_path, envelope([other, document(payment())])))
    assert codes(found) == ["xml_not_pacs008", ""]
    assert "pacs.002" in str(found[0])


def test_a_message_of_fewer_transactions_than_announced_is_a_problem(tmp_path: Path) -> None:
    """The count of the group header is held against what came."""
    found = read(written(tmp_path, document(payment(), count=2)))
    assert codes(found) == ["", "xml_count_differs"]
    assert "'M-1'" in str(found[1])


SAME_ID = "<EndToEndId>NOTPROVIDED</EndToEndId>"


@pytest.mark.parametrize(
    ("bad", "code", "column"),
    [
        (payment(ids=SAME_ID), "cell_empty", "transfer_id"),
        (payment(ids="<UETR>" + "x" * 5000 + "</UETR>"), "text_too_long", "transfer_id"),
        (payment(ids="<UETR>a&#x202e;b</UETR>"), "text_unprintable", "transfer_id"),
        (payment(amount=""), "cell_empty", None),
        (payment(amount="<IntrBkSttlmAmt>5</IntrBkSttlmAmt>"), "cell_empty", "currency"),
        (
            payment(amount='<IntrBkSttlmAmt Ccy="THB">0</IntrBkSttlmAmt>'),
            "amount_not_positive",
            "amount",
        ),
        (
            payment(amount='<IntrBkSttlmAmt Ccy="THB">1.005</IntrBkSttlmAmt>'),
            "amount_too_fine",
            "amount",
        ),
        (
            payment(amount=f'<IntrBkSttlmAmt Ccy="THB">5{" " * 2000}</IntrBkSttlmAmt>'),
            "amount_not_decimal",
            "amount",
        ),
        (
            payment(amount='<IntrBkSttlmAmt Ccy="BTC">1</IntrBkSttlmAmt>'),
            "currency_unknown",
            "currency",
        ),
        (
            payment(accepted="<AccptncDtTm>2026-03-01T00:00:00</AccptncDtTm>"),
            "time_without_zone",
            "time",
        ),
        (
            payment(accepted="<AccptncDtTm>2569-03-01T00:00:00Z</AccptncDtTm>"),
            "time_buddhist_year",
            "time",
        ),
        (VALID["no account"], "account_missing", "debit_account"),
        (
            payment(credit_account=f"<CdtrAcct>{PROXY}</CdtrAcct>"),
            "account_only_proxy",
            "credit_account",
        ),
        (
            payment(
                credit_account=f"<CdtrAcct>{OTHER_ACCOUNT.format(number='PROXY')}{PROXY}</CdtrAcct>"
            ),
            "account_only_proxy",
            "credit_account",
        ),
        (payment(debit_agent="<Nm>NOTPROVIDED</Nm>"), "agent_unknown", "debit_account"),
        (
            payment(credit_agent="<ClrSysMmbId><MmbId>004</MmbId></ClrSysMmbId>"),
            "agent_unknown",
            "credit_account",
        ),
        (payment(debit_agent="<BICFI>nonsense</BICFI>"), "account_country_unknown", None),
        (
            payment(debit_account="<DbtrAcct><Id><Othr><Id>1.2</Id></Othr></Id></DbtrAcct>"),
            "account_form",
            "debit_account",
        ),
        (
            payment(amount='<IntrBkSttlmAmt Ccy="THB">1</IntrBkSttlmAmt>' * 2),
            "xml_element_twice",
            None,
        ),
    ],
)
def test_a_bad_transaction_is_one_problem(
    tmp_path: Path, bad: str, code: str, column: str | None
) -> None:
    """A transaction that is no transfer is told by its number, the others are read."""
    found = read(written(tmp_path, document(payment(), bad, payment())))
    assert codes(found) == ["", code, ""]
    assert isinstance(found[1], Problem)
    assert found[1].row == 2
    if column:
        assert found[1].fields["column"] == column


def test_a_header_without_zone_is_a_problem_of_each_transaction(tmp_path: Path) -> None:
    """A message time that names no zone is no instant."""
    text = document(payment(accepted=""), payment(), created="2026-03-01T00:00:00")
    assert codes(read(written(tmp_path, text))) == ["time_without_zone", ""]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (document(version="pacs.009.001.08"), "pacs.009"),
        ('<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"/>', "AppHdr"),
        ("<html><body>Not found</body></html>", "html"),
        ("<Document/>", "Document"),
        ("<Batch/>", "Batch"),
        (document(payment(), version="pacs.008.001.8"), "pacs.008.001.8"),
    ],
)
def test_other_xml_is_refused(tmp_path: Path, content: str, named: str) -> None:
    """XML of another kind is refused with its name."""
    refused = refusal(written(tmp_path, content))
    assert refused.code == "xml_not_pacs008"
    assert named in str(refused)


SPOILED = "MessageReject_Scenario1_Step1_pacs.008.xml"  # the sample of a message that is no XML
PROXIES = "MessageRetrieval_Scenario1_Step2_pacs.008.xml"  # both accounts by e-mail address alone
HEADERS = "MessageRetrieval_Scenario2_Step2_head.001(pacs.008).xml"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared FedNow samples are not here")
def test_the_fednow_samples_are_read() -> None:
    """Each published sample of pacs.008 is a transfer, but for three that mean to be none."""
    found = {}
    for path in sorted(SAMPLES.glob("*pacs.008*")):
        if path.name == SPOILED:
            assert refusal(path).code == "xml_unreadable"
        elif path.name == HEADERS:
            assert refusal(path).code == "xml_not_pacs008"
        else:
            (found[path.name],) = read(path)
    assert codes([found.pop(PROXIES)]) == ["account_only_proxy"]
    assert len(found) == 26
    for transfer in found.values():
        assert isinstance(transfer, Transfer)
        assert transfer.currency == "USD"
        assert transfer.debit_account.startswith("US.USABA.")
        assert transfer.credit_account.startswith("US.USABA.")


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared FedNow samples are not here")
def test_other_fednow_messages_are_refused() -> None:
    """No other kind of message is taken for a transfer."""
    others = [path for path in SAMPLES.glob("*.xml") if "pacs.008" not in path.name]
    assert len(others) > 100
    assert {refusal(path).code for path in others} == {"xml_not_pacs008"}


def test_the_version_of_these_tests_is_the_schema_s() -> None:
    """The messages above name the version whose schema they are held against."""
    assert SCHEMA.name == f"{VERSION}.xsd"
