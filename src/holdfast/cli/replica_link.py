"""A replica's way to the centre over HTTP, on a connection that stays."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from holdfast.banks.client import Fault, send
from holdfast.banks.deadline import Timeouts, check_endpoint
from holdfast.banks.signing import RequestHead
from holdfast.registry.replica.following import Reply, Unreached

_CONNECT_S = 5.0
_POST_S = 15.0
_POST_BYTES_MAX = 64 * 1024


class HttpLink:
    """Asks a centre with an API key; `client` is one of `http_client`."""

    def __init__(self, url: str, bearer: str, client: httpx.Client) -> None:
        """Remember where and with what secret, if with any.

        Raises:
            Refused: `endpoint_form` or `endpoint_insecure`.
        """
        self._url = check_endpoint(url)
        self._headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        self._client = client

    def get(
        self, path: str, query: Mapping[str, str | int], bytes_max: int, seconds: float
    ) -> Reply:
        """Ask; raises `Unreached`."""
        url = str(httpx.URL(self._url + path, params=dict(query)))
        return self._send(RequestHead("GET", url, self._headers), b"", bytes_max, seconds)

    def post(
        self, path: str, body: Mapping[str, object], bytes_max: int = _POST_BYTES_MAX
    ) -> Reply:
        """Tell; raises `Unreached`."""
        headers = {**self._headers, "content-type": "application/json"}
        head = RequestHead("POST", self._url + path, headers)
        return self._send(head, json.dumps(body).encode(), bytes_max, _POST_S)

    def _send(self, head: RequestHead, body: bytes, bytes_max: int, seconds: float) -> Reply:
        timeouts = Timeouts(_CONNECT_S, seconds, seconds)
        reply = send(self._client, timeouts, head, body, bytes_max)
        if isinstance(reply, Fault):
            raise Unreached(reply.code, reply.sentence, **reply.fields)
        return Reply(reply.status, reply.body)
