"""The centre's keys: those of a file that was brought, and those that these introduced since.

All trust begins with the file. A key in it vouches for the one that takes its place and counts no
more from then on; a key that is retired, by the file or by its own word, introduces nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.keys import PublicKey
from holdfast.records.introduction import IntroducedKey, unreadable
from holdfast.registry.replica.whole_file import folder_unreadable, write_whole

LEARNED_MAX = 100


class KeyRing:
    """Finds the centre's keys by their ids, and keeps in a file which ones were introduced.

    `told` returns what the file brought says now, so that a new one is heeded at once.

    Raises, when made:
        CentreError: `replica_folder_unreadable`: to forget which keys retired would be to believe
            them again.
    """

    def __init__(self, told: Callable[[], Mapping[str, PublicKey]], file: Path) -> None:
        self._told = told
        self._file = file
        self._learned = _kept(file)

    def __call__(self, key_id: str) -> PublicKey | None:
        """Return a key, None where nobody that we believe has told of it."""
        return self._known().get(key_id)

    def learn(self, body: bytes) -> bool:
        """Take in the introductions that can be believed; return whether a key is new by them.

        Raises:
            Refused: `introduction_unreadable`, or what a key's text is refused for.
            CentreError: `index_unwritable`.
        """
        known = self._known()
        new = [one for one in _read(body) if one.key_id not in known and _take(known, one)]
        learned = [*self._learned, *new]
        if not new or len(learned) > LEARNED_MAX:
            return False
        items = [one.told() for one in learned]
        write_whole(self._file, json.dumps({"items": items}).encode())
        self._learned = learned
        return True

    def _known(self) -> dict[str, PublicKey]:
        known = dict(self._told())
        for one in self._learned:
            _take(known, one)
        return known


def _kept(file: Path) -> list[IntroducedKey]:
    try:
        return _read(file.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, Refused):
        raise folder_unreadable(file.parent) from None


def _take(known: dict[str, PublicKey], one: IntroducedKey) -> bool:
    """Put a key to those that are known, if the one before may say so and did."""
    old = known.get(one.by)
    if old is None or old.retired_us is not None or not one.is_vouched_by(old):
        return False
    known[one.by] = replace(old, retired_us=one.valid_from_us)
    known.setdefault(one.key_id, one)
    return True


def _read(body: bytes) -> list[IntroducedKey]:
    try:
        items = json.loads(body)["items"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise unreadable() from None
    if not isinstance(items, list) or len(items) > LEARNED_MAX:
        raise unreadable()
    return [IntroducedKey.read(item) for item in items]
