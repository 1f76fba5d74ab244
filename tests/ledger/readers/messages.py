"""pacs.008 messages as these tests write them, valid by the schema unless a test spoils them."""

from __future__ import annotations

from collections.abc import Sequence

VERSION = "pacs.008.001.08"
UETR = "8a562c67-ca16-48ba-b074-65581be6f011"
THAI_AGENT = "<ClrSysMmbId><ClrSysId><Cd>THCBC</Cd></ClrSysId><MmbId>{member}</MmbId></ClrSysMmbId>"
CAMBODIAN_AGENT = "<BICFI>ABCDKHPPXXX</BICFI>"


def payment(
    *,
    ids: str = f"<EndToEndId>E2E-1</EndToEndId><UETR>{UETR}</UETR>",
    kind: str = "",
    amount: str = '<IntrBkSttlmAmt Ccy="THB">605.72</IntrBkSttlmAmt>',
    accepted: str = "<AccptncDtTm>2026-03-01T07:02:42+07:00</AccptncDtTm>",
    debit_account: str = "<DbtrAcct><Id><Othr><Id>0123456789</Id></Othr></Id></DbtrAcct>",
    debit_agent: str = THAI_AGENT.format(member="004"),
    credit_account: str = "<CdtrAcct><Id><Othr><Id>9876543210</Id></Othr></Id></CdtrAcct>",
    credit_agent: str = THAI_AGENT.format(member="014"),
) -> str:
    """Write one transaction; each part can be replaced by other XML, or by nothing."""
    return (
        f"<CdtTrfTxInf><PmtId>{ids}</PmtId>{kind}{amount}"
        f"<IntrBkSttlmDt>2026-03-01</IntrBkSttlmDt>{accepted}<ChrgBr>SLEV</ChrgBr>"
        f"<Dbtr><Nm>A</Nm></Dbtr>{debit_account}"
        f"<DbtrAgt><FinInstnId>{debit_agent}</FinInstnId></DbtrAgt>"
        f"<CdtrAgt><FinInstnId>{credit_agent}</FinInstnId></CdtrAgt>"
        f"<Cdtr><Nm>B</Nm></Cdtr>{credit_account}</CdtTrfTxInf>"
    )


def document(
    *payments: str,
    version: str = VERSION,
    message_id: str = "M-1",
    created: str = "2026-03-01T00:00:00Z",
    count: int | None = None,
    kind: str = "",
) -> str:
    """Write one message with its group header."""
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><FIToFICstmrCdtTrf>'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{created}</CreDtTm>"
        f"<NbOfTxs>{len(payments) if count is None else count}</NbOfTxs>"
        f"<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>{kind}</GrpHdr>"
        f"{''.join(payments)}</FIToFICstmrCdtTrf></Document>"
    )


def envelope(documents: Sequence[str]) -> str:
    """Write several messages, each behind its business header, in one file."""
    header = (
        '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">'
        "<BizMsgIdr>B-1</BizMsgIdr><CreDt>2026-03-01T00:00:00Z</CreDt></AppHdr>"
    )
    parts = "".join(f"<Message>{header}{text}</Message>" for text in documents)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Batch>{parts}</Batch>'
