"""What is safely on the disk: files, and the names that folders give them."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """See a file, or the names in a folder, safely on the disk.

    Raises:
        OSError: it is not there, or the disk failed.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
