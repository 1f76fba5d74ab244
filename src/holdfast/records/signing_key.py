"""The key that a centre signs with: Ed25519 (RFC 8032), and the public halves of earlier ones.

    keys/<key id>.pem   the private key, PKCS #8, readable by its owner only
    keys/public.json    which key is used now, and all public keys there ever were: base64, and
                        from when to when each was used, in microseconds since 1970 UTC, and
                        with which signature the key before introduced it

A key that is retired stays in `public.json`, so that what it signed can be verified for ever.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from holdfast.core.errors import CentreError, Refused
from holdfast.core.keys import PublicKey, SigningKey, check_key_id
from holdfast.core.words import N_
from holdfast.records.introduction import IntroducedKey

PUBLIC_FILE = "public.json"
PUBLIC_BYTES = 32


def create_key(folder: Path, key_id: str, now_us: int = 0) -> SigningKey:
    """Make a new key, write it, and let it be the one used from `now_us` on; that before retires.

    The key before introduces it, where its private half is still in the folder. After a leak it is
    to be taken out first, for nobody may believe what it signs.

    Raises:
        Refused: `key_id_form`.
        CentreError: `signing_key_exists` or `signing_keys_unreadable`.
    """
    key = SigningKey.new(key_id)
    path = folder / f"{key_id}.pem"
    known = _read_public(folder)
    if key_id in public_keys(folder):
        raise _exists(path)
    try:
        key.write(folder)
    except FileExistsError:
        raise _exists(path) from None
    retired = {known.current: now_us} if known.current else {}
    old = _private(folder, known)
    word = {key_id: _word(old, key, now_us)} if old else {}
    changed = replace(
        known,
        current=key_id,
        introduced={**known.introduced, **word},
        keys={**known.keys, key_id: key.public_base64},
        valid_from_us={**known.valid_from_us, key_id: now_us},
        retired_us={**known.retired_us, **retired},
    )
    _write_public(folder, changed)
    return key


def _private(folder: Path, known: _Public) -> SigningKey | None:
    """Return the key used so far, None where there is none or it can't be read any more."""
    try:
        return SigningKey.read(folder / f"{known.current}.pem") if known.current else None
    except Refused:
        return None


def _word(old: SigningKey, new: SigningKey, now_us: int) -> Mapping[str, str]:
    introduced = IntroducedKey.introduced(old, new, now_us)
    return {"by": introduced.by, "signature": introduced.signature_base64}


def current_key(folder: Path) -> SigningKey:
    """Read the key that is used now.

    Raises:
        CentreError: `signing_key_missing`, `signing_key_unreadable`, `signing_key_open` or
            `signing_keys_unreadable`.
    """
    known = _read_public(folder)
    path = folder / f"{known.current}.pem" if known.current else None
    if path is None or not path.is_file():
        raise CentreError(
            "signing_key_missing",
            N_("there is no signing key in {folder}; `holdfast init` makes one"),
            folder=folder,
        )
    if path.stat().st_mode & 0o077:
        raise CentreError(
            "signing_key_open",
            N_("others than its owner can read the signing key {file}; chmod 600 mends that"),
            file=path,
        )
    try:
        check_key_id(known.current)
        key = SigningKey.read(path)
    except Refused:
        raise _unreadable(path) from None
    if known.keys.get(key.key_id) != key.public_base64:
        raise _unreadable(path)
    return key


class CurrentKey:
    """Returns the key that is used now; one that was made since is read at the next asking.

    Raises, when made as when asked, what `current_key` raises: with a folder that can't be read
    nothing is signed, because its key may have been retired.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = _seen(folder)
        self._key = current_key(folder)

    def __call__(self) -> SigningKey:
        """Return the key; to look whether it is another costs a question to the file system."""
        seen = _seen(self._folder)
        if seen != self._seen:
            self._key = current_key(self._folder)
            self._seen = seen
        return self._key


def public_keys(folder: Path) -> Mapping[str, bytes]:
    """Return all public keys there ever were by their ids, 32 bytes each.

    Raises:
        CentreError: `signing_keys_unreadable`.
    """
    texts = _read_public(folder).keys
    try:
        keys = {name: base64.b64decode(text, validate=True) for name, text in texts.items()}
    except (binascii.Error, TypeError, ValueError):
        raise _public_unreadable(folder) from None
    if any(len(key) != PUBLIC_BYTES for key in keys.values()):
        raise _public_unreadable(folder)
    return keys


def dated_keys(folder: Path) -> list[PublicKey]:
    """Return all public keys there ever were, with the times from and until which each was used.

    Those that the key before introduced are `IntroducedKey`.

    Raises:
        CentreError: `signing_keys_unreadable`.
    """
    public_keys(folder)
    known = _read_public(folder)
    try:
        return [known.dated(key_id) for key_id in known.keys]
    except (Refused, KeyError, TypeError):
        raise _public_unreadable(folder) from None


@dataclass(frozen=True, slots=True)
class _Public:
    """What public.json says."""

    current: str
    keys: Mapping[str, str]
    valid_from_us: Mapping[str, int] = field(default_factory=dict)
    retired_us: Mapping[str, int] = field(default_factory=dict)
    introduced: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the new key's id: id (`by`) and signature of the key before."""

    def dated(self, key_id: str) -> PublicKey:
        """Return a key with its times, and with its introduction where it has one."""
        key = PublicKey.parse(
            key_id,
            self.keys[key_id],
            self.valid_from_us.get(key_id, 0),
            self.retired_us.get(key_id),
        )
        word = self.introduced.get(key_id)
        return IntroducedKey.of(key, word["by"], word["signature"]) if word else key


def _read_public(folder: Path) -> _Public:
    try:
        values = json.loads((folder / PUBLIC_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Public("", {})
    except (OSError, ValueError, RecursionError):
        raise _public_unreadable(folder) from None
    try:
        return _Public(
            str(values["current"]),
            dict(values["keys"]),
            _times(values.get("valid_from_us", {})),
            _times(values.get("retired_us", {})),
            dict(values.get("introduced", {})),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _public_unreadable(folder) from None


def _times(values: Mapping[str, object]) -> Mapping[str, int]:
    if any(type(time_us) is not int for time_us in values.values()):
        raise TypeError
    return {str(name): int(str(time_us)) for name, time_us in values.items()}


def _seen(folder: Path) -> tuple[int, ...]:
    """Return what changes with each new key: its file is put in the place of the one before."""
    try:
        state = (folder / PUBLIC_FILE).stat()
    except OSError:
        return ()
    return state.st_ino, state.st_mtime_ns, state.st_size


def _write_public(folder: Path, known: _Public) -> None:
    """Write the file anew beside the old one and put it in its place at once."""
    values = asdict(known)
    draft = folder / f"{PUBLIC_FILE}.new"
    draft.unlink(missing_ok=True)
    _write_new(draft, json.dumps(values, indent=1, sort_keys=True).encode() + b"\n", 0o644)
    draft.replace(folder / PUBLIC_FILE)


def _write_new(path: Path, content: bytes, mode: int = 0o600) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exists(path: Path) -> CentreError:
    return CentreError(
        "signing_key_exists", N_("there is a key {file} already; choose another id"), file=path
    )


def _unreadable(path: Path) -> CentreError:
    return CentreError(
        "signing_key_unreadable",
        N_("{file} is not the private Ed25519 key in PEM that its folder's public.json names"),
        file=path,
    )


def _public_unreadable(folder: Path) -> CentreError:
    return CentreError(
        "signing_keys_unreadable",
        N_("{file} is not a file of public keys; restore it from a copy"),
        file=folder / PUBLIC_FILE,
    )
