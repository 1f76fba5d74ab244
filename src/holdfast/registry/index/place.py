"""Where a centre's home keeps its index, and the key that subjects are hashed under in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.registry.index.hashing import KEY_BYTES


def index_file(home: Path) -> Path:
    """Return where the index of a home is."""
    return home / "registry" / "index"


def key_file(home: Path) -> Path:
    """Return where the key of a home's index is."""
    return home / "keys" / "registry-index"


def read_key(home: Path) -> bytes:
    """Return the key that subjects are hashed under in a home's index.

    Raises:
        CentreError: `index_key_missing`.
    """
    try:
        return bytes.fromhex(key_file(home).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise CentreError(
            "index_key_missing",
            N_("{file} does not hold the key of the registry's index; rebuilding it makes one"),
            file=key_file(home),
        ) from None


def make_key(home: Path, chance: Callable[[int], bytes]) -> bytes:
    """Return the key of a home's index, made now if there is none; only its owner can read it.

    `chance` returns as many random bytes as it is asked for, such as `secrets.token_bytes`.

    Raises:
        CentreError: `index_key_missing`: there is a key that can't be read.
    """
    file = key_file(home)
    if file.exists():
        return read_key(home)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whole before it has its name: several may begin at the same moment.
    making = file.with_name(f"{file.name}.{chance(8).hex()}.new")
    handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as text:
        text.write(f"{chance(KEY_BYTES).hex()}\n")
        text.flush()
        os.fsync(text.fileno())
    with suppress(FileExistsError):
        file.hardlink_to(making)
    making.unlink()
    return read_key(home)
