"""Apply a list: an authority's whole list in a new version, of which the difference is done.

What is new is proposed, and a second person approves the version as a whole; what left the list
is taken back; what is on both stays. A version that was applied changes nothing when it is sent
again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Left

from holdfast.core.errors import Conflict, HoldfastError, Refused
from holdfast.core.instant import DAY_US
from holdfast.core.plain import plain
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.law.tier import Event, Grade
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.people.actor import Actor
from holdfast.registry.ground import Ground
from holdfast.registry.listing import ListingState
from holdfast.registry.models import OPEN_VALUES, Listing
from holdfast.registry.queries import AT_ONCE, in_lots, listings_of, lock_registry, subject_of
from holdfast.registry.sheets import Cells, open_table
from holdfast.registry.subject import Subject, parse_subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import add_listings
from holdfast.workflows.list_subject import ToList, heed_registrations, kind_of, new_listing
from holdfast.workflows.listed_before import conflicts, history_of, subject_now, was_contested
from holdfast.workflows.withdraw_listing import withdraw

COLUMNS = ("kind", "subject")
"""Of the file: what kind of subject, and the subject as people write it."""
SUBJECT_LENGTH_MAX = 2048
LEFT = "left_the_list"
"""The reason of a listing whose subject a new version names no more."""
RENEW_US = 30 * DAY_US
"""So long before its end a listing that the list still names is proposed anew."""
SHRINKS_MAX = 0.2
"""Of a list's listings: a version that takes more away is looked at by a person first."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Version:
    """Which list it is, and which version of it; each 1 to 40 letters, digits and `._-`.

    Raises:
        Refused: `list_name`.
    """

    name: str
    number: str

    def __post_init__(self) -> None:
        """Check both words."""
        for word in (self.name, self.number):
            if _WORD(word) is None:
                raise Refused(
                    "list_name",
                    N_("{value!r} is no name of a list or a version; such as HR-03 or 2026-11-20"),
                    value=word[:40],
                )

    @property
    def reference(self) -> str:
        """Under what the listings that this version brings are kept."""
        return f"{self.name}/{self.number}"


@dataclass(slots=True)
class ListReport:
    """What became of a version."""

    batch: str
    """Under which id what is new is approved."""
    rows: int = 0
    added: int = 0
    """Proposed; they stand once a second person approves."""
    renewed: int = 0
    """Proposed in place of listings that end soon."""
    unchanged: int = 0
    removed: int = 0
    problems: int = 0


def apply_list(
    centre: Centre,
    file: Path,
    version: Version,
    actor: Actor,
    tell: Callable[[Problem], None],
    progress: Callable[[ReadNotes], None] = lambda _: None,
    *,
    may_shrink: bool = False,
) -> ListReport:
    """Bring what the registry holds of an authority's list to what a new version of it says.

    Rows that name no subject are told, as is what a contest took off and the list still names.
    For the file as a whole (row 0) it is told where nothing was taken away: because a row of the
    table was not legible (`list_in_part`), or because more than a fifth of the list would go and
    `may_shrink` does not say that this is right (`list_shrinks`).

    Raises:
        Refused: the file cannot be read, see `open_table`; `lister_not_allowed`.
    """
    kind, notes = kind_of(actor), ReadNotes()
    day = centre.law.local_day(centre.country, centre.now_us())
    centre.law.tier_for(centre.country, Event.OFFICIAL_LIST, kind, day)
    report = ListReport(centre.new_id("file"))
    work = _Applying(centre, actor, kind, version, file.name, tell, report)
    with open_table(file, COLUMNS, (), notes) as rows:
        for lot in in_lots(rows):
            work.add(lot)
            progress(notes)
    work.take_away(may_shrink=may_shrink)
    return report


@dataclass(slots=True)
class _Applying:
    """One version on its way in."""

    centre: Centre
    actor: Actor
    kind: str
    version: Version
    file: str
    told: Callable[[Problem], None]
    report: ListReport
    named: set[bytes] = field(default_factory=set)
    """Digests of the subjects that the version names; it may name a million."""
    is_whole: bool = True

    def add(self, lot: Sequence[tuple[int, Cells | Refused]]) -> None:
        """Propose what is new in a lot of rows, and anew what ends soon."""
        self.report.rows += len(lot)
        numbers = {subject: number for number, subject in self._read(lot)}
        with transaction.atomic():
            lock_registry()
            mine = self._of_list(listings_of(numbers))
            there = {subject_of(row): row for row in mine.filter(state__in=OPEN_VALUES)}
            removed = self._of_list(history_of(numbers)).filter(state=ListingState.REMOVED.value)
            off = {subject_now(row) for row in removed}
            fresh: dict[str, int] = {}
            rows: list[Listing] = []
            for subject, number in numbers.items():
                before = there.get(subject)
                if before is not None and not self._ends_soon(before):
                    self.report.unchanged += 1
                    continue
                try:
                    if subject in off:
                        raise was_contested()
                    rows.append(self._new(subject, before))
                    fresh[rows[-1].listing_id] = number
                except HoldfastError as error:
                    self._problem(error, number)
            self._keep(rows, fresh)

    def take_away(self, *, may_shrink: bool) -> None:
        """Take back what the version names no more."""
        count = self._of_list(Listing.objects.all()).filter(state__in=OPEN_VALUES).count()
        gone = [listing_id for listing_id, is_named in self._held() if not is_named]
        if not gone:
            return
        if not self.is_whole:
            self._problem(_in_part(len(gone)), 0)
        elif len(gone) > count * SHRINKS_MAX and not may_shrink:
            self._problem(_shrinks(len(gone), count), 0)
        else:
            for some in in_lots(gone):
                with transaction.atomic():
                    lock_registry()
                    rows = Listing.objects.filter(id__in=some, state__in=OPEN_VALUES)
                    self.report.removed += len(rows)
                    withdraw(self.centre, list(rows), self.actor, LEFT)

    def _read(self, lot: Sequence[tuple[int, Cells | Refused]]) -> Iterator[tuple[int, Subject]]:
        """Yield the subjects of a lot that were not named before, each with its row."""
        for number, cells in lot:
            try:
                if isinstance(cells, Refused):
                    self.is_whole = False
                    raise cells
                subject = self._subject(cells)
            except Refused as error:
                self._problem(error, number)
                continue
            digest = _digest(subject)
            if digest not in self.named:
                self.named.add(digest)
                yield number, subject

    def _subject(self, cells: Cells) -> Subject:
        text = plain(cells["subject"], SUBJECT_LENGTH_MAX, secret=True)
        kind = cells["kind"].strip().casefold()
        return parse_subject(kind, text, self.centre.country, self.centre.person_key)

    def _of_list(self, listings: QuerySet[Listing]) -> QuerySet[Listing]:
        """Return those of some listings that versions of this list brought, in order."""
        begin = f"{self.version.name}/"
        # Compared letter by letter: LIKE takes capitals for small letters on some databases.
        named = listings.alias(begin=Left("reference", len(begin))).filter(begin=begin)
        return named.filter(
            institution_id=self.actor.institution_id,
            ground=Event.OFFICIAL_LIST.value,
            break_glass=False,
        ).order_by("id")

    def _held(self) -> Iterator[tuple[int, bool]]:
        """Yield every open listing of the list by its row's id, and whether the version names it."""
        held = self._of_list(Listing.objects.filter(state__in=OPEN_VALUES))
        for row in held.only("id", "subject_kind", "subject_key").iterator(AT_ONCE):
            yield int(row.id), _digest(subject_of(row)) in self.named

    def _ends_soon(self, row: Listing) -> bool:
        is_near: bool = row.until_us - self.centre.now_us() < RENEW_US
        return is_near and row.state == ListingState.STANDING.value

    def _new(self, subject: Subject, before: Listing | None) -> Listing:
        ground = Ground(Event.OFFICIAL_LIST, Grade.OFFICIAL, reference=self.version.reference)
        wanted = ToList(subject, ground, batch=self.report.batch, second=True)
        row = new_listing(self.centre, wanted, self.actor, self.kind)
        row.replaces = before
        return row

    def _keep(self, rows: Sequence[Listing], numbers: dict[str, int]) -> None:
        heed_registrations(rows, self.centre.now_us())
        against = conflicts(rows)
        for listing_id, error in against.items():
            if error.code == "listing_stands":
                self.report.unchanged += 1
            else:
                self._problem(error, numbers[listing_id])
        keep = [row for row in rows if row.listing_id not in against]
        add_listings(self.centre, keep, self.actor)
        renewed = sum(row.replaces_id is not None for row in keep)
        self.report.renewed += renewed
        self.report.added += len(keep) - renewed

    def _problem(self, error: HoldfastError, number: int) -> None:
        self.report.problems += 1
        self.told(Problem.of(error, self.file, number))


def _digest(subject: Subject) -> bytes:
    return blake2b(subject.wire, digest_size=16).digest()


def _in_part(count: int) -> Conflict:
    return Conflict(
        "list_in_part",
        N_(
            "not every row of the list was legible, so nothing was taken away; {count} listings "
            "would have been"
        ),
        count=count,
    )


def _shrinks(count: int, held: int) -> Conflict:
    return Conflict(
        "list_shrinks",
        N_(
            "{count} of the {held} listings of this list would go, so nothing was taken away; say "
            "that this is right, and send it again"
        ),
        count=count,
        held=held,
    )
