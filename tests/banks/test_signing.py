"""Signatures: what was signed verifies, anything else is refused with the right code."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from tests.banks.samples import NOW_US, keys_of

from holdfast.banks.keys import read_public_keys, write_public_keys
from holdfast.banks.signing import (
    SIGNED_HEADERS,
    RequestHead,
    sign_request,
    sign_response,
    signed_headers,
    verify_request,
    verify_response,
)
from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import PublicKey, SigningKey

URL = "https://bank.example/aoc/hold-orders"
PATH = "/aoc/hold-orders"
BODY = b'{"a":1}'
KEY = SigningKey.new("TH.AOC-1")
OTHER = SigningKey.new("TH.AOC-2")
RFC_KEY = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
"""RFC 9421, B.1.4: test-key-ed25519."""


def _signed(**other: object) -> dict[str, str]:
    return sign_request("POST", URL, BODY, KEY, NOW_US, "n1", **other)  # type: ignore[arg-type]


def _code(
    headers: dict[str, str],
    body: bytes = BODY,
    now_us: int = NOW_US,
    path: str = PATH,
    method: str = "POST",
) -> str | None:
    try:
        verify_request(method, path, headers, body, keys_of(KEY), now_us)
    except Refused as refused:
        return refused.code
    return None


def test_a_signed_request_verifies_by_url_and_by_path() -> None:
    """The receiver needs to know only the path: host and scheme may change on the way."""
    headers = _signed()
    for url in (URL, PATH, "http://10.0.0.7:8080/aoc/hold-orders"):
        found = verify_request("POST", url, headers, BODY, keys_of(KEY), NOW_US)
        assert (found.key_id, found.nonce) == ("TH.AOC-1", "n1")
        assert found.expires_us - found.created_us == 300 * SECOND_US
    assert set(headers) == set(SIGNED_HEADERS)


def test_the_ed25519_vector_of_the_rfc_verifies() -> None:
    """The library makes and takes the signature of RFC 9421, B.2.6, and refuses a changed one."""
    from http_message_signatures import (
        HTTPMessageSigner,
        HTTPMessageVerifier,
        InvalidSignature,
        MappingKeyResolver,
    )
    from http_message_signatures.algorithms import ED25519

    expected = (
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
        "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
    )
    private = load_pem_private_key(RFC_KEY, None)
    resolver = MappingKeyResolver(
        public_keys={"test-key-ed25519": private.public_key()},  # type: ignore[dict-item]
        private_keys={"test-key-ed25519": private},  # type: ignore[dict-item]
    )
    parts = '"date" "@method" "@path" "@authority" "content-type" "content-length"'

    class Message:
        method = "POST"
        url = "https://example.com/foo?param=Value&Pet=dog"
        headers = {  # noqa: RUF012
            "Host": "example.com",
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Length": "18",
            "Signature-Input": f'sig-b26=({parts});created=1618884473;keyid="test-key-ed25519"',
            "Signature": expected,
        }

    class Verifier(HTTPMessageVerifier):
        def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
            """The vector is of 2021."""

    verifier = Verifier(signature_algorithm=ED25519, key_resolver=resolver)
    [found] = verifier.verify(Message(), max_age=None)
    assert found.parameters["keyid"] == "test-key-ed25519"

    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
    from datetime import UTC, datetime

    message = Message()
    message.headers = {k: v for k, v in Message.headers.items() if "Signature" not in k}
    signer.sign(
        message,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        covered_component_ids=[part.strip('"') for part in parts.split()],
    )
    assert message.headers["Signature"] == expected

    message.headers["Date"] = "Tue, 20 Apr 2021 02:07:56 GMT"
    with pytest.raises(InvalidSignature):
        verifier.verify(message, max_age=None)


@pytest.mark.parametrize("name", SIGNED_HEADERS)
def test_without_one_of_its_headers_nothing_verifies(name: str) -> None:
    """All four headers are needed."""
    headers = _signed()
    del headers[name]
    missing = "signature_missing" if "signature" in name else "signature_wrong"
    assert _code(headers) == missing


def test_what_is_changed_is_refused() -> None:
    """Body, path, query, method and type are what was signed, or the request is refused."""
    headers = _signed()
    assert _code(headers) is None
    assert _code(headers, body=BODY + b" ") == "digest_wrong"
    assert _code(headers, path="/aoc/hold-orders/1/release") == "signature_wrong"
    assert _code(headers, path=PATH + "?x=1") == "parts_not_covered"
    assert _code(headers, method="PUT") == "signature_wrong"
    assert _code(headers | {"content-type": "text/plain"}) == "signature_wrong"
    forged = sign_request("POST", URL, BODY + b" ", OTHER, NOW_US, "n1")
    assert _code(headers | {"content-digest": forged["content-digest"]}, BODY + b" ") == (
        "signature_wrong"
    )


def test_a_query_that_was_signed_verifies() -> None:
    """A query is covered where there is one, and can't be changed either."""
    headers = sign_request("GET", f"{URL}?a=1", b"", KEY, NOW_US, "n1")
    assert _code(headers, b"", path=f"{PATH}?a=1", method="GET") is None
    assert _code(headers, b"", path=f"{PATH}?a=2", method="GET") == "signature_wrong"


@pytest.mark.parametrize(
    ("late_s", "code"),
    [
        (-31, "signature_from_future"),
        (-30, None),
        (0, None),
        (330, None),
        (331, "signature_too_old"),
    ],
)
def test_a_signature_is_good_for_five_minutes_and_the_skew_of_clocks(
    late_s: int, code: str | None
) -> None:
    """From 30 s before it was made to 30 s after its 300 s."""
    assert _code(_signed(), now_us=NOW_US + late_s * SECOND_US) == code


def test_no_signature_is_good_for_longer_than_five_minutes() -> None:
    """An `expires` far ahead is not believed; a short one is."""
    assert "expires=1772300300;" in _signed(lifetime_s=9999)["signature-input"]
    assert _code(_signed(lifetime_s=10), now_us=NOW_US + 41 * SECOND_US) == "signature_too_old"


def test_keys_are_known_valid_and_not_retired() -> None:
    """A key that is unknown, not yet valid or retired proves nothing; before, it does."""
    headers = _signed()
    for key, code in (
        (None, "key_unknown"),
        (KEY.public(valid_from_us=NOW_US + 60 * SECOND_US), "key_unknown"),
        (KEY.public(retired_us=NOW_US), "key_retired"),
        (KEY.public(retired_us=NOW_US + 1), None),
        (PublicKey("TH.AOC-1", OTHER.private.public_key()), "signature_wrong"),
    ):
        found = None
        try:
            verify_request("POST", PATH, headers, BODY, {"TH.AOC-1": key}.get, NOW_US)
        except Refused as refused:
            found = refused.code
        assert found == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (' "content-digest"', "", "parts_not_covered"),
        ('"@path" ', "", "parts_not_covered"),
        (';nonce="n1"', "", "parts_not_covered"),
        (";expires=1772300300", "", "parts_not_covered"),
        (";created=1772300000", "", "parts_not_covered"),
        ('tag="holdfast"', 'tag="other"', "signature_missing"),
        ("holdfast=(", "sig1=(", "signature_missing"),
        (";created=1772300000", ";created=1772300001", "signature_wrong"),
        (";created=1772300000", ';created="x"', "signature_missing"),
    ],
)
def test_what_a_signature_must_cover_can_not_be_left_out(old: str, new: str, code: str) -> None:
    """Fewer parts, other tags and changed times are refused."""
    headers = _signed()
    assert old in headers["signature-input"]
    headers["signature-input"] = headers["signature-input"].replace(old, new)
    assert _code(headers) == code


def test_an_answer_is_bound_to_its_request() -> None:
    """The answer to one order does not verify as the answer to another."""
    first = RequestHead("POST", URL, _signed())
    second = RequestHead("POST", URL, sign_request("POST", URL, BODY, KEY, NOW_US, "n2"))
    headers = sign_response(200, BODY, first, OTHER, NOW_US, "n3")
    keys = keys_of(OTHER)
    at_bank = RequestHead("POST", PATH, first.headers)
    assert headers == sign_response(200, BODY, at_bank, OTHER, NOW_US, "n3")
    assert verify_response(200, headers, BODY, first, keys, NOW_US).key_id == "TH.AOC-2"
    for status, request in ((202, first), (200, second)):
        with pytest.raises(Refused) as caught:
            verify_response(status, headers, BODY, request, keys, NOW_US)
        assert caught.value.code == "signature_wrong"


def test_an_answer_that_is_not_bound_is_refused() -> None:
    """A signed request wants an answer that covers its signature."""
    unbound = sign_response(401, BODY, RequestHead("POST", PATH, {}), OTHER, NOW_US, "n3")
    unsigned = RequestHead("POST", URL, {})
    assert verify_response(401, unbound, BODY, unsigned, keys_of(OTHER), NOW_US).nonce == "n3"
    signed = RequestHead("POST", URL, _signed())
    with pytest.raises(Refused) as caught:
        verify_response(401, unbound, BODY, signed, keys_of(OTHER), NOW_US)
    assert caught.value.code == "parts_not_covered"


def test_what_is_kept_verifies_years_later() -> None:
    """Body, four headers, path and the time of receipt are all it takes, whatever came since."""
    kept = signed_headers(_signed() | {"Date": "now", "X-Other": "1"})
    retired = {"TH.AOC-1": KEY.public(retired_us=NOW_US + 10**15)}
    assert verify_request("POST", PATH, kept, BODY, retired.get, NOW_US).key_id == "TH.AOC-1"


@given(st.dictionaries(st.sampled_from(SIGNED_HEADERS), st.text(max_size=200)))
def test_nothing_but_refused_comes_from_any_header(changed: dict[str, str]) -> None:
    """Whatever a stranger writes in the headers, the answer is yes or a code."""
    assert _code(_signed() | changed) != ""


@given(st.integers(0, 63), st.integers(0, 7))
def test_a_flipped_bit_of_a_signature_is_seen(place: int, bit: int) -> None:
    """No other 64 bytes pass for the signature."""
    headers = _signed()
    raw = bytearray(base64.b64decode(headers["signature"].split(":")[1]))
    raw[place] ^= 1 << bit
    headers["signature"] = f"holdfast=:{base64.b64encode(raw).decode()}:"
    assert _code(headers) == "signature_wrong"


def test_keys_are_written_for_their_owner_and_read_back(tmp_path: Path) -> None:
    """A private key is readable by its owner alone, never replaced, and the same afterwards."""
    path = KEY.write(tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    read = SigningKey.read(path)
    assert read.key_id == KEY.key_id
    assert read.public().text == KEY.public().text
    with pytest.raises(FileExistsError):
        KEY.write(tmp_path)


def test_public_keys_travel_by_file(tmp_path: Path) -> None:
    """Ids, keys and times come back from the file as they went in."""
    keys = [KEY.public(NOW_US), OTHER.public(0, NOW_US)]
    write_public_keys(tmp_path / "keys.csv", keys)
    read = read_public_keys(tmp_path / "keys.csv")
    assert [(k.key_id, k.text, k.valid_from_us, k.retired_us) for k in read.values()] == [
        (k.key_id, k.text, k.valid_from_us, k.retired_us) for k in keys
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("k1,AAAA", "key_text"),
        ("k1,!!", "key_text"),
        ("a/b,47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "key_id_form"),
    ],
)
def test_a_wrong_public_key_is_named(tmp_path: Path, line: str, code: str) -> None:
    """What is no key, or no id, refuses the file."""
    (tmp_path / "keys.csv").write_text(f"key_id,public_key\n{line}\n", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        read_public_keys(tmp_path / "keys.csv")
    assert caught.value.code == code


def test_what_is_no_private_key_is_refused(tmp_path: Path) -> None:
    """A file that is missing or holds something else is named."""
    (tmp_path / "k.pem").write_text("no key", encoding="utf-8")
    for name in ("k.pem", "missing.pem"):
        with pytest.raises(Refused) as caught:
            SigningKey.read(tmp_path / name)
        assert caught.value.code == "key_unreadable"
