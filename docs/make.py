"""Write the pages that are made from the code: `docs/commands.md` and `docs/problems.md`.

Run by `make docs`; a test fails while a page differs from what this writes.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "holdfast"
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def pages() -> dict[Path, str]:
    """Return each made page's text by its path."""
    return {
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "problems.md": problems_page(),
    }


def commands_page() -> str:
    """Return the page of all commands, with their help as it is printed, and all settings."""
    os.environ["COLUMNS"] = "96"
    from holdfast.cli.main import COMMANDS, SETTINGS, parser_of

    lines = ["# Commands", "", "Made by `make docs` from the commands themselves.", ""]
    for name, command in COMMANDS.items():
        lines += [f"## holdfast {name}", "", f"{command.summary.capitalize()}.", ""]
        lines += ["```", parser_of(name).format_help().rstrip(), "```", ""]
    lines += ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [
        "| 0 | done |",
        "| 1 | refused; one line on standard error says why, with a code of [problems](problems.md) |",
        "| 2 | the words of the call are off |",
        "| 3 | done, but not whole: rows were refused, a ledger has findings, a trail met a bound |",
        "| 4 | not now; the same call can succeed later (another writer, a full disk) |",
        "| 130 | interrupted |",
        "",
        "## Settings",
        "",
        "| environment variable | what it does |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {what} |" for name, what in SETTINGS.items()]
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    """Return the page of all codes, each with the sentences it comes with."""
    sentences: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for code, sentence in coded_sentences(ast.parse(path.read_text(encoding="utf-8"))):
            sentences.setdefault(code, set()).add(sentence)
    lines = [
        "# Problems",
        "",
        "Every error and every problem of a file has a stable code; programs read the code, "
        "people the sentence. Made by `make docs` from the code.",
        "",
        "| code | sentence |",
        "|---|---|",
    ]
    for code, found in sorted(sentences.items()):
        lines.append(f"| `{code}` | {'<br>'.join(sorted(found)).replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def coded_sentences(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each code that stands directly before a marked sentence in a call."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _named(node, "Command"):
            continue
        for code, sentence in zip(node.args, node.args[1:], strict=False):
            if (
                isinstance(code, ast.Constant)
                and isinstance(code.value, str)
                and _CODE.fullmatch(code.value)
                and isinstance(sentence, ast.Call)
                and _named(sentence, "N_")
            ):
                yield code.value, ast.literal_eval(sentence.args[0])


def _named(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == name


def main() -> None:
    """Write all made pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
