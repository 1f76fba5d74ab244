"""A sheet of SVG that is written as text: every value escaped, the same bytes every time.

SVG 1.1 elements and presentation attributes only (W3C SVG 2, chapters 8 to 14): no scripts, no
style sheets, no links, no fonts from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from holdfast.documents.visible_text import cut_to_width, text_width, visible, wrap

LINE_HEIGHT = 1.6
"""Lines of text stand this many font sizes apart, which Thai, Lao, Khmer and Burmese need."""

SMALLEST = 0.75
"""Words too wide for their place are written smaller, down to this share; then they are cut."""

Value = str | float | None


class Sheet:
    """Collects elements in drawing order; attributes are named as in SVG with _ for -."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._depth = 1

    def add(self, name: str, *, hint: str | None = None, **attributes: Value) -> None:
        """Add an element without text; `hint` is what a reader sees when pointing at it."""
        inner = "" if hint is None else f"<title>{plain(hint)}</title>"
        end = f">{inner}</{name}>" if inner else "/>"
        self._line(f"<{name}{_attributes(attributes)}{end}")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 11,
        room: float | None = None,
        whole: bool = False,
        hint: str | None = None,
        **attributes: Value,
    ) -> None:
        """Write `words` with their baseline at y, smaller or even cut to fit into `room`.

        What must stay `whole`, such as an amount, is never cut; who lets words be cut puts
        them into the `hint` too.
        """
        bold = attributes.get("font_weight") == "bold"
        words = visible(words, words=True)
        width = text_width(words, size, bold=bold)
        if room is not None and width > room:
            size *= max(room / width, 0.0 if whole else SMALLEST)
            words = words if whole else cut_to_width(words, room, size, bold=bold)
        inner = ("" if hint is None else f"<title>{plain(hint)}</title>") + plain(words)
        head = _attributes({"x": x, "y": y, "font_size": size, **attributes})
        self._line(f"<text{head}>{inner}</text>")

    def paragraph(
        self, x: float, y: float, words: str, *, width: float, size: float = 11, **more: Value
    ) -> float:
        """Write `words` in as many lines as they need and return the baseline after them."""
        for line in wrap(words, width, size):
            self.text(x, y, line, size=size, room=width, whole=False, hint=None, **more)
            y += size * LINE_HEIGHT
        return y

    @contextmanager
    def group(
        self, *, hint: str | None = None, name: str = "g", **attributes: Value
    ) -> Iterator[None]:
        """Put what is added inside the `with` into one element."""
        self._line(f"<{name}{_attributes(attributes)}>")
        self._depth += 1
        if hint is not None:
            self._line(f"<title>{plain(hint)}</title>")
        yield
        self._depth -= 1
        self._line(f"</{name}>")

    def document(
        self, *, width: float, height: float, title: str, summary: str, prefix: str
    ) -> str:
        """Return the whole as a standalone SVG with its name and description for all readers."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} '
            f'{number(height)}" width="{number(width)}" height="{number(height)}" role="img" '
            f'aria-labelledby="{prefix}-title {prefix}-desc" '
            f"font-family=\"Sarabun, 'Noto Sans', 'Noto Sans Thai', 'DejaVu Sans', Arial, "
            f'sans-serif" fill="#111">'
        )
        lines = [
            head,
            f' <title id="{prefix}-title">{plain(title)}</title>',
            f' <desc id="{prefix}-desc">{plain(summary)}</desc>',
            f' <rect width="{number(width)}" height="{number(height)}" fill="#fff"/>',
            *self._parts,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def _line(self, markup: str) -> None:
        self._parts.append(" " * self._depth + markup)


def plain(words: str) -> str:
    """Escape text for XML; characters that XML forbids are written out, never dropped."""
    return escape(visible(words, words=True))


def number(value: float) -> str:
    """Write a length to a hundredth, without zeros that say nothing."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _attributes(attributes: dict[str, Value]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="'
        f'{plain(value) if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
