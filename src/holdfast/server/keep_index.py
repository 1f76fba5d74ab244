"""The one of a house's workers that keeps the lookup index up with the feed; the others wait for it."""

from __future__ import annotations

import logging
import secrets
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from holdfast.registry.index.writer import IndexWriter

log = logging.getLogger(__name__)


def can_keep_index() -> bool:
    """Whether the parts of `holdfast[registry]` are installed that an index needs."""
    return find_spec("numba") is not None


class KeptIndex:
    """The index of a home, in the hands of this process as soon as no other one has it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._writer: IndexWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def follow(self) -> bool:
        """Apply what is new in the feed; an index that is missing is made.

        Returns whether anything was applied.

        Raises:
            CentreError: as `apply_feed`, `rebuild_index` and `IndexWriter.open`.
        """
        from holdfast.registry.index.writer import IndexBusy
        from holdfast.workflows.apply_feed import apply_feed

        if self._writer is None:
            try:
                self._writer = self._opened()
            except IndexBusy:
                return False
        before = self._writer.number
        return apply_feed(self._writer) > before

    def _opened(self) -> IndexWriter:
        from holdfast.registry.index.place import index_file, make_key
        from holdfast.registry.index.writer import IndexWriter

        file, key = index_file(self._home), make_key(self._home, secrets.token_bytes)
        if not file.exists():
            self._make(file)
        return IndexWriter.open(file, key)

    def _make(self, file: Path) -> None:
        """Make the index, unless another worker has done so; who comes second waits for it."""
        from holdfast.registry.index.file import locked
        from holdfast.workflows.apply_feed import rebuild_index

        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(file.with_name(f"{file.name}.maker")):
            if not file.exists():
                number = rebuild_index(self._home, secrets.token_bytes, lambda _: None)
                log.info("made the registry's index, up to number %d of the feed", number)
