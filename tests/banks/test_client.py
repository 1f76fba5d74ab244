"""The client against servers that do wrong: bounded in time and bytes, and always a code."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.banks.samples import clock, fresh, keys_of, nonces

from holdfast.banks.client import BankClient, Fault, problem_code
from holdfast.banks.deadline import Timeouts, check_endpoint, http_client
from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey

TIMEOUTS = Timeouts(connect_s=0.5, read_s=0.4, total_s=0.8)
CENTRE = SigningKey.new("TH.AOC-1")


@contextmanager
def _server(*parts: bytes, wait_s: float = 0.0) -> Iterator[str]:
    """Listen, and answer every connection with `parts`, each after a wait."""
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                heard = b""
                while not heard.endswith(b"}"):
                    heard += connection.recv(65536)
                _say(connection, parts, wait_s, done)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        done.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(2)


def _say(
    connection: socket.socket, parts: tuple[bytes, ...], wait_s: float, done: threading.Event
) -> None:
    try:
        for part in parts:
            if done.wait(wait_s):
                return
            connection.sendall(part)
    except OSError:
        return


def _deliver(endpoint: str) -> Fault:
    with http_client(TIMEOUTS) as client:
        bank = BankClient(CENTRE, client, TIMEOUTS, clock, nonces())
        found = bank.deliver(endpoint, fresh(), keys_of())
    assert isinstance(found, Fault)
    return found


def _http(head: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 " + head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("said", "code", "retry"),
    [
        (b"", "unreachable", True),
        (b"SSH-2.0-OpenSSH\r\n", "unreachable", True),
        (_http(b"500 Oops", b""), "http_status", True),
        (_http(b"429 Slow", b""), "http_status", True),
        (_http(b"404 None", b""), "http_status", False),
        (_http(b"302 Found\r\nlocation: http://127.0.0.1:1/", b""), "http_status", False),
        (_http(b"200 OK", b"{}"), "signature_missing", False),
        (_http(b"200 OK\r\ncontent-encoding: gzip", b"{}"), "content_encoded", False),
        (_http(b"200 OK", b" " * 1_000_001), "too_long", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", "unreachable", True),
    ],
    ids=range(10),
)
def test_what_a_server_says_wrong_has_a_code(said: bytes, code: str, retry: bool) -> None:
    """Whatever comes back, delivery ends with a code, and says whether to try again."""
    with _server(said) as endpoint:
        fault = _deliver(endpoint)
    assert (fault.code, fault.retry) == (code, retry)
    assert fault.detail


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n"] + [b"x-a: 1\r\n"] * 100,
        [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"] + [b"."] * 100,
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] + [b"1\r\n.\r\n"] * 100,
    ],
    ids=["headers", "body", "chunks"],
)
def test_a_server_that_drips_can_not_hold_us(parts: list[bytes]) -> None:
    """Single bytes within every read's timeout end at the total time, in headers and body."""
    with _server(*parts, wait_s=0.1) as endpoint:
        before = time.monotonic()
        fault = _deliver(endpoint)
        took_s = time.monotonic() - before
    assert (fault.code, fault.retry) == ("timeout", True)
    assert took_s < 5.0, "dripping for 10 s would have been waited for"


@pytest.mark.enable_socket
def test_a_silent_server_and_a_closed_port() -> None:
    """No answer is a timeout, no listener is unreachable; both may be tried again."""
    with _server(b"", wait_s=30.0) as endpoint:
        assert _deliver(endpoint).code == "timeout"
    assert _deliver(endpoint).code == "unreachable"


@pytest.mark.enable_socket
def test_the_environment_chooses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders go to the bank itself, whatever the environment says."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with _server(_http(b"404 None", b"")) as endpoint:
        assert _deliver(endpoint).code == "http_status"


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://bank.example/aoc", "endpoint_insecure"),
        ("http://127.0.0.1.example", "endpoint_insecure"),
        ("http://10.0.0.1", "endpoint_insecure"),
        ("ftp://bank.example", "endpoint_form"),
        ("file:///etc/passwd", "endpoint_form"),
        ("https://user:secret@bank.example", "endpoint_form"),
        ("https://bank.example/?a=1", "endpoint_form"),
        ("https://", "endpoint_form"),
        ("bank.example", "endpoint_form"),
        ("http://[::1", "endpoint_form"),
    ],
)
def test_an_endpoint_is_https(endpoint: str, code: str) -> None:
    """Only https leaves the machine; a password in an endpoint is never shown."""
    with pytest.raises(Refused) as caught:
        check_endpoint(endpoint)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)
    assert _deliver(endpoint).code == code


def test_loopback_may_go_without_encryption() -> None:
    """On this machine alone plain http is taken; a slash at the end makes no difference."""
    for endpoint in (
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:1",
        "https://a.b/c",
    ):
        assert check_endpoint(f"{endpoint}/") == endpoint


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":"key_unknown"}', "key_unknown"),
        (b'{"code":"<script>"}', None),
        (b'{"code":1}', None),
        (b"[]", None),
        (b"rubbish", None),
        (b"[" * 100_000, None),
    ],
    ids=range(6),
)
def test_the_code_of_a_problem_is_read_with_care(body: bytes, code: str | None) -> None:
    """Only what looks like a code is repeated to people."""
    assert problem_code(body) == code
