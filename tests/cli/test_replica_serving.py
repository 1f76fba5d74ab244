"""A replica at work: it answers over HTTP while it follows, and ends when its keys were renewed."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.registry.replica.machine import LISTED, Machine

from holdfast.cli.replica_serving import serve
from holdfast.core.errors import Refused
from holdfast.registry.feed.signed import KEYS_RENEWED
from holdfast.registry.replica.following import Step


class Waits:
    """A follower to whom the centre says that the keys were renewed, once it was asked for that."""

    def __init__(self) -> None:
        self.renewed = threading.Event()

    def step(self) -> Step:
        """Wait as a centre holds a question."""
        self.renewed.wait(30.0)
        raise Refused(KEYS_RENEWED, "the keys were renewed")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.enable_socket
def test_it_answers_until_its_keys_are_renewed(tmp_path: Path) -> None:
    """Then the program can let go of what it holds; the port is free again."""
    machine, port, follower = Machine(tmp_path), _free_port(), Waits()
    answers: list[Any] = []

    def ask() -> None:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport) as client:
            url = f"http://127.0.0.1:{port}/screen/phone/%2B{LISTED[1:]}"
            answers.append(client.get(url, timeout=10.0).json())
        follower.renewed.set()

    asking = threading.Thread(target=ask)
    asking.start()
    following: Any = follower
    with pytest.raises(Refused) as refused:
        serve(machine.app, port, following, machine.freshness)
    asking.join()
    assert refused.value.code == KEYS_RENEWED
    assert answers[0]["answer"] == "listed"
    with socket.create_server(("127.0.0.1", port)):
        pass
