"""Subjects for the registry's benchmarks: accounts in a row, of which the first part is listed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.registry.index.build import Batch, build_index
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.place import index_file, make_key
from holdfast.registry.standing import Standing

ROWS_AT_ONCE = 1 << 17
UNTIL_US = 4_000_000_000_000_000
TIERS = (10, 20, 30, 40, 50)


class RegistryWorld:
    """A home whose index lists accounts 0 to `subjects`; those from there on are not listed."""

    def __init__(self, home: Path, subjects: int) -> None:
        self.home = home
        self.subjects = subjects
        self.key = make_key(home, secrets.token_bytes)
        index_file(home).parent.mkdir(parents=True, exist_ok=True)
        self._values = np.array(
            [Standing(tier, disputed=False, until_us=UNTIL_US).packed() for tier in TIERS],
            np.uint64,
        )

    def build(self) -> None:
        """Make the index."""
        build_index(
            index_file(self.home),
            self.key,
            self._wires(),
            number=self.subjects,
            subjects=self.subjects,
        )

    def batches(self) -> Iterator[tuple[Words, Words]]:
        """Yield hashes and values, for peers."""
        key = HashKey(self.key)
        for wires, values in self._wires():
            yield key.hashed_all(wires), values

    def value(self, number: int) -> int:
        """Return the packed standing of an account by its number."""
        return int(self._values[number % len(TIERS)]) if number < self.subjects else 0

    def _wires(self) -> Iterator[Batch]:
        for begin in range(0, self.subjects, ROWS_AT_ONCE):
            numbers = np.arange(begin, min(begin + ROWS_AT_ONCE, self.subjects))
            yield accounts(numbers, "account:"), self._values[numbers % len(TIERS)]


def accounts(numbers: np.typing.NDArray[np.int64], prefix: str = "") -> pa.Array:
    """Return the texts of accounts by their numbers, ten digits each."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), 10, "0")
    return pc.binary_join_element_wise(f"{prefix}TH.THCBC.004.", digits, "")
