"""The stream of an XML file, reduced to the few texts of each pacs.008 transaction.

Nothing is built up but what is wanted, so memory does not depend on the length of the file.
What a stranger could make large (depth, names, texts) has a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from holdfast.core.errors import Refused
from holdfast.core.words import N_

DEPTH_MAX = 64
NAMES_LENGTH_MAX = 256 * 1024
"""Characters of all distinct names of a file together; the whole pacs.008 schema has a tenth."""
TEXT_LENGTH_MAX = 1000
"""Characters kept of a wanted text; ISO 20022 allows at most 140 in any of them."""

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pacs\.008\.001\.\d\d", re.ASCII).fullmatch
_TRANSACTION = "CdtTrfTxInf"
_CHANNEL = ("PmtTpInf/LclInstrm/Cd", "PmtTpInf/LclInstrm/Prtry")
_HEADER = {f"GrpHdr/{path}": path for path in ("MsgId", "CreDtTm", "NbOfTxs", *_CHANNEL)}
_SIDE = (
    "Acct/Id/IBAN",
    "Acct/Id/Othr/Id",
    "Acct/Prxy/Id",
    "Agt/FinInstnId/BICFI",
    "Agt/FinInstnId/BIC",  # its name up to pacs.008.001.02
    "Agt/FinInstnId/ClrSysMmbId/ClrSysId/Cd",
    "Agt/FinInstnId/ClrSysMmbId/ClrSysId/Prtry",
    "Agt/FinInstnId/ClrSysMmbId/MmbId",
)
_PAYMENT = {
    f"{_TRANSACTION}/{path}": path
    for path in (
        "PmtId/InstrId",
        "PmtId/EndToEndId",
        "PmtId/TxId",
        "PmtId/UETR",
        "IntrBkSttlmAmt",
        "AccptncDtTm",
        *_CHANNEL,
        *(side + path for side in ("Dbtr", "Cdtr") for path in _SIDE),
    )
}
_WANTED = _HEADER.keys() | _PAYMENT.keys()


@dataclass(slots=True)
class Payment:
    """One transaction: its texts by their path below it, and those of its group header."""

    header: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)
    fault: Refused | None = None
    """What is wrong with its form, where something is."""

    def text(self, *paths: str) -> str:
        """Return the first text that one of the paths has, or ""."""
        return next((self.texts[path] for path in paths if self.texts.get(path)), "")


class MessageStream:
    """The target of the XML parser, called element by element; `take` hands over the payments.

    Raises from its callbacks:
        Refused: `xml_too_deep`, `xml_too_many_names` or `xml_not_pacs008`.
    """

    def __init__(self) -> None:
        self.events = 0
        self.messages = 0
        self.root = ""
        self._names: dict[str, tuple[bool, str]] = {}
        self._names_length = 0
        self._paths: list[str | None] = []
        """For each open element its path below the message, None outside of one."""
        self._header: dict[str, str] = {}
        self._payment: Payment | None = None
        self._payments = 0
        self._text: list[str] | None = None
        self._text_length = 0
        self._done: list[Payment | Refused] = []

    def take(self) -> list[Payment | Refused]:
        """Return what has become complete since the last call, in the order of the file."""
        done, self._done = self._done, []
        return done

    def start_ns(self, prefix: str, _uri: str) -> None:
        """Count a namespace prefix, because the parser keeps each for good."""
        self._name(prefix)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        self.events += 1
        if len(self._paths) >= DEPTH_MAX:
            raise Refused(
                "xml_too_deep",
                N_("the XML is nested more than {limit} deep; a pacs.008 message is not"),
                limit=DEPTH_MAX,
            )
        for attribute in attributes:
            self._name(attribute)
        path = self._path_of(tag)
        self.root = self.root or tag[:TEXT_LENGTH_MAX]
        self._paths.append(path)
        self._text = None
        if path == "":
            self.messages += 1
            self._header = {}
            self._payments = 0
        elif path == _TRANSACTION:
            self._payment = Payment(self._header)
        elif path in _WANTED:
            self._text, self._text_length = [], 0
            if "Ccy" in attributes and self._payment is not None:
                self._payment.texts["IntrBkSttlmAmt@Ccy"] = attributes["Ccy"][:TEXT_LENGTH_MAX]

    def data(self, text: str) -> None:
        """Take text, if it is wanted here; what is too long is marked so that no rule takes it."""
        self.events += 1
        if self._text is None or self._text_length > TEXT_LENGTH_MAX:
            return
        self._text_length += len(text)
        self._text.append(text if self._text_length <= TEXT_LENGTH_MAX else "…" * TEXT_LENGTH_MAX)

    def end(self, _tag: str) -> None:
        """Leave an element, and keep what was wanted of it."""
        self.events += 1
        path = self._paths.pop()
        text, self._text = self._text, None
        if path == "":
            self._check_count()
        elif path == _TRANSACTION and self._payment is not None:
            self._done.append(self._payment)
            self._payments += 1
            self._payment = None
        elif path is not None and text is not None:
            self._keep(path, "".join(text).strip())

    def _keep(self, path: str, text: str) -> None:
        if path in _HEADER:
            self._header.setdefault(_HEADER[path], text)
        elif self._payment is not None:
            key = _PAYMENT[path]
            if key in self._payment.texts:
                self._payment.fault = Refused(
                    "xml_element_twice",
                    N_("{element} stands twice in one transaction; only one can be right"),
                    element=key,
                )
            self._payment.texts[key] = text

    def _path_of(self, tag: str) -> str | None:
        """Return the path of a new element: "" for a message, None outside of messages."""
        is_pacs008, name = self._name(tag)
        parent = self._paths[-1] if self._paths else None
        if parent is not None:
            return f"{parent}/{name}" if parent else name
        if is_pacs008 and name != "Document":
            return ""
        if not is_pacs008 and name in {"Document", "AppHdr"}:
            self._meet_other(tag, name)
        return None

    def _meet_other(self, tag: str, name: str) -> None:
        """Refuse a file that is another message; in an envelope it is a problem among others."""
        if not self._paths:
            raise not_pacs008(tag)
        if name == "Document":
            self._done.append(not_pacs008(tag))

    def _name(self, tag: str) -> tuple[bool, str]:
        """Return whether a name belongs to pacs.008, and its local part."""
        known = self._names.get(tag)
        if known is None:
            self._names_length += len(tag)
            if self._names_length > NAMES_LENGTH_MAX:
                raise Refused(
                    "xml_too_many_names",
                    N_("the XML has more kinds of elements than any pacs.008 message; check it"),
                )
            namespace, _, name = tag.removeprefix("{").rpartition("}")
            known = self._names[tag] = (_NAMESPACE(namespace) is not None, name)
        return known

    def _check_count(self) -> None:
        announced = self._header.get("NbOfTxs", "")
        if announced.isdecimal() and int(announced[:20]) != self._payments:
            self._done.append(
                Refused(
                    "xml_count_differs",
                    N_(
                        "the message {message!r} announces {announced} transactions and has "
                        "{found}; ask its sender for the whole of it"
                    ),
                    message=self._header.get("MsgId", "")[:40],
                    announced=announced[:20],
                    found=self._payments,
                )
            )


def not_pacs008(tag: str) -> Refused:
    """Return what is said of XML that is something else."""
    return Refused(
        "xml_not_pacs008",
        N_("{found!r} is no customer credit transfer; pacs.008 messages are read"),
        found=tag.rpartition(":")[2].removeprefix("{").replace("}", " ")[:40],
    )
