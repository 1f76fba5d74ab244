"""Whether the installation is healthy, and what to do where it is not."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.models import Min

from holdfast.cases.models import LearnedTransfer
from holdfast.core.errors import HoldfastError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_, say
from holdfast.ledger.store import LedgerStore
from holdfast.people.models import Institution
from holdfast.records.applied import mark
from holdfast.records.models import AuditEntry, DueWork, OutboxMessage, SealedEntry, SealedHead
from holdfast.records.signing_key import PUBLIC_FILE
from holdfast.registry.models import FeedEntry
from holdfast.server.clock import JUMP_US, WITNESS_APART_S, read_heartbeat
from holdfast.server.home import Home
from holdfast.server.keep_index import can_keep_index
from holdfast.server.witnesses import database_us, written
from holdfast.workflows.deliver_message import PUSH
from holdfast.workflows.messages_out import HOLD
from holdfast.workflows.read_feed import newest
from holdfast.workflows.retract_entry import owed_by
from holdfast.workflows.trace_money import LEDGER

MINUTE_US = 60 * SECOND_US
LATE_US = 2 * MINUTE_US
"""Work that is later than this shows that no worker does it."""
FREE_BYTES_MIN = 2 * 1024**3
OLDER_COPY = N_(
    "it is an older copy: bring the newest one back; where there is none, import what is missing "
    "again, then run `holdfast ledger follow-anew`"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do if it is not."""

    subject: str
    well: bool
    sentence: str
    fields: dict[str, object] = field(default_factory=dict)
    remedy: str = ""

    def __str__(self) -> str:
        return say(self.sentence, **self.fields)


def examine(home: Home, now_us: int) -> Iterator[Finding]:
    """Yield a finding for each part; one that breaks says so and hides no other."""
    looks: list[tuple[str, Callable[[Home, int], Finding]]] = [
        ("database", _database),
        ("ledger", _ledger),
        ("worker", _worker),
        ("outbox", _outbox),
        ("connected", _connected),
        ("due", _due),
        ("index", _index),
        ("replicas", _replicas),
        ("audit", _audit),
        ("clock", _clock),
        ("keys", _keys),
        ("disk", _disk),
    ]
    for subject, look in looks:
        try:
            yield look(home, now_us)
        except DatabaseError:
            yield Finding(
                subject,
                well=False,
                sentence=N_("can't be looked at without the database"),
                remedy=N_("start the database, or set `database` in centre.toml right"),
            )
        except HoldfastError as error:
            yield Finding(subject, well=False, sentence=error.sentence, fields=error.fields)


def _database(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(
        "database", well=True, sentence=N_("{vendor} answers"), fields={"vendor": connection.vendor}
    )


def _ledger(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    followed = mark(LEDGER)
    with LedgerStore.open(home.ledger) as ledger:
        change, transfers = ledger.figures.change, ledger.figures.transfers
        is_same = ledger.holds(followed.number, followed.digest)
    behind = change - followed.number
    if behind < 0:
        return Finding(
            "ledger",
            well=False,
            sentence=N_("the ledger ends at change {change}, but {applied} was followed already"),
            fields={"change": change, "applied": followed.number},
            remedy=OLDER_COPY,
        )
    if not is_same:
        return Finding(
            "ledger",
            well=False,
            sentence=N_("up to change {applied} the ledger is another than the one followed"),
            fields={"applied": followed.number},
            remedy=OLDER_COPY,
        )
    waiting = LearnedTransfer.objects.filter(ledger_change=None).count()
    return Finding(
        "ledger",
        well=behind == 0 and waiting == 0,
        sentence=N_(
            "{transfers} transfers; {behind} changes to be followed, {waiting} to be written"
        ),
        fields={"transfers": transfers, "behind": behind, "waiting": waiting},
        remedy=N_("a running worker does both within seconds; look at its log if it does not"),
    )


def _worker(home: Home, now_us: int) -> Finding:
    beat = read_heartbeat(home.folder)
    if beat is None:
        return Finding(
            "worker",
            well=False,
            sentence=N_("no worker has ever run"),
            remedy=N_("start `holdfast worker`, or `holdfast serve --all`"),
        )
    # Where the machine's clock has jumped, the worker's is not the one that `now_us` is read from.
    silent_s = max(now_us - beat.jumped_us - beat.at_us, 0) // SECOND_US
    return Finding(
        "worker",
        well=silent_s < 30,
        sentence=N_("last seen {seconds} s ago"),
        fields={"seconds": silent_s},
        remedy=N_("start `holdfast worker`, or `holdfast serve --all`"),
    )


def _outbox(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    pushed = Institution.objects.filter(delivery=PUSH, closed_us=None)
    waiting = OutboxMessage.objects.filter(
        done_us=None, given_up_us=None, destination__in=pushed.values("institution_id")
    )
    oldest = waiting.aggregate(oldest=Min("created_us"))["oldest"]
    late = oldest is not None and now_us - oldest > 10 * MINUTE_US
    return Finding(
        "outbox",
        well=not late,
        sentence=N_("{count} messages wait, the oldest for {minutes} min"),
        fields={
            "count": waiting.count(),
            "minutes": 0 if oldest is None else (now_us - oldest) // MINUTE_US,
        },
        remedy=N_("some institutions don't answer: call them; each case shows who owes an answer"),
    )


def _connected(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    """Whether orders wait for institutions that nobody has connected: no way leads there."""
    known = Institution.objects.filter(closed_us=None).values("institution_id")
    orders = OutboxMessage.objects.filter(done_us=None, given_up_us=None, kind=HOLD)
    astray = orders.exclude(destination__in=known)
    names = astray.order_by("destination").values_list("destination", flat=True).distinct()
    return Finding(
        "connected",
        well=not names,
        sentence=N_("{count} orders wait for institutions that are not connected: {names}"),
        fields={"count": astray.count(), "names": ", ".join(names[:5]) or "-"},
        remedy=N_("connect them with `holdfast bank connect`, and call them meanwhile"),
    )


def _due(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    late = DueWork.objects.filter(done_us=None, due_us__lt=now_us - LATE_US).count()
    return Finding(
        "due",
        well=late == 0,
        sentence=N_("{count} pieces of work are late"),
        fields={"count": late},
        remedy=N_("look at the worker's log: it says why each must wait"),
    )


def _index(home: Home, now_us: int) -> Finding:
    """Whether what every question is answered from is there, and follows the feed."""
    from holdfast.registry.index.file import Index
    from holdfast.registry.index.place import index_file, read_key

    last = newest()
    if not can_keep_index():
        return Finding("index", well=True, sentence=N_("none is kept on this machine"))
    if not index_file(home.folder).exists():
        return Finding(
            "index",
            well=last == 0,
            sentence=N_("there is none; the feed has {last} entries"),
            fields={"last": last},
            remedy=N_("a running worker makes it; `holdfast registry index` does it at once"),
        )
    number = Index.open(index_file(home.folder), read_key(home.folder)).number
    if number > last:
        remedy = N_("the database was set back: run `holdfast registry index`")
    else:
        remedy = N_("a running worker follows within a second; look at its log if it does not")
    next_us = FeedEntry.objects.filter(number=number + 1).values_list("at_us", flat=True).first()
    return Finding(
        "index",
        well=number <= last and (next_us is None or now_us - next_us <= LATE_US),
        sentence=N_("at number {number} of {last}; `holdfast registry verify` compares all of it"),
        fields={"number": number, "last": last},
        remedy=remedy,
    )


def _replicas(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    """Whether copies of the registry still hold what was taken off, by name."""
    late = [owed for owed in owed_by() if owed.due_us < now_us]
    names = sorted({name for owed in late for name in owed.replicas})
    return Finding(
        "replicas",
        well=not late,
        sentence=N_("{count} retractions are overdue at: {names}"),
        fields={"count": len(late), "names": ", ".join(names[:5]) or "-"},
        remedy=N_("call who keeps them; a copy that is no more is to be retired"),
    )


def _audit(home: Home, now_us: int) -> Finding:
    sealed = SealedEntry.objects.values("entry_id")
    unsealed = AuditEntry.objects.filter(at_us__lt=now_us - LATE_US).exclude(id__in=sealed)
    late = unsealed.exists()
    head = SealedHead.objects.order_by("-position").first()
    outside = _last_head(home)
    agree = (head.position if head else 0) == outside
    return Finding(
        "audit",
        well=agree and not late,
        sentence=N_("sealed up to {position}; outside the database up to {outside}"),
        fields={"position": head.position if head else 0, "outside": outside},
        remedy=N_("a running worker seals each second; then run `holdfast audit verify`"),
    )


def _last_head(home: Home) -> int:
    if not home.heads.exists():
        return 0
    lines = home.heads.read_bytes().splitlines()
    try:
        return int(json.loads(lines[-1])["position"]) if lines else 0
    except (ValueError, KeyError):
        return -1


def _clock(home: Home, now_us: int) -> Finding:
    beat, there_us = read_heartbeat(home.folder), database_us()
    apart_us = [beat.jumped_us if beat else 0, now_us - there_us if there_us is not None else 0]
    behind_us = max((witness.at_us - now_us for witness in written(home)), default=0)
    if behind_us > JUMP_US:
        apart_us.append(behind_us)
    worst_s = max(map(abs, apart_us)) // SECOND_US
    return Finding(
        "clock",
        well=worst_s < WITNESS_APART_S and behind_us <= JUMP_US,
        sentence=N_("{seconds} s apart from the worker's, the database's, or what was written"),
        fields={"seconds": worst_s},
        remedy=N_("set the machine's clock right (a time server keeps it so), restart the worker"),
    )


def _keys(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    open_files = {
        path
        for path in home.keys.iterdir()
        if path.name != PUBLIC_FILE and path.stat().st_mode & 0o077
    }
    apart = [path for path in (home.ledger, home.heads) if not path.is_relative_to(home.folder)]
    for start in (home.folder, *apart):
        open_files.update(_open_to_others(start))
    return Finding(
        "keys",
        well=not open_files and any(home.keys.glob("*.pem")),
        sentence=N_("{count} files and folders of the home are open to others"),
        fields={"count": len(open_files)},
        remedy=N_("chmod -R go-rwx the home, the ledger and the file of heads"),
    )


def _open_to_others(start: Path) -> Iterator[Path]:
    """Yield what others than its owner may open, also what lies in folders they may enter."""
    ahead = [start] if start.exists() else []
    while ahead:
        path = ahead.pop()
        mode = path.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode) or not mode & 0o077:
            continue
        if path.name != PUBLIC_FILE:
            yield path
        if stat.S_ISDIR(mode):
            ahead.extend(path.iterdir())


def _disk(home: Home, now_us: int) -> Finding:  # noqa: ARG001
    free = shutil.disk_usage(home.folder).free
    return Finding(
        "disk",
        well=free > FREE_BYTES_MIN,
        sentence=N_("{free} MiB free"),
        fields={"free": free // 1024**2},
        remedy=N_("make room: at none left, no report can be taken"),
    )
