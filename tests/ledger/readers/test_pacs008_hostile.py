"""XML from a stranger: entities, depth, length and damage have bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.readers.messages import VERSION, document, payment
from tests.ledger.readers.written import NOW_US, codes, read, refusal, written

from holdfast.core.problem import Problem
from holdfast.ledger.readers import read_transfers
from holdfast.ledger.readers.pacs008 import SILENT_BYTES_MAX
from holdfast.ledger.readers.pacs008_message import DEPTH_MAX, NAMES_LENGTH_MAX
from holdfast.ledger.transfer import Transfer

NAMESPACE = f'xmlns="urn:iso:std:iso:20022:tech:xsd:{VERSION}"'
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE Document [<!ENTITY e0 "ha">{ENTITIES}]>'


@pytest.mark.parametrize(
    "declaration",
    [
        pytest.param(BOMB, id="entity bomb"),
        pytest.param('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>', id="local file"),
        pytest.param('<!DOCTYPE d [<!ENTITY x SYSTEM "http://a.invalid/x">]>', id="far file"),
        pytest.param('<!DOCTYPE d SYSTEM "http://a.invalid/d.dtd">', id="external subset"),
        pytest.param('<!DOCTYPE d [<!ENTITY % p "x"> %p;]>', id="parameter entity"),
        pytest.param("<!DOCTYPE Document>", id="doctype alone"),
        pytest.param("<!DOCTYPE html>", id="HTML"),
    ],
)
def test_a_doctype_is_refused_before_anything_is_expanded(tmp_path: Path, declaration: str) -> None:
    """No payment message declares a document type, so nothing of one is ever looked at."""
    text = f'<?xml version="1.0"?>{declaration}' + document(payment()).replace("E2E-1", "&e9;")
    assert refusal(written(tmp_path, text)).code == "xml_doctype"


def test_an_entity_that_nobody_declared_is_damage(tmp_path: Path) -> None:
    """A reference that leads nowhere ends the reading."""
    text = document(payment()).replace("E2E-1", "&e9;")
    assert refusal(written(tmp_path, text)).code == "xml_unreadable"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<", id="one character"),
        pytest.param("<Document", id="an open tag"),
        pytest.param(document(payment())[:300], id="within the header"),
        pytest.param(document(payment())[:-250], id="within a transaction"),
        pytest.param(document(payment()).replace("<GrpHdr>", "<GrpHdr>\0"), id="NUL"),
        pytest.param(document().replace("M-1", "\x01"), id="control character"),
        pytest.param(document(payment()).replace("</CdtTrfTxInf>", ""), id="unbalanced"),
        pytest.param(document().encode() + b"\xff", id="not UTF-8"),
        pytest.param(document().removeprefix("<"), id="its first character lost"),
        pytest.param(document() + document(), id="two roots"),
    ],
)
def test_damaged_xml_without_a_whole_transaction_is_refused(
    tmp_path: Path, content: str | bytes
) -> None:
    """XML that breaks off before anything could be read is refused, with the place."""
    refused = refusal(written(tmp_path, content))
    assert refused.code == "xml_unreadable"
    assert "line 1" in str(refused)


def test_what_stood_before_the_damage_is_read(tmp_path: Path) -> None:
    """A file that breaks off after whole transactions keeps them, and one problem says so."""
    found = read(written(tmp_path, document(payment(), payment(), payment())[:-250]))
    assert codes(found) == ["", "", "xml_unreadable"]
    assert isinstance(found[2], Problem)
    assert found[2].row == 3


@pytest.mark.parametrize("encoding", ["klingon", "utf-7", "big5", "idna"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    """An encoding that the parser cannot read is no traceback."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + document(payment())
    assert refusal(written(tmp_path, text)).code in {"xml_encoding_unknown", "xml_unreadable"}


def test_depth_has_a_bound(tmp_path: Path) -> None:
    """Elements are opened only so deep, whether they close or not."""
    deep = f"<Document {NAMESPACE}>" + "<a>" * DEPTH_MAX
    assert refusal(written(tmp_path, deep)).code == "xml_too_deep"
    assert refusal(written(tmp_path, "<a>" * 2_000_000)).code == "xml_too_deep"


def test_names_have_a_bound(tmp_path: Path) -> None:
    """The parser keeps each name for good, so a file cannot have any number of them."""
    names = [f"<n{number}/>" for number in range(NAMES_LENGTH_MAX // 4)]
    attributes = [f'<a n{number}="1"/>' for number in range(NAMES_LENGTH_MAX // 4)]
    prefixes = [f'<a xmlns:n{number}="urn:x"/>' for number in range(NAMES_LENGTH_MAX // 4)]
    for parts in names, attributes, prefixes:
        path = written(tmp_path, f"<Batch>{''.join(parts)}</Batch>")
        assert refusal(path).code == "xml_too_many_names"


@pytest.mark.parametrize(
    ("opening", "closing"), [("<!--", "-->"), ("<?p ", "?>"), ('<a b="', '"/>'), ("<", ">")]
)
def test_a_token_without_end_is_refused(tmp_path: Path, opening: str, closing: str) -> None:
    """A comment, an attribute or a name cannot grow without bound."""
    text = f"<Batch>{opening}{'x' * 4 * SILENT_BYTES_MAX}{closing}</Batch>"
    assert refusal(written(tmp_path, text)).code == "xml_token_too_long"


def _peak_bytes(path: Path) -> tuple[int, int]:
    """Return how many transfers a file has and the most memory that reading it took."""
    list(read_transfers(written(path.parent, document(payment()), name="warm.xml"), NOW_US))
    tracemalloc.start()
    try:
        found = sum(isinstance(item, Transfer) for item in read_transfers(path, NOW_US))
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_huge_text_is_not_held(tmp_path: Path) -> None:
    """Text of any length, wanted or not, costs no memory; the transaction says what is wrong."""
    huge = "x" * 8 * 2**20
    unwanted = payment(ids=f"<EndToEndId>E</EndToEndId><UETR>u</UETR><X>{huge}</X>")
    wanted = payment(ids=f"<UETR>{huge}</UETR>")
    path = written(tmp_path, document(unwanted, wanted))
    assert codes(read(path)) == ["", "text_too_long"]
    found, peak_bytes = _peak_bytes(path)
    assert found == 1
    assert peak_bytes < 2**20


def _many(count: int) -> Iterator[str]:
    for number in range(count):
        yield payment(ids=f"<UETR>U{number:06}</UETR>")


@pytest.mark.parametrize(
    "count",
    [pytest.param(3000, id="3,000"), pytest.param(100_000, id="100,000", marks=pytest.mark.slow)],
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, count: int) -> None:
    """Any number of transactions is read in the memory of a few."""
    path = written(tmp_path, document(*_many(count)))
    found, peak_bytes = _peak_bytes(path)
    assert found == count
    assert peak_bytes < 2**20
