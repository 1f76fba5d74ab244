"""Which replica of whose this is: asked of the centre once, and kept in the replica's folder.

    replica.json            what the centre calls it, and where the centre is
    keys/registry-index     the institution's hash key, where the library looks for an index's key
    keys/registry-digest    the key of the ids of records

Keys are readable by their owner only: with the first, whoever has the index can try numbers.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path

from holdfast.core.errors import CentreError, Refused
from holdfast.core.words import N_
from holdfast.registry.feed.digest import DIGEST_BYTES
from holdfast.registry.index.hashing import KEY_BYTES
from holdfast.registry.index.place import key_file
from holdfast.registry.replica.following import Link, Unreached, Who, problem_code
from holdfast.registry.replica.holding import HoldingKeys

FILE = "replica.json"
DIGEST_FILE = "registry-digest"


@dataclass(frozen=True, slots=True)
class Joined:
    """A replica as its centre knows it."""

    url: str
    """Where the centre is reached."""
    centre: str
    country: str
    institution_id: str
    kind: str
    """Of the institution, which decides what a tier means for it."""
    replica_id: str
    keys: HoldingKeys = field(repr=False)

    @property
    def who(self) -> Who:
        """Return who follows whom."""
        return Who(self.centre, self.institution_id, self.replica_id)


def joined(folder: Path, url: str) -> Joined | None:
    """Return what a folder says, None where nothing was joined in it.

    Raises:
        CentreError: `replica_folder_unreadable`.
        Refused: `replica_other_centre`: the folder belongs to another address.
    """
    if not (folder / FILE).exists():
        return None
    try:
        values = json.loads((folder / FILE).read_text(encoding="utf-8"))
        hash_key = bytes.fromhex(key_file(folder).read_text(encoding="ascii"))
        digest_key = bytes.fromhex(_digest_file(folder).read_text(encoding="ascii"))
        found = Joined(**values, keys=HoldingKeys(hash_key, digest_key))
    except (OSError, ValueError, TypeError):
        raise CentreError(
            "replica_folder_unreadable",
            N_("{folder} is not legible as a replica's; take another folder and begin anew"),
            folder=folder,
        ) from None
    if found.url != url:
        raise Refused(
            "replica_other_centre",
            N_("{folder} holds a replica of {found}; another centre needs another folder"),
            folder=folder,
            found=found.url,
        )
    return found


def join(folder: Path, link: Link, url: str, name: str) -> Joined:
    """Connect a replica, and keep in a folder what the centre says.

    Raises:
        Unreached: the centre does not answer now.
        Refused: `centre_refuses`, or `connect_unreadable`.
    """
    reply = link.post("/v1/registry/replicas", {"name": name})
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreached(
            "centre_not_now",
            N_("the centre answers with HTTP status {status} ({problem})"),
            status=reply.status,
            problem=problem_code(reply.body),
        )
    if reply.status != HTTPStatus.OK:
        raise Refused(
            "centre_refuses",
            N_("the centre refuses the replica: HTTP status {status} ({problem})"),
            status=reply.status,
            problem=problem_code(reply.body),
        )
    found = _read(reply.body, url)
    _keep(folder, found)
    return found


def _read(body: bytes, url: str) -> Joined:
    try:
        values = json.loads(body)
        keys = HoldingKeys(
            base64.b64decode(values["hash_key"], validate=True),
            base64.b64decode(values["digest_key"], validate=True),
        )
        found = Joined(
            url=url,
            centre=str(values["centre"]),
            country=str(values["country"]),
            institution_id=str(values["institution_id"]),
            kind=str(values["kind"]),
            replica_id=str(values["replica_id"]),
            keys=keys,
        )
    except (ValueError, RecursionError, KeyError, TypeError, binascii.Error):
        raise _unreadable() from None
    if (len(keys.hash_key), len(keys.digest_key)) != (KEY_BYTES, DIGEST_BYTES):
        raise _unreadable()
    return found


def _keep(folder: Path, found: Joined) -> None:
    """Write the keys first: what `replica.json` says is whole."""
    key_file(folder).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(key_file(folder), found.keys.hash_key.hex())
    _write(_digest_file(folder), found.keys.digest_key.hex())
    values = asdict(found)
    del values["keys"]
    _write(folder / FILE, json.dumps(values))


def _digest_file(folder: Path) -> Path:
    return key_file(folder).with_name(DIGEST_FILE)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _unreadable() -> Refused:
    return Refused("connect_unreadable", N_("the centre's answer says of no replica what it is"))
