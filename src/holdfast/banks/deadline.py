"""An HTTP client that ends on time, whatever the other side does with single bytes.

The timeouts of an HTTP library bound each read; a server that sends one byte now and then stays
within them for hours. Here every wait on the network is cut to what is left of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from ssl import SSLContext
from threading import Lock
from typing import Any, Self

import httpcore
import httpx

from holdfast.core.errors import Refused
from holdfast.core.words import N_

TO_ONE_HOUSE_MAX = 100
KEPT_OPEN_MAX = 4
KEPT_OPEN_S = 30.0
"""One that the other side closed meanwhile is seen, and not used."""

_ends_s: ContextVar[float | None] = ContextVar("ends_s", default=None)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one call may take: to connect, between two reads, and in all."""

    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 30.0


@contextmanager
def within(total_s: float) -> Iterator[None]:
    """Bound all waits of this thread on a client of `http_client` to `total_s` together."""
    token = _ends_s.set(time.monotonic() + total_s)
    try:
        yield
    finally:
        _ends_s.reset(token)


def seconds_left(otherwise: float = 0.0) -> float:
    """Return what is left of `within`, or `otherwise` outside of it."""
    ends_s = _ends_s.get()
    return otherwise if ends_s is None else ends_s - time.monotonic()


def http_client(timeouts: Timeouts, verify: SSLContext | bool = True) -> httpx.Client:
    """Return a client without redirects, proxies or settings of the environment."""
    return httpx.Client(
        transport=_Transport(verify=verify, trust_env=False),
        timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s),
        follow_redirects=False,
        trust_env=False,
        headers={"user-agent": "holdfast", "accept-encoding": "identity"},
    )


def check_endpoint(endpoint: str) -> str:
    """Return an endpoint without a slash at its end: https, or http on this machine alone.

    Raises:
        Refused: `endpoint_form` or `endpoint_insecure`.
    """
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError):
        raise _endpoint_form(endpoint) from None
    # Even an empty query or fragment would swallow the path that is put behind the endpoint.
    if url.scheme not in {"http", "https"} or not url.host or set("?#") & set(endpoint):
        raise _endpoint_form(endpoint)
    if url.userinfo:
        raise _endpoint_form("…")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise Refused(
            "endpoint_insecure",
            N_("{value!r} is without encryption; https is needed between two machines"),
            value=endpoint[:80],
        )
    return endpoint.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _endpoint_form(endpoint: str) -> Refused:
    return Refused(
        "endpoint_form",
        N_("{value!r} is not an endpoint; https://host/path is, without query and password"),
        value=endpoint[:80],
    )


class _Transport(httpx.HTTPTransport):
    """The usual transport on a network that knows the deadline."""

    def __init__(self, verify: SSLContext | bool, *, trust_env: bool) -> None:
        super().__init__(verify=verify, trust_env=trust_env)
        context = httpx.create_ssl_context(verify=verify, trust_env=trust_env)
        self._pool = _Pools(context)  # type: ignore[assignment]  # all of a pool that is used


class _Pools:
    """Connections kept open, those to each house apart.

    A pool looks at all of its connections for each request: with a hundred houses in one, that
    would cost more than the request. Kept open, the next order needs no new handshake.
    """

    def __init__(self, ssl_context: SSLContext) -> None:
        self._ssl_context = ssl_context
        self._pools: dict[tuple[bytes, bytes, int | None], httpcore.ConnectionPool] = {}
        self._lock = Lock()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        url = request.url
        house = url.scheme, url.host, url.port
        with self._lock:
            if house not in self._pools:
                self._pools[house] = self._new()
            pool = self._pools[house]
        return pool.handle_request(request)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new(self) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=TO_ONE_HOUSE_MAX,
            max_keepalive_connections=KEPT_OPEN_MAX,
            keepalive_expiry=KEPT_OPEN_S,
            network_backend=_Network(httpcore.SyncBackend()),
        )


class _Network(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _left(timeout, httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(host, port, bounded, local_address, socket_options)
        return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, bounded))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, late: Callable[[], Exception]) -> float | None:
    """Cut one timeout to what is left of the whole."""
    ends_s = _ends_s.get()
    if ends_s is None:
        return timeout
    left_s = ends_s - time.monotonic()
    if left_s <= 0:
        raise late()
    return left_s if timeout is None else min(timeout, left_s)
