"""Public keys in a file: CSV with `key_id,public_key,valid_from,retired_at`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant, parse_instant
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import table, text_lines
from holdfast.ledger.readers.notes import ReadNotes

KEY_COLUMNS = ("key_id", "public_key", "valid_from", "retired_at")


def read_public_keys(path: Path) -> dict[str, PublicKey]:
    """Read the keys of another house from CSV; empty times mean always and not yet.

    Raises:
        Refused: `keys_unreadable`, or what is wrong with the header or a line.
    """
    try:
        with path.open("rb") as file:
            notes = ReadNotes()
            columns, rows = table(
                text_lines(file, notes),
                KEY_COLUMNS[:2],
                KEY_COLUMNS[2:],
                notes,
                fill_short_rows=True,
            )
            keys: dict[str, PublicKey] = {}
            for _, cells in rows:
                if isinstance(cells, Refused):
                    raise cells
                key = _public_key(dict(zip(columns, cells, strict=True)))
                keys[key.key_id] = key
            return keys
    except OSError:
        raise Refused(
            "keys_unreadable", N_("the file of keys {file} can't be read"), file=path
        ) from None


def write_public_keys(path: Path, keys: Iterable[PublicKey]) -> None:
    """Write keys in the form that `read_public_keys` reads."""
    lines = [",".join(KEY_COLUMNS)]
    for key in keys:
        retired = "" if key.retired_us is None else format_instant(key.retired_us)
        lines.append(f"{key.key_id},{key.text},{format_instant(key.valid_from_us)},{retired}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _public_key(row: dict[str, str]) -> PublicKey:
    valid_from, retired = row.get("valid_from", ""), row.get("retired_at", "")
    return PublicKey.parse(
        row["key_id"],
        row["public_key"],
        parse_instant(valid_from) if valid_from else 0,
        parse_instant(retired) if retired else None,
    )
