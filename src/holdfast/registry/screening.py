"""Screening: whether a subject is listed, and what that means for the one who asks.

Exact keys only: a text is brought into its canonical form and looked up by its hash. An answer is
right for the data version it names; what ran out by the time of asking counts as not listed, also
where nobody has ended it yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np
import numpy.typing as npt

from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.law.tier import CODE_MAX, CONTROLS, Effect, Effects, Spare, Tier
from holdfast.law.tier_law import asker_kind
from holdfast.registry.canonical import canonical_of, is_canonical
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.file import Index
from holdfast.registry.index.hashing import joined
from holdfast.registry.index.place import index_file, read_key
from holdfast.registry.subject import Subject, SubjectKind, parse_subject

if TYPE_CHECKING:
    import pyarrow as pa

VALID_FOR_S = 60
"""How long an answer may be relied on, listed or not: a payment later than that asks again."""
_KEPT_DAYS_MAX = 64
UNTIL_SHIFT = 16
DISPUTED = 1 << 8
"""As `Standing` packs them; here for millions at once."""
_NO_EFFECTS = Effects()
_KINDS = {kind.value: kind for kind in SubjectKind}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry says of one subject to one kind of asker."""

    tier: str | None = None
    """Its name in the country's law; None: not listed, or in no tier that the asker may see."""
    effects: Effects = _NO_EFFECTS
    spares: tuple[Spare, ...] = ()
    """What of a person's money the effects leave free, where the law says so."""
    disputed: bool = False
    until_us: int | None = None
    """When the tier ends by itself, microseconds since 1970 UTC."""
    data_version: int
    """Number of the feed that the answer rests on."""
    valid_for_s: int = VALID_FOR_S
    hash: bytes
    """Of the subject, under the index's key: how the question is put on record."""
    value: int = 0
    """Packed standing as it was answered, 0 for not listed."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found for an array of texts, row by row."""

    table: pa.Table
    """tier, one column for each control, spares (words with a space between, or null), disputed,
    until_us, valid_for_s, data_version, problem."""
    hashes: Words
    """Of the subjects, a row of two numbers each; 0 where a text could not be read."""
    values: Words
    """Packed standings as they were answered, 0 for not listed."""
    problems: Mapping[int, Refused]
    """What is wrong with the texts that could not be read, by row."""
    data_version: int
    """Number of the feed that all of it rests on."""

    @classmethod
    def joined(cls, parts: Sequence[tuple[Screened, Sequence[int]]]) -> Self:
        """Return parts as one whole; each comes with the rows where its own belong."""
        import pyarrow as pa

        rows = np.concatenate([np.asarray(at) for _, at in parts])
        order = np.argsort(rows)
        return cls(
            pa.concat_tables([part.table for part, _ in parts]).take(pa.array(order)),
            np.concatenate([part.hashes for part, _ in parts])[order],
            np.concatenate([part.values for part, _ in parts])[order],
            {at[row]: error for part, at in parts for row, error in part.problems.items()},
            min(part.data_version for part, _ in parts),
        )


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one kind of asker sees on one day: the visible tiers by their codes."""

    tiers: Mapping[int, Tier]
    effects: Mapping[int, Effects]
    spares: Mapping[int, tuple[Spare, ...]]

    @classmethod
    def of(cls, law: Law, country: str, institution_kind: str, on: date) -> Self:
        asker = asker_kind(institution_kind)
        tiers = {
            tier.code: tier
            for tier in law.tiers(country, on)
            if asker is None or asker in tier.effects
        }
        effects = {
            code: _NO_EFFECTS if asker is None else tier.effects[asker]
            for code, tier in tiers.items()
        }
        spares = {
            code: () if asker is None else tier.spared_by(asker) for code, tier in tiers.items()
        }
        return cls(tiers, effects, spares)


class Registry:
    """The registry as it is asked: an index, and the country's law on what its tiers mean."""

    def __init__(self, index: Index, law: Law, country: str, person_key: bytes = b"") -> None:
        self.index = index
        self.law = law
        self.country = country
        self._person_key = person_key
        self._sights: dict[tuple[str, date], _Sight] = {}
        self._days: dict[int, date] = {}

    @classmethod
    def open(cls, home: Path, country: str, person_key: bytes = b"") -> Self:
        """Open the registry of a centre's home, or of a folder laid out like one.

        With `person_key` ids of people may be asked about in the clear, else only sealed ones.

        Raises:
            CentreError: `index_key_missing`, or as `Index.open`.
            Refused: `extra_missing`, where the compiler is not installed.
        """
        index = Index.open(index_file(home), read_key(home))
        return cls(index, Law.load(), country, person_key)

    def screen(self, texts: pa.Array, kind: str, institution_kind: str, at_us: int) -> Screened:
        """Say of an array of texts (string; null is a problem) how each stands.

        Raises:
            Refused: `subject_kind_unknown`.
            TypeError: the array is not one of text.
        """
        subject_kind = parse_kind(kind)
        number = self.index.number
        hashes, problems = self._hashed(texts, subject_kind)
        sight = self._sight(institution_kind, at_us)
        values = _answered(self.index.values_of_hashes(hashes), sight, at_us)
        for row in problems:
            values[row] = 0
            hashes[row] = 0
        table = _table(values, problems, sight, number, at_us)
        return Screened(table, hashes, values, problems, number)

    def screen_one(self, text: str, kind: str, institution_kind: str, at_us: int) -> Answer:
        """Say how one subject stands.

        Raises:
            Refused: as `parse_subject`.
        """
        wire = self._wire(text, kind)
        number = self.index.number
        value, low, high = self.index.value_and_hash(wire)
        sight = self._sight(institution_kind, at_us)
        code = value & CODE_MAX
        tier = sight.tiers.get(code)
        until_us = (value >> UNTIL_SHIFT) * SECOND_US
        if tier is None or until_us <= at_us:
            return Answer(data_version=number, hash=joined(low, high))
        return Answer(
            tier=tier.name,
            effects=sight.effects[code],
            spares=sight.spares[code],
            disputed=bool(value & DISPUTED),
            until_us=until_us,
            data_version=number,
            valid_for_s=min(VALID_FOR_S, (until_us - at_us) // SECOND_US),
            hash=joined(low, high),
            value=value,
        )

    def _wire(self, text: str, kind: str) -> bytes:
        subject_kind = parse_kind(kind)
        if is_canonical(subject_kind, text):
            return Subject(subject_kind, text).wire
        return parse_subject(kind, text, self.country, self._person_key).wire

    def _hashed(self, texts: pa.Array, kind: SubjectKind) -> tuple[Words, dict[int, Refused]]:
        """Return the hashes of an array of texts, and what is wrong with those not legible."""
        import pyarrow as pa

        prefix = f"{kind}:".encode()
        hashes = self.index.key.hashed_all(texts, prefix)
        rows = np.flatnonzero(~canonical_of(kind, texts))
        if not len(rows):
            return hashes, {}
        problems: dict[int, Refused] = {}
        keys = []
        for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
            try:
                keys.append(parse_subject(kind, text or "", self.country, self._person_key).key)
            except Refused as error:
                problems[row] = error
                keys.append("")
        hashes[rows] = self.index.key.hashed_all(pa.array(keys, pa.string()), prefix)
        return hashes, problems

    def _sight(self, institution_kind: str, at_us: int) -> _Sight:
        on = self._day(at_us)
        sight = self._sights.get((institution_kind, on))
        if sight is None:
            if len(self._sights) >= _KEPT_DAYS_MAX:
                self._sights.clear()
            sight = _Sight.of(self.law, self.country, institution_kind, on)
            self._sights[institution_kind, on] = sight
        return sight

    def _day(self, at_us: int) -> date:
        """Return the country's day of an instant; no zone changes its day within a minute."""
        minute = at_us // (60 * SECOND_US)
        day = self._days.get(minute)
        if day is None:
            if len(self._days) >= _KEPT_DAYS_MAX:
                self._days.clear()
            day = self._days[minute] = self.law.local_day(self.country, at_us)
        return day


def parse_kind(kind: str) -> SubjectKind:
    """Return a kind of subject by its name.

    Raises:
        Refused: `subject_kind_unknown`.
    """
    found = _KINDS.get(kind)
    if found is None:
        raise Refused(
            "subject_kind_unknown",
            N_("{value!r} is no kind of subject; there are {right}"),
            value=kind[:40],
            right=", ".join(SubjectKind),
        )
    return found


def _answered(values: Words, sight: _Sight, at_us: int) -> Words:
    """Return packed standings without those that ran out or that the asker may not see."""
    visible = np.zeros(CODE_MAX + 1, np.bool_)
    visible[list(sight.tiers)] = True
    rows = np.flatnonzero(values)
    found = values[rows]
    runs = (found >> np.uint64(UNTIL_SHIFT)).astype(np.int64) > at_us // SECOND_US
    found[~(visible[found & np.uint64(CODE_MAX)] & runs)] = 0
    values[rows] = found
    return values


def _table(
    values: Words, problems: Mapping[int, Refused], sight: _Sight, number: int, at_us: int
) -> pa.Table:
    """Write what was answered as a table, a row for each text asked about."""
    import pyarrow as pa

    length = len(values)
    unlisted = values == 0
    codes = (values & np.uint64(CODE_MAX)).astype(np.uint8)
    until_s = (values >> np.uint64(UNTIL_SHIFT)).astype(np.int64)
    left_s = np.where(unlisted, VALID_FOR_S, until_s - at_us // SECOND_US)
    columns = {"tier": _words(codes, {code: tier.name for code, tier in sight.tiers.items()})}
    for control in CONTROLS:
        does = {code: getattr(effects, control) for code, effects in sight.effects.items()}
        columns[control] = _words(codes, {0: Effect.NONE} | does)
    spared = {code: " ".join(spares) for code, spares in sight.spares.items() if spares}
    columns["spares"] = _words(codes, spared)
    columns["disputed"] = pa.array((values & np.uint64(DISPUTED)) != 0)
    columns["until_us"] = pa.array(until_s * SECOND_US, mask=unlisted)
    columns["valid_for_s"] = pa.array(np.minimum(left_s, VALID_FOR_S).astype(np.int32))
    columns["data_version"] = pa.array(np.full(length, number, np.int64))
    columns["problem"] = _problems(problems, length)
    return pa.table(columns)


def _words(codes: npt.NDArray[np.uint8], words: Mapping[int, str]) -> pa.Array:
    """Return the word of each code, null where a code has none."""
    import pyarrow as pa

    different = sorted(set(words.values()))
    places = np.full(CODE_MAX + 1, -1, np.int16)
    for code, word in words.items():
        places[code] = different.index(word)
    found = places[codes]
    indices = pa.array(found, mask=None if 0 in words else found < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(different, pa.string()))


def _problems(problems: Mapping[int, Refused], length: int) -> pa.Array:
    import pyarrow as pa

    if not problems:
        return pa.nulls(length, pa.string())
    codes: list[str | None] = [None] * length
    for row, error in problems.items():
        codes[row] = error.code
    return pa.array(codes, pa.string())
