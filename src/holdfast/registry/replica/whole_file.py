"""Files of a replica's folder: written whole or not at all, and legible to their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.on_disk import sync
from holdfast.core.words import N_
from holdfast.registry.index.file import unwritable


def write_whole(file: Path, content: bytes) -> None:
    """Put a file in the place of the one before; it is on the disk when this returns.

    Raises:
        CentreError: `index_unwritable`; the file before stays.
    """
    draft = file.with_name(f"{file.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as open_file:
            open_file.write(content)
            open_file.flush()
            os.fsync(open_file.fileno())
        draft.replace(file)
        sync(file.parent)
    except OSError as error:
        raise unwritable(file, error) from None


def folder_unreadable(folder: Path) -> CentreError:
    """Return the error for a folder whose files are not those of a replica, or damaged."""
    return CentreError(
        "replica_folder_unreadable",
        N_("{folder} is not legible as a replica's; take another folder and begin anew"),
        folder=folder,
    )
