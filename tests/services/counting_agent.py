"""A bank's agent that notes each request before it answers it: a program like the agent's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.banks.agent import __main__ as agent
from holdfast.banks.agent.server import AgentApp

RECEIPTS = "receipts"
"""A file beside the book: a line for each request, with its path and a name for its body."""


def main(words: Sequence[str]) -> int:
    """Run the agent."""
    book = Path(words[list(words).index("--book") + 1])
    respond = AgentApp._respond

    def noted(self: AgentApp, head: Any, body: Any, faults: Any) -> Any:
        with (book.parent / RECEIPTS).open("ab") as file:
            file.write(f"{head.url} {hash(body)}\n".encode())
        return respond(self, head, body, faults)

    AgentApp._respond = noted  # type: ignore[method-assign]
    return agent.main(words)


def receipts(folder: Path) -> list[str]:
    """Return what was noted of an agent whose book is in a folder."""
    file = folder / RECEIPTS
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
