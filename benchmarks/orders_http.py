"""HTTP/1.1 with a length before each body: as much as the order benchmark's outside world needs.

Bare, because clients and banks share the machine with what is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer; names of headers in small letters."""

    first_line: str
    headers: dict[str, str]
    body: bytes

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first_line.split(" ", 2)[1])

    @property
    def path(self) -> str:
        """The path of a request."""
        return self.first_line.split(" ", 2)[1]


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Return the next message, None where the other side is through."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first_line, *lines = head[:-4].split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Message(first_line, headers, body)


def written(first_line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the bytes of a message."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


class Client:
    """Posts to one server over as many connections as are needed at once, kept for the next."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._port = port
        self._headers = {"host": f"127.0.0.1:{port}", "content-type": "application/json", **headers}
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Message:
        """Return the answer; a connection that the server has let go of is replaced once.

        Raises:
            ConnectionError: there was no answer.
        """
        request = written(f"POST {path} HTTP/1.1", {**self._headers, **headers}, body)
        while True:
            is_new = not self._idle
            if is_new:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            else:
                reader, writer = self._idle.pop()
            writer.write(request)
            answer = await read_message(reader)
            if answer is not None:
                self._idle.append((reader, writer))
                return answer
            writer.close()
            if is_new:
                msg = f"no answer to {path}"
                raise ConnectionError(msg)

    def close(self) -> None:
        """Let go of all connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
