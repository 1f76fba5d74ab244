"""Links: the published cases of Safe Browsing, what browsers do beyond them, and hostile text."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.link import LINK_LENGTH_MAX, Link, parse_link

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/links/canonical.tsv"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared test data is not beside the checkout")
def test_the_shared_cases_of_safe_browsing_hold() -> None:
    """Every case of the shared file comes out as published."""
    with SHARED.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            assert parse_link(row["input"]) == row["canonical"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "http://host%23.com/%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22%252833"
            "%252944_55%252B",
            "http://host%23.com/~a!b@c%23d$e%25f^00&11*22(33)44_55+",
        ),
        ("http://www.google.com/blah/..", "http://www.google.com/"),
        ("www.google.com/", "http://www.google.com/"),
        ("www.google.com", "http://www.google.com/"),
        ("http://www.evil.com/blah#frag", "http://www.evil.com/blah"),
        ("http://www.google.com/foo\tbar\rbaz\n2", "http://www.google.com/foobarbaz2"),
        ("http://www.google.com/q?r?", "http://www.google.com/q?r?"),
        ("http://www.google.com/q?r?s", "http://www.google.com/q?r?s"),
        ("http://evil.com/foo#bar#baz", "http://evil.com/foo"),
        ("http://www.gotaport.com:1234/", "http://www.gotaport.com/"),
        ("  http://www.google.com/  ", "http://www.google.com/"),
        ("http:// leadingspace.com/", "http://%20leadingspace.com/"),
        ("http://%20leadingspace.com/", "http://%20leadingspace.com/"),
        ("%20leadingspace.com/", "http://%20leadingspace.com/"),
        ("http://\x01.com/", "http://%01.com/"),
        ("http://%01%80.com/", "http://%01%80.com/"),
        ("http://host.com/ab%23cd", "http://host.com/ab%23cd"),
        ("http://host.com//twoslashes?more//slashes", "http://host.com/twoslashes?more//slashes"),
    ],
)
def test_the_other_published_cases_hold(text: str, canonical: str) -> None:
    """The cases of the guide that the shared file leaves out come out as published."""
    assert parse_link(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("http://h/a/./b/.", "http://h/a/b/"),
        ("http://h/a/b/../../../c", "http://h/c"),
        ("http://h/a/../b/%2e%2e/c", "http://h/c"),
        ("http://h?x=/../y", "http://h/?x=/../y"),
        ("http://h/a%3Fb/../c", "http://h/a?b/../c"),
        ("http://h/a\\..\\b%5Cc?d\\e", "http://h/b/c?d\\e"),
        ("http://h/ก", "http://h/%E0%B8%81"),
        ("HTTPS://H.COM/Path", "https://h.com/Path"),
        ("http://a..b...com./", "http://a.b.com/"),
    ],
)
def test_paths_are_walked_and_queries_left_alone(text: str, canonical: str) -> None:
    """Dots and double slashes are resolved in the path, never behind the question mark."""
    assert parse_link(text) == canonical


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://3279880203/", "195.127.0.11"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0x.1/", "0.0.0.1"),
        ("http://0177.0.0.01/", "127.0.0.1"),
        ("http://10.257/", "10.0.1.1"),
        ("http://１.２.３.４/", "1.2.3.4"),
        ("http://1.2.3.4.:80/", "1.2.3.4"),
        ("http://[::ffff:1.2.3.4]/", "1.2.3.4"),
        ("http://[64:ff9b::102:304]:8080/", "1.2.3.4"),
        ("http://[2001:0DB8:0:0::1]/", "[2001:db8::1]"),
        ("http://256.1.1.1/", "256.1.1.1"),
        ("http://1.2.3.4.5/", "1.2.3.4.5"),
        ("http://1.2.3.256/", "1.2.3.256"),
        ("http://1.2.65536/", "1.2.65536"),
        ("http://08.1.1.1/", "08.1.1.1"),
        ("http://4294967296/", "4294967296"),
    ],
)
def test_an_address_has_one_form(text: str, host: str) -> None:
    """Octal, hexadecimal and short IPv4 forms are one address; impossible ones are names."""
    link = Link.parse(text)
    assert link.host == host
    assert link.registrable_domain is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://ตัวอย่าง.ไทย/", "xn--72c1a1bt4awk9o.xn--o3cw4h"),
        ("http://BÜCHER.de/", "xn--bcher-kva.de"),
        ("http://b%C3%BCcher.de/", "xn--bcher-kva.de"),
        ("http://straße.de/", "xn--strae-oqa.de"),
        ("http://i❤.ws/", "xn--i-7iq.ws"),
        ("http://ｅｘａｍｐｌｅ。com/", "example.com"),
        ("http://exa\u00admple.com/", "example.com"),
        ("http://under_score.com/", "under_score.com"),
    ],
)
def test_a_name_is_written_in_punycode(text: str, host: str) -> None:
    """Names are mapped as browsers map them, the sharp s kept, full-width letters narrow."""
    assert Link.parse(text).host == host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://bank.example@evil.com/", "evil.com"),
        ("http://bank.example%2F@evil.com/", "evil.com"),
        ("http://bank.example:80@evil.com:8080/@good.com", "evil.com"),
        ("http://evil.com\\@bank.example/", "evil.com"),
        ("http:\\\\evil.com\\x", "evil.com"),
        ("https:///evil.com/", "evil.com"),
        ("http:evil.com", "evil.com"),
        ("http://evil.com%2F.bank.example/", "evil.com%2F.bank.example"),
        ("http://evil.com／.bank.example/", "evil.com%EF%BC%8F.bank.example"),
    ],
)
def test_the_host_is_the_one_a_browser_would_go_to(text: str, host: str) -> None:
    """No trick with user names, backslashes or escapes puts another's host into the registry."""
    assert Link.parse(text).host == host


@pytest.mark.parametrize(
    "text",
    [
        "hxxps://evil[.]example[.]com/a",
        "hXXps[:]//evil[dot]example(dot)com/a",
        "hxxps[://]evil(.)example{.}com/a",
        "h**ps://evil.example.com/a",
    ],
)
def test_a_disarmed_link_is_read_as_what_it_was(text: str) -> None:
    """Reports write links so that nobody clicks them; they are the same links."""
    assert parse_link(text) == "https://evil.example.com/a"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://a.b.example.co.th/x", "example.co.th"),
        ("https://www.example.com", "example.com"),
        ("https://shop.github.io/", "shop.github.io"),
        ("https://github.io/", None),
        ("http://localhost/", None),
        ("http://127.0.0.1/", None),
        ("http://[::1]/", None),
    ],
)
def test_the_registrable_domain_is_one_owners(text: str, domain: str | None) -> None:
    """What one owner registered is told from the suffix that many share."""
    assert Link.parse(text).registrable_domain == domain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "link_empty"),
        (" \t\n", "link_empty"),
        ("#top", "link_empty"),
        ("http://", "link_host_missing"),
        ("http://../x", "link_host_missing"),
        ("http://user@/x", "link_host_missing"),
        ("hello", "link_form"),
        ("ดู example.com", "link_form"),
        ("somchai@example.com", "link_form"),
        ("localhost:8080", "link_form"),
        ("javascript:alert(1)", "link_scheme"),
        ("ftp://example.com/", "link_scheme"),
        ("mailto:somchai@example.com", "link_scheme"),
        ("http://a\0b.com/", "link_control_character"),
        ("http://a\ud800b.com/", "link_control_character"),
        ("http://a.com/" + "x" * LINK_LENGTH_MAX, "link_too_long"),
    ],
)
def test_what_is_no_web_link_is_refused(text: str, code: str) -> None:
    """Empty, over-long and hostile text, mail addresses and other schemes are refused."""
    with pytest.raises(Refused) as refusal:
        parse_link(text)
    assert refusal.value.code == code
    assert len(str(refusal.value)) < 300


PIECES = st.sampled_from(
    ["http://", "hxxp[:]//", "a.com", "[.]", "%25", "%2e", "%", "/", "//", "..", ".", "?", "#", "@",
     ":80", "[::1]", "\\", "ก", "／", "。", "0x7f", "1", "\x01", " ", "\u00ad", "xn--", "%EF%BC%8F"]
)  # fmt: skip


@given(st.text(max_size=80) | st.lists(PIECES, max_size=14).map("".join))
@example("http://a.com/%5C..%5Cb")
@example("http://a%252F.com:80:80/")
@example("http://[[.]]")
def test_a_canonical_link_is_canonical(text: str) -> None:
    """Reading what was written changes nothing, and only printable ASCII is written."""
    try:
        link = Link.parse(text)
    except Refused as refusal:
        str(refusal)
        return
    assert link.text.isascii()
    assert link.text.isprintable()
    assert " " not in link.text
    assert "#" not in link.text
    if len(link.text) <= LINK_LENGTH_MAX:
        assert Link.parse(link.text) == link


@given(st.integers(0, 2**32 - 1))
def test_every_writing_of_an_address_is_one_link(number: int) -> None:
    """Decimal, hexadecimal, octal and dotted forms of an address give one canonical text."""
    a, b, c, d = number.to_bytes(4, "big")
    dotted = parse_link(f"http://{a}.{b}.{c}.{d}/")
    assert dotted == f"http://{a}.{b}.{c}.{d}/"
    for form in (f"{number}", f"{number:#x}", f"0{number:o}", f"{a}.{(b << 16) + (c << 8) + d}"):
        assert parse_link(f"http://{form}/") == dotted
