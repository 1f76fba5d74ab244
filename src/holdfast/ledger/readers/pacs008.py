"""Transfers from ISO 20022 pacs.008 XML (customer credit transfer between institutions).

Any version of the message is read, one or many in a file, alone or in an envelope with their
business headers. Each transaction (`CdtTrfTxInf`) is one transfer:

  transfer_id     `UETR`; without one `TxId`; without both `MsgId/InstrId` or `MsgId/EndToEndId`
  time            `AccptncDtTm` of the transaction, else `CreDtTm` of the group header
  amount          `IntrBkSttlmAmt`, what was settled between the institutions
  debit_account   `DbtrAcct` at `DbtrAgt`: COUNTRY.SCHEME.MEMBER.NUMBER by the agent's clearing
                  code, or COUNTRY.BICFI.BIC.NUMBER where only its BIC is known
  credit_account  the same of `CdtrAcct` at `CdtrAgt`
  channel         `LclInstrm` of the transaction, else of the group header

The message names the parties too; nothing of them is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import BinaryIO

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.core.schemes import table
from holdfast.core.words import N_
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.pacs008_message import MessageStream, Payment, not_pacs008
from holdfast.ledger.readers.rows import COLUMNS, TransferRows
from holdfast.ledger.transfer import Transfer

CHUNK_BYTES = 64 * 1024
SILENT_BYTES_MAX = 1024 * 1024
"""How far the parser may read without a word: the bound of one tag, attribute or comment."""
_PLACEHOLDER = "PROXY"
"""What FedNow puts for the number of an account that is known by its proxy alone."""


def read_pacs008(
    file: BinaryIO, name: str, now_us: int, notes: ReadNotes
) -> Iterator[Transfer | Problem]:
    """Yield the transfers and problems of an XML file in the order of its transactions.

    Raises:
        Refused: before anything is yielded: `xml_doctype`, `xml_unreadable`, `xml_not_pacs008`,
            `xml_too_deep`, `xml_too_many_names`, `xml_token_too_long`.
    """
    stream = MessageStream()
    parse = _Parser(stream).parse
    rows = TransferRows(now_us)
    number = 0
    empty = True
    damage = None
    for chunk in chain(iter(partial(file.read, CHUNK_BYTES), b""), [b""]):
        notes.bytes_read += len(chunk)
        damage = parse(chunk)
        for found in stream.take():
            empty = False
            if isinstance(found, Refused):
                yield Problem.of(found, name, 0)
            else:
                number += 1
                notes.row = number
                yield _transfer_or_problem(rows, found, name, number)
        if damage is not None:
            break
    if damage is None and empty and not stream.messages:
        damage = not_pacs008(stream.root)
    if damage is not None:
        if empty:
            raise damage
        yield Problem.of(damage, name, number + 1)


class _Parser:
    """Feeds the stream without entities and document types, and says what stopped it."""

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._parser = DefusedXMLParser(target=stream, forbid_dtd=True)
        self._silent_bytes = 0

    def parse(self, chunk: bytes) -> Refused | None:
        """Take the next bytes, none at the end; return what is wrong, if they cannot be read."""
        before = self._stream.events
        try:
            if chunk:
                self._parser.feed(chunk)
            else:
                self._parser.close()
        except Refused as refused:
            return refused
        except DefusedXmlException:
            return Refused(
                "xml_doctype",
                N_("the XML declares a DOCTYPE or entities; a payment message never does"),
            )
        except ParseError as error:
            line, column = error.position
            return Refused(
                "xml_unreadable",
                N_(
                    "the XML is damaged or cut short at line {line}, column {column}; have it sent again"
                ),
                line=line,
                column=column + 1,
            )
        except (LookupError, ValueError):
            return Refused(
                "xml_encoding_unknown",
                N_("the XML names an encoding that is not known; UTF-8 is"),
            )
        self._silent_bytes = self._silent_bytes + len(chunk) if self._stream.events == before else 0
        if self._silent_bytes < SILENT_BYTES_MAX:
            return None
        return Refused(
            "xml_token_too_long",
            N_("a tag, attribute or comment of the XML is longer than {limit} bytes"),
            limit=SILENT_BYTES_MAX,
        )


def _transfer_or_problem(
    rows: TransferRows, payment: Payment, name: str, number: int
) -> Transfer | Problem:
    try:
        if payment.fault is not None:
            raise payment.fault
        return rows.transfer(_cells(payment))
    except Refused as refused:
        return Problem.of(refused, name, number)


def _cells(payment: Payment) -> tuple[str, ...]:
    """Return the transaction as cells in the order of `COLUMNS`."""
    text, header = payment.text, payment.header
    end_to_end_id = text("PmtId/EndToEndId")
    if end_to_end_id == "NOTPROVIDED":  # the customary word for none
        end_to_end_id = ""
    own_id, message_id = text("PmtId/InstrId") or end_to_end_id, header.get("MsgId")
    combined = f"{message_id}/{own_id}" if message_id and own_id else ""
    channel = "PmtTpInf/LclInstrm/Cd", "PmtTpInf/LclInstrm/Prtry"
    cells = dict.fromkeys(COLUMNS, "") | {
        "transfer_id": text("PmtId/UETR", "PmtId/TxId") or combined,
        "time": text("AccptncDtTm") or header.get("CreDtTm", ""),
        "debit_account": _account(payment, "Dbtr", "debit_account"),
        "credit_account": _account(payment, "Cdtr", "credit_account"),
        "amount": text("IntrBkSttlmAmt"),
        "currency": text("IntrBkSttlmAmt@Ccy"),
        "channel": text(*channel) or next((header[path] for path in channel if path in header), ""),
        "end_to_end_id": end_to_end_id,
        "uetr": text("PmtId/UETR"),
    }
    return tuple(cells.values())


def _account(payment: Payment, side: str, column: str) -> str:
    """Return the account of `Dbtr` or `Cdtr`, not yet checked."""
    number = payment.text(f"{side}Acct/Id/IBAN", f"{side}Acct/Id/Othr/Id")
    if payment.text(f"{side}Acct/Prxy/Id") and number in ("", _PLACEHOLDER):
        raise Refused(
            "account_only_proxy",
            # The proxy itself, a phone or an address, stays out of reports.
            N_("{element} names only a proxy; ask its scheme which account it meant"),
            element=f"{side}Acct",
            column=column,
        )
    if not number:
        raise Refused(
            "account_missing",
            N_("{element} has no account number; IBAN or Othr/Id gives it"),
            element=f"{side}Acct",
            column=column,
        )
    return f"{_institution(payment, side, column)}.{number}"


def _institution(payment: Payment, side: str, column: str) -> str:
    """Return the agent of a side as COUNTRY.SCHEME.MEMBER."""
    agent = f"{side}Agt/FinInstnId/"
    clearing = agent + "ClrSysMmbId/"
    code = payment.text(f"{clearing}ClrSysId/Cd", f"{clearing}ClrSysId/Prtry")
    member = payment.text(f"{clearing}MmbId")
    country = table("clearing")["schemes"].get(code, {}).get("country")
    if country and member:
        return f"{country}.{code}.{member}"
    bic = payment.text(f"{agent}BICFI", f"{agent}BIC")
    if bic:
        return f"{bic[4:6]}.BICFI.{bic.removesuffix('XXX') if len(bic) == 11 else bic}"
    raise Refused(
        "agent_unknown",
        N_(
            "{element} has neither a BIC nor a member of a known clearing system, {value!r} is none"
        ),
        element=f"{side}Agt",
        value=f"{code} {member}".strip()[:40],
        column=column,
    )
