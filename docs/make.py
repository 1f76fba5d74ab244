"""Write the pages that are made from the code: commands, problems, law, hold states, the API.

Run by `make docs`; a test fails while a page differs from what this writes.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "holdfast"
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def pages() -> dict[Path, str]:
    """Return each made page's text by its path."""
    return {
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "problems.md": problems_page(),
        ROOT / "tests" / "golden" / "openapi.json": openapi(),
        ROOT / "docs" / "law.md": law_page(),
        ROOT / "docs" / "hold-states.md": hold_states_page(),
        ROOT / "docs" / "hold-states.svg": hold_states_picture(),
    }


def openapi() -> str:
    """Return the description of the HTTP API, as it is served; any centre's home will do."""
    with TemporaryDirectory() as home:
        if "DJANGO_SETTINGS_MODULE" not in os.environ:
            _make_home(Path(home))
        import django

        django.setup()
        from holdfast.api.v1 import openapi_text

        return openapi_text()


def _make_home(home: Path) -> None:
    (home / "keys").mkdir()
    (home / "keys" / "django").write_text("only to describe the API", encoding="ascii")
    (home / "centre.toml").write_text('country = "TH"\nname = "TH.AOC"\n', encoding="ascii")
    os.environ["HOLDFAST_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.server.settings"


def law_page() -> str:
    """Return the page of all legal parameters with their days and sources."""
    from holdfast.law.law import Law
    from holdfast.law.page import page

    return page(Law.load())


def hold_states_picture() -> str:
    """Return the picture of the steps of a hold."""
    from holdfast.documents.hold_states import draw_hold_states

    return draw_hold_states()


def hold_states_page() -> str:
    """Return the page of the steps that an order to hold can take."""
    from holdfast.cases.hold import HoldState
    from holdfast.documents.hold_states import steps_table

    lines = [
        "# The states of a hold",
        "",
        "Made by `make docs` from the one table of steps, which Python and the database both "
        "keep to. [The life of a hold](how-to/the-life-of-a-hold.md) tells when each is taken.",
        "",
        "![The steps of an order to hold](hold-states.svg)",
        "",
        steps_table(),
        "",
        "| state | meaning |",
        "|---|---|",
    ]
    source = (SOURCE / "cases" / "hold.py").read_text(encoding="utf-8")
    for state in HoldState:
        meaning = re.search(rf'= "{state.value}"  # (.*)', source)
        lines.append(f"| `{state.value}` | {meaning.group(1) if meaning else ''} |")
    return "\n".join(lines) + "\n"


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
