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
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.registry.feed.digest import DIGEST_BYTES
from holdfast.registry.index.hashing import KEY_BYTES
from holdfast.registry.index.place import index_file, key_file
from holdfast.registry.replica.following import Link, Who, whole
from holdfast.registry.replica.holding import INCOMING, STATE, HoldingKeys, keep_place
from holdfast.registry.replica.whole_file import folder_unreadable, write_whole

FILE = "replica.json"
CONTACT = "contact.json"
"""When the centre was last met."""
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
    renewal: int = 0
    """How often the institution's keys were renewed before these."""

    @property
    def who(self) -> Who:
        """Return who follows whom."""
        return Who(self.centre, self.institution_id, self.replica_id, self.renewal)


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
        raise folder_unreadable(folder) from None
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
    found = _read(whole(link.post("/v1/registry/replicas", {"name": name})), url)
    _keep(folder, found)
    return found


def renew_keys(link: Link) -> None:
    """Have the centre renew the institution's keys; each of its copies then begins anew.

    Raises:
        Unreached: the centre does not answer now.
        Refused: `centre_refuses`.
    """
    whole(link.post("/v1/registry/replicas/renew-keys", {}))


def leave(folder: Path) -> None:
    """Let go of all that a folder holds under keys that were renewed; it can be joined anew.

    How far the feed was followed stays: no renewal makes a fork go unseen.

    Raises:
        CentreError: `index_unwritable`.
    """
    keep_place(folder)
    for name in (INCOMING, index_file(folder).parent.name):
        shutil.rmtree(folder / name, ignore_errors=True)
    # What says that it was joined goes last: who dies before begins to leave again.
    for name in (f"{STATE}.next", CONTACT, FILE):
        (folder / name).unlink(missing_ok=True)


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
            renewal=int(values["renewal"]),
        )
    except (ValueError, RecursionError, KeyError, TypeError, binascii.Error):
        raise _unreadable() from None
    if (len(keys.hash_key), len(keys.digest_key)) != (KEY_BYTES, DIGEST_BYTES):
        raise _unreadable()
    return found


def _keep(folder: Path, found: Joined) -> None:
    """Write the keys first: what `replica.json` says is whole."""
    key_file(folder).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(key_file(folder), found.keys.hash_key.hex().encode())
    write_whole(_digest_file(folder), found.keys.digest_key.hex().encode())
    values = asdict(found)
    del values["keys"]
    write_whole(folder / FILE, json.dumps(values).encode())


def _digest_file(folder: Path) -> Path:
    return key_file(folder).with_name(DIGEST_FILE)


def _unreadable() -> Refused:
    return Refused("connect_unreadable", N_("the centre's answer says of no replica what it is"))
