"""What a replica was asked and answered, on record beside it: the centre learns none of it.

The record is the bank's own, in the form of the centre's question log. Where the disk does not take
it the payment engine is answered all the same: a full disk at the bank is no reason to let a payment
to a listed account through. How many answers that were is told by `/health` and `/metrics`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US
from holdfast.registry.group_commit import GroupCommit
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.question_keeping import older_files, remove_files
from holdfast.registry.questions import MIXED, Question, QuestionFiles
from holdfast.registry.replica.joining import Joined

log = logging.getLogger(__name__)

STALE = 1 << 9
"""Stands on record for "not listed in what is held, which is too old to say so": no standing has it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in words, and as it is put on record."""

    words: Mapping[str, object]
    kind: str
    hash: bytes
    """Of the subject, under the key of the replica's index: 16 bytes."""
    value: int
    """Packed standing that was answered; 0 for not listed, `STALE` where nobody can say."""
    data_version: int
    """Number of the feed that it rests on."""


class Recording:
    """Puts questions on record in a folder, and removes those older than the time they are kept."""

    def __init__(
        self, folder: Path, name: str, joined: Joined, keep_us: int, clock: Callable[[], int]
    ) -> None:
        """Write into files that begin with `name`, which no process had before."""
        self.unrecorded = 0
        """How many questions were answered without being put on record."""
        self._folder = folder
        self._name = name
        self._asker = joined.replica_id
        self._keep_us = keep_us
        self._clock = clock
        self._count = 0
        self._tidied_us = 0
        self._log = GroupCommit(QuestionFiles(folder, name, HashKey(joined.keys.hash_key).name))

    async def keep(self, told: Sequence[Told], reference: str) -> None:
        """Return when answers are on record, or can't be."""
        now_us = self._clock()
        self._count += 1
        kinds = {one.kind for one in told}
        question = Question(
            f"{self._name}-{self._count}",
            now_us,
            self._asker,
            "",
            reference,
            "",
            kinds.pop() if len(kinds) == 1 else MIXED,
            max(one.data_version for one in told),
            b"".join(one.hash for one in told),
            b"".join(one.value.to_bytes(8, "little") for one in told),
        )
        try:
            await self._log.keep(question.encoded())
        except CentreError as error:
            self.unrecorded += 1
            if self.unrecorded == 1:
                log.warning("questions are answered without a record: %s", error.code)
        if not 0 <= now_us - self._tidied_us < DAY_US:
            self._tidied_us = now_us
            await asyncio.to_thread(self._tidy, now_us - self._keep_us)

    def close(self) -> None:
        """Write what waits, and end the file."""
        self._log.close()

    def _tidy(self, before_us: int) -> None:
        try:
            remove_files(older_files(self._folder, before_us))
        except CentreError as error:
            log.warning("questions are kept for longer than was said: %s", error.code)
