"""Files reports over HTTP as a careful program does: with a key, again until there is an answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from tests.services.processes import PATIENCE_S

AGAIN = frozenset({"database_busy", "idempotency_key_in_use", "report_contended", "server_busy"})
"""Codes of problems that say: nothing was changed, ask again."""


@dataclass(frozen=True)
class Acknowledged:
    """A report that the centre has said it took."""

    key: str
    transfer_ids: tuple[str, ...]
    report_id: str
    case: str
    answer: bytes


@dataclass(frozen=True)
class Reporter:
    """A program of a bank."""

    url: str
    bearer: str

    def report(
        self, key: str, transfer_ids: Sequence[str], patience_s: float = PATIENCE_S
    ) -> Acknowledged:
        """File a report; fail where it is refused for good, or never taken."""
        ends = time.monotonic() + patience_s
        while True:
            response = self.ask(key, transfer_ids)
            if response is not None and response.status_code == 201:
                values = response.json()
                return Acknowledged(
                    key, tuple(transfer_ids), values["report_id"], values["case"], response.content
                )
            said = "" if response is None else response.text[:500]
            assert response is None or response.json()["code"] in AGAIN, said
            assert time.monotonic() < ends, said
            time.sleep(0.05)

    def ask(self, key: str, transfer_ids: Sequence[str]) -> httpx.Response | None:
        """Send it once; None where no answer came."""
        body = {
            "via": "bank",
            "payments": [{"transfer_id": transfer_id} for transfer_id in transfer_ids],
        }
        headers = {"authorization": f"Bearer {self.bearer}", "idempotency-key": key}
        try:
            return httpx.post(
                f"{self.url}/v1/reports", json=body, headers=headers, timeout=PATIENCE_S
            )
        except httpx.TransportError:
            return None
