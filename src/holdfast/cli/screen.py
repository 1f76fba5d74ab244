"""The terminal as commands see it: lines that are safe to show, and a reader that may leave."""

from __future__ import annotations

from rich.console import Console

from holdfast.documents.visible_text import visible


class Screen(Console):
    """Standard output; what comes from files cannot command the terminal through it."""

    def __init__(self) -> None:
        super().__init__(highlight=False)

    def write(self, text: str, style: str | None = None) -> None:
        """Print one line as it is, with hidden and control characters made visible."""
        self.print(visible(text, words=True), markup=False, soft_wrap=True, style=style)

    def on_broken_pipe(self) -> None:
        """Let the command end quietly, as every other output does when its reader leaves."""
        raise BrokenPipeError
