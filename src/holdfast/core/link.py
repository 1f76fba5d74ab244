"""Links: canonical as Safe Browsing writes them, with the host and its registrable domain.

The rules are those of the Safe Browsing developer guide, "URLs and Hashing". Where it leaves
room, a link is read as a browser reads it (WHATWG URL standard): a backslash is a slash, and
the host ends before anything is unescaped. Host names become punycode (RFC 3492).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from holdfast.core.errors import Refused
from holdfast.core.words import N_

if TYPE_CHECKING:
    from tldextract import TLDExtract

LINK_LENGTH_MAX = 2048

_SCHEME = re.compile(r"(?i)(h(?:tt|xx|\*\*)p)(s?)(?:\[:/*\]|:)/*")
"""The scheme, also as those write it who do not want it clicked (hxxp, [:]//)."""
_DISARMED_DOT = re.compile(r"(?i)\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}")
_OTHER_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+-]*:(?!\d)")
_NO_HOST = re.compile(r"[\x00-\x20#%/:?@\[\\\]\x7f]")
"""What no host name contains; after mapping, for a full-width slash becomes a slash there."""
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Link:
    """A link in canonical text, and its host: punycode, or an address in its usual form.

    User name, password, port and fragment are no part of it: they do not change whom the
    page belongs to.
    """

    text: str
    host: str

    @classmethod
    def parse(cls, text: str) -> Link:
        """Read a link as it is found in messages; without a scheme it is `http`.

        Raises:
            Refused: `link_too_long`, `link_empty`, `link_control_character`, `link_scheme`,
                `link_form` or `link_host_missing`.
        """
        shown = _cleaned(text)
        scheme, rest = _scheme_and_rest(shown)
        authority = re.split(r"[/?\\]", rest, maxsplit=1)[0]
        if scheme is None and not _is_host_alone(authority):
            raise Refused(
                "link_form",
                N_("{value!r} is not a link; one looks like https://example.com/page"),
                value=text[:40],
            )
        host = _host(_DISARMED_DOT.sub(".", authority))
        if not host:
            raise Refused(
                "link_host_missing",
                N_("{value!r} names no host; one looks like https://example.com/page"),
                value=text[:40],
            )
        return cls(f"{scheme or 'http'}://{host}{_path_and_query(rest[len(authority) :])}", host)

    def __str__(self) -> str:
        return self.text

    @property
    def registrable_domain(self) -> str | None:
        """The part of the host that one owner registered; None for an address or a bare suffix.

        By the public suffix list as it came with the library, its private part included: of
        `shop.github.io` the owner is `shop`, and the other pages of `github.io` are innocent.
        """
        found = _extractor()(self.host)
        return found.top_domain_under_public_suffix or None


def parse_link(text: str) -> str:
    """Return the canonical text of a link; raises as `Link.parse`."""
    return Link.parse(text).text


def _cleaned(text: str) -> str:
    """Return `text` without outer blanks, the line breaks within, and its fragment."""
    if len(text) > LINK_LENGTH_MAX:
        raise Refused(
            "link_too_long",
            N_("a link has at most {limit} characters, this has {found}: {value!r}"),
            limit=LINK_LENGTH_MAX,
            found=len(text),
            value=text[:40],
        )
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Refused(
            "link_control_character",
            N_("{value!r} contains a character that no text has; copy the link again"),
            value=text[:40],
        )
    shown = re.sub(r"[\t\r\n]", "", text.strip()).partition("#")[0]
    if not shown:
        raise Refused("link_empty", N_("there is no link here; one looks like https://example.com"))
    return shown


def _scheme_and_rest(shown: str) -> tuple[str | None, str]:
    found = _SCHEME.match(shown.replace("\\", "/"))
    if found:
        return "https" if found[2] else "http", shown[found.end() :]
    if _OTHER_SCHEME.match(shown):
        raise Refused(
            "link_scheme",
            N_("{value!r} is not a web link; those begin with http:// or https://"),
            value=shown[:40],
        )
    return None, shown


def _is_host_alone(authority: str) -> bool:
    """Whether what stands without a scheme is meant as a link: not a word, not an e-mail."""
    dotted = _DISARMED_DOT.sub(".", authority).replace("。", ".").strip(".")
    return "." in dotted and not re.search(r"[@\s]", dotted)


def _unescaped(text: str) -> bytes:
    """Undo percent escapes until none is left (an escaped escape is one too)."""
    data = text.encode()
    while _ESCAPE.search(data):
        data = unquote_to_bytes(data)
    return data


def _escaped(data: bytes, also: bytes = b"") -> str:
    """Escape blanks, control characters, what is not ASCII, # and %, and what is asked for."""
    return "".join(
        chr(byte) if 0x20 < byte < 0x7F and byte not in b"#%" + also else f"%{byte:02X}"
        for byte in data
    )


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if bracketed := re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::\d*)?", host):
        return _ipv6(bracketed[1])
    data = _unescaped(re.sub(r":\d*$", "", host))
    try:
        name = _punycode(data.decode())
    except UnicodeError:
        name = _escaped(data.lower(), b"/\\?@:[]")
    name = re.sub(r"\.{2,}", ".", name.strip("."))
    return _ipv4(name) or name


def _punycode(name: str) -> str:
    """Write a host name in ASCII as browsers do (UTS 46, not transitional).

    Raises:
        UnicodeError: it is no host name; `idna` raises its errors as such.
    """
    if re.fullmatch(r"[0-9A-Za-z._-]*", name):
        return name.lower()
    import idna

    mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
    if _NO_HOST.search(mapped):
        raise UnicodeError
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode()
        for label in mapped.split(".")
    )


def _ipv4(host: str) -> str | None:
    """Return the usual form of an IPv4 address in any legal writing, or None.

    One to four parts, each decimal, octal (0…) or hexadecimal (0x…); the last one fills what
    the others leave.
    """
    parts = host.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0x[0-9a-f]*|\d+", part) for part in parts):
        return None
    try:
        numbers = [_ipv4_part(part) for part in parts]
    except ValueError:
        return None
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(numbers)):
        return None
    for place, number in enumerate(first):
        last += number << (8 * (3 - place))
    return str(ipaddress.IPv4Address(last))


def _ipv4_part(part: str) -> int:
    if len(part) > 40:
        raise ValueError(part)
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") and len(part) > 1 else 10)


def _ipv6(inner: str) -> str:
    try:
        address = ipaddress.IPv6Address(inner)
    except ValueError:
        return _escaped(f"[{inner.lower()}]".encode(), b"[]:")
    mapped = address.ipv4_mapped
    if mapped is None and address in _NAT64:
        mapped = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return str(mapped) if mapped else f"[{address.compressed}]"


def _path_and_query(tail: str) -> str:
    path, mark, query = _unescaped(tail).partition(b"?")
    parts = path.replace(b"\\", b"/").removeprefix(b"/").split(b"/")
    if parts[-1] in {b".", b".."}:
        parts.append(b"")
    kept: list[bytes] = []
    for part in parts:
        if part == b"..":
            del kept[-1:]
        elif part != b".":
            kept.append(part)
    resolved = re.sub(rb"/{2,}", b"/", b"/" + b"/".join(kept))
    return _escaped(resolved + mark + query)


@cache
def _extractor() -> TLDExtract:
    """Return the reader of the public suffix list: offline, nothing cached on disk."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
