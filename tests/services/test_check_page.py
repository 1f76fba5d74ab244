"""The page /check in a real browser, against a real server: what it finds, and what it tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.services.browser import CHROMIUM, Browser, a_browser
from tests.services.processes import until
from tests.services.town import NAME, Running

from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.ground import Ground
from holdfast.registry.subject import parse_subject
from holdfast.server.runtime import centre_of
from holdfast.workflows.list_subject import ToList, list_subject

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="the page runs in Chromium, and is not there"),
]
LISTED, CLEAN = "081-234-5678", "081-234-5679"
LINK = "https://scam.example/pay"
VECTOR = """
import("/scripts/%s/oprf.js").then(async ({ MODE, blinded, finished, hex, scalarOf, unhex }) => {
  const blind = scalarOf(unhex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"));
  const evaluated = unhex("7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e");
  const point = await blinded(unhex("00"), blind, MODE.base);
  return [hex(point), hex(await finished(unhex("00"), blind, evaluated))];
})
"""


def _list(running: Running, kind: str, text: str) -> None:
    centre = replace(centre_of(running.town.home))
    ground = Ground(Event.VICTIM_REPORT, Grade.CONFIRMED, reference="F-1")
    wanted = ToList(parse_subject(kind, text, centre.country, centre.person_key), ground)
    list_subject(centre, wanted, Actor("staff:1", NAME, is_centre=True, person="staff:1"))


@pytest.fixture
def served(running: Running) -> Running:
    """A centre at work that has made its buckets, with a number and a link that are listed."""
    _list(running, "phone", LISTED)
    _list(running, "link", LINK)
    running.add_server("--all")
    running.start()
    until(lambda: BlindEntry.objects.count() == 2, "the buckets")
    return running


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser."""
    with a_browser(tmp_path / "profile") as found:
        yield found


def _asked(browser: Browser, text: str) -> str:
    browser.type_into("#private_text", text)
    browser.press("#private button")
    asking = "document.querySelector('[data-outcome=asking]').hidden"
    until(lambda: browser.run(asking), f"what is said of {text}")
    return browser.text("#private-part [role=status]")


def test_a_number_is_found_without_being_told(served: Running, browser: Browser) -> None:
    """What is listed is found, what is not is not, and no request names what was asked about."""
    browser.open(f"{served.url}/check")
    assert "we do not learn what you ask about" in browser.text()
    assert browser.run("document.getElementById('plain-part')") is None
    assert "Reported, not proven" in _asked(browser, LISTED)
    assert "Nothing is reported here" in _asked(browser, CLEAN)
    assert "Reported, not proven" in _asked(browser, f"hxxps://SCAM[.]example/a/../pay#{CLEAN}")
    assert "cannot be read" in _asked(browser, "no number")
    everything = " ".join(browser.sent)
    assert everything.count('"blinded"') == 3
    assert not any(part in everything for part in ("1234567", "081", "scam", "no number"))
    assert not browser.said


def test_where_the_server_is_gone_nothing_is_told(served: Running, browser: Browser) -> None:
    """The page says that no answer came, never that nothing is reported, and sends no form."""
    browser.open(f"{served.url}/check")
    served.kill()
    assert "No answer that can be believed came" in _asked(browser, LISTED)
    assert "1234567" not in " ".join(browser.sent)


def test_without_scripts_the_page_says_what_it_sees(served: Running, browser: Browser) -> None:
    """And asks by a form."""
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(f"{served.url}/check")
    assert "The centre sees it while it answers" in browser.text()
    browser.type_into("#plain_text", LISTED)
    browser.press("#plain-part button")
    until(lambda: "Reported, not proven" in browser.text(), "the answer to the form")


def test_our_arithmetic_is_the_standards(served: Running, browser: Browser) -> None:
    """The browser computes the vector of RFC 9497, appendix A.1.1.1."""
    browser.open(f"{served.url}/check")
    digest = browser.run("document.querySelector('script').src").split("/")[-2]
    assert browser.run(VECTOR % digest) == [
        "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
        "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"
        "ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
    ]
