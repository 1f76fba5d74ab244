"""The page's scripts: they read and ask as the library does, and only the page of checks has any."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.workflows.feed_kit import Feeding, phone

from holdfast.console import script_files
from holdfast.core.errors import Refused
from holdfast.registry.asking import kind_of
from holdfast.registry.buckets import prefix_of
from holdfast.registry.subject import parse_subject
from holdfast.registry.throttle import Throttle
from holdfast.workflows import running
from holdfast.workflows.fill_buckets import fill_buckets

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="node runs the page's scripts here, and is not there"
)
ACCOUNT = "TH.THCBC.004.0123456789"
LINK = "http://scam.example/pay?x=1"
READ_ALIKE = [
    "0810000001",
    "081 000 0001",
    "+66810000001",
    "+66 81-000-0003",
    "mailto:a@b.example",
    "๐๘๑๐๐๐๐๐๐๑",
    "0066810000001",
    "1441",
    "+6581234567",
    "+660810000001",
    ACCOUNT,
    "TH.THCBC.065.0123456789",
    "example.com",
    "hxxps://SCAM[.]example/a/../pay%2520now#part",
    "http://www.example.com:80//a//b?c//d",
    "https://ตลาด.example/ก",
    "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/x",
    "line:@Example",
    "LINE:@ตลาด",
]
READ_BY_NEITHER = [
    "",
    "no number at all",
    "+66",
    "081",
    "TH.THCBC.4.1",
    "TH.NIDN.1101700203450",
    "x" * 3000,
]


@pytest.fixture
def feeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Feeding]:
    """A centre that lists a number, one that is contested, an account and a link."""
    made = Feeding(tmp_path / "snapshots")
    running.set_centre(lambda: made.centre)
    monkeypatch.setattr("holdfast.api.citizen.CITIZENS", Throttle(burst=60, a_minute=60))
    made.list(phone(1))
    made.list(phone(2), disputed=True)
    made.list(ACCOUNT, kind="account")
    made.list(LINK, kind="link")
    fill_buckets(made.centre)
    yield made
    running.set_centre(running._nobody)


class Node:
    """The page's code at work."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, value: object) -> None:
        """Write a line to it."""
        assert self._process.stdin is not None
        print(json.dumps(value), file=self._process.stdin, flush=True)

    def told(self) -> Any:
        """Read a line of it."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _page_at_work(
    folder: Path, texts: Sequence[tuple[str, str]], known: object = None
) -> Iterator[Node]:
    """Run the scripts as the page hands them out, with what the page tells them."""
    page = Client().get("/check").content.decode()
    address = re.search(r'src="(/scripts/[0-9a-f]+/)check.js"', page)
    place = re.search(r'data-place="([^"]*)"', page)
    assert address
    assert place
    for name in script_files.NAMES:
        (folder / name).write_bytes(Client().get(address[1] + name).content)
    (folder / "package.json").write_text('{"type": "module"}', encoding="ascii")
    here = Path(__file__).with_name("check_in_node.mjs")
    shutil.copy(here, folder / here.name)
    with subprocess.Popen(
        [str(NODE), str(folder / here.name)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        node = Node(process)
        node.tell({"place": json.loads(html.unescape(place[1])), "known": known, "texts": texts})
        yield node


@needs_node
def test_the_page_asks_as_the_library_does(feeding: Feeding, tmp_path: Path) -> None:
    """Its questions are answered by the API, and what it reads is what is listed."""
    texts = [("081-000-0001", ""), ("081-000-0002", ""), ("081-000-0003", "")]
    texts += [("012-345 6789", "TH.THCBC.004"), (LINK, "")]
    found = []
    with _page_at_work(tmp_path, texts, Client().get("/v1/check").json()) as node:
        for _ in texts:
            kind, _, key = node.told().partition(":")
            body = node.told()
            assert body["prefix"] == prefix_of(parse_subject(kind, key, "TH"))
            assert key not in json.dumps(body)
            answer = Client().post("/v1/check", body, content_type="application/json")
            node.tell(answer.json())
            found.append(node.told())
    assert found == ["reported", "disputed", "not_reported", "reported", "reported"]


@needs_node
def test_a_wallet_is_not_taken_for_a_handle(feeding: Feeding, tmp_path: Path) -> None:
    """The page reads none; it says so, and never that nothing is reported of one."""
    texts = [("ETH:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ""), ("bitcoin:1abc", "")]
    with _page_at_work(tmp_path, texts) as node:
        assert [node.told() for _ in texts] == [None, None]


@needs_node
def test_an_answer_by_another_key_is_not_believed(feeding: Feeding, tmp_path: Path) -> None:
    """The proof is looked at: an answer to another question does not tell that nothing is there."""
    texts = [("081-000-0001", ""), ("081-000-0001", "")]
    with _page_at_work(tmp_path, texts, Client().get("/v1/check").json()) as node:
        answers = []
        for _ in texts:
            node.told()
            body = node.told()
            answer = Client().post("/v1/check", body, content_type="application/json").json()
            answers.append(answer)
            node.tell(answers[0])
            said = node.told()
        assert said == "the answer was not made with the key that is published"


@needs_node
def test_texts_are_read_as_the_library_reads_them(feeding: Feeding, tmp_path: Path) -> None:
    """To the one text by which the registry knows them; what cannot be read is asked by nobody."""
    texts = [*READ_ALIKE, *READ_BY_NEITHER]
    with _page_at_work(tmp_path, [(text, "") for text in texts]) as node:
        read = {text: node.told() for text in texts}
    assert read == {text: _in_library(text) for text in texts}
    assert {text for text, wire in read.items() if wire is None} >= set(READ_BY_NEITHER)


def _in_library(text: str) -> str | None:
    try:
        return str(parse_subject(kind_of(text), text, "TH"))
    except Refused:
        return None


def test_only_this_page_may_run_scripts(feeding: Feeding) -> None:
    """Ours, from here, and asking nobody but us; every other page has none."""
    policy = Client().get("/check")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    for page in ("/sign-in", "/contest", "/contest/code"):
        assert "script-src" not in Client().get(page)["Content-Security-Policy"]


def test_there_are_no_other_scripts(feeding: Feeding) -> None:
    """A name leads to one of ours or nowhere; what may be kept for long has another address anew."""
    digest = script_files.digest_of_all()
    answer = Client().get(f"/scripts/{digest}/oprf.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
    for wrong in (f"{digest}/check.html", f"{digest}/..%2Fviews.py", "0123456789abcdef/oprf.js"):
        assert Client().get(f"/scripts/{wrong}").status_code == 404
    assert Client().post(f"/scripts/{digest}/oprf.js").status_code == 405
