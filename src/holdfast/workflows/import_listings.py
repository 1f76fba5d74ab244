"""Import listings: a file in the portal's shape; good rows are kept, bad ones told row by row.

Rows are read and kept a lot at a time, so that a file of a million needs no more memory than one
of a thousand. What an institution's files list beyond a few in a day waits for a second person, who
approves each file whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from holdfast.core.errors import HoldfastError, NotFound, Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.people.actor import Actor
from holdfast.registry.listing import ListingState
from holdfast.registry.models import OPEN_VALUES, Listing
from holdfast.registry.portal import OPTIONAL, REQUIRED, PortalRow, Record, read_row
from holdfast.registry.queries import in_lots, lock_registry
from holdfast.registry.sheets import Cells, open_table
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import add_listings
from holdfast.workflows.list_subject import (
    ToList,
    heed_registrations,
    kind_of,
    new_listing,
    propose,
)
from holdfast.workflows.listed_alone import is_bulk, is_flood
from holdfast.workflows.listed_before import conflicts, doubts
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.withdraw_listing import withdraw_listing

Numbered = tuple[int, PortalRow]


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file."""

    batch: str
    """Under which id what waits is approved."""
    rows: int = 0
    standing: int = 0
    proposed: int = 0
    known: int = 0
    """Listed on the same ground before."""
    updated: int = 0
    """Listings that an update moved or took back."""
    problems: int = 0


def import_listings(
    centre: Centre,
    file: Path,
    actor: Actor,
    tell: Callable[[Problem], None],
    progress: Callable[[ReadNotes], None] = lambda _: None,
    rows_max: int | None = None,
) -> ImportReport:
    """Read a file of listings for an institution; every problem is told with its row.

    Of a longer file only `rows_max` rows are read, where that is said.

    Each lot is kept before the next is read: a file that was cut off is sent again as it is, and
    what is known is passed over.

    Raises:
        Refused: the file as a whole cannot be read, see `open_table`.
    """
    notes = ReadNotes()
    work = _Import(
        centre, actor, kind_of(actor), file.name, tell, ImportReport(centre.new_id("file"))
    )
    with open_table(file, REQUIRED, OPTIONAL, notes, rows_max) as rows:
        for lot in in_lots(rows):
            work.keep(lot)
            progress(notes)
    return work.report


@dataclass(slots=True)
class _Import:
    """One file on its way in; `second`: it is so large that a second person must look."""

    centre: Centre
    actor: Actor
    kind: str
    name: str
    told: Callable[[Problem], None]
    report: ImportReport
    second: bool = False

    def keep(self, lot: Sequence[tuple[int, Cells | Refused]]) -> None:
        """Keep a lot of rows: new listings together, then updates one by one."""
        self.report.rows += len(lot)
        read = list(self._read(lot))
        listed = [row for row in read if row[1].record is not Record.UPDATE]
        with transaction.atomic():
            lock_registry()
            self.second = self.second or self._is_much(len(read))
            self._list(listed)
        for number, row in read:
            if row.record is Record.UPDATE:
                self._update(number, row)

    def _is_much(self, more: int) -> bool:
        """Whether so many more are more than the institution lists alone."""
        whose = self.actor.institution_id
        is_too_many = not self.actor.is_centre and is_flood(self.centre, whose, more)
        return is_too_many or is_bulk(self.centre, whose, more)

    def _read(self, lot: Sequence[tuple[int, Cells | Refused]]) -> Iterator[Numbered]:
        for number, cells in lot:
            try:
                if isinstance(cells, Refused):
                    raise cells
                yield number, read_row(cells, self.centre.country, self.centre.person_key)
            except Refused as error:
                self._problem(error, number)

    def _list(self, rows: Sequence[Numbered]) -> None:
        """Keep what is new, right, and belongs to a case that was told before."""
        known_cases = self._cases({row.bank_case_id for _, row in rows})
        made: list[tuple[int, Listing]] = []
        for number, row in rows:
            try:
                if row.record is Record.SUBCASE and row.bank_case_id not in known_cases:
                    raise _case_missing()
                made.append((number, self._new(row)))
                known_cases.add(row.bank_case_id)
            except HoldfastError as error:
                self._problem(error, number)
        if not made:
            return
        self._heed([listing for _, listing in made])
        against = conflicts([listing for _, listing in made])
        keep = [listing for _, listing in made if listing.listing_id not in against]
        for number, listing in made:
            if listing.listing_id in against:
                self._not_kept(against[listing.listing_id], number)
        add_listings(self.centre, keep, self.actor)
        standing = sum(listing.state == ListingState.STANDING.value for listing in keep)
        self.report.standing += standing
        self.report.proposed += len(keep) - standing

    def _heed(self, made: Sequence[Listing]) -> None:
        """Heed what is known of the subjects: what a contest put in doubt waits for a second."""
        heed_registrations(made, self.centre.now_us())
        in_doubt = doubts(made)
        for listing in made:
            if listing.listing_id in in_doubt:
                propose(listing)

    def _new(self, row: PortalRow) -> Listing:
        if row.subject is None or row.ground is None:  # which only updates may lack
            raise AssertionError(row.record)
        wanted = ToList(row.subject, row.ground, batch=self.report.batch, second=self.second)
        return new_listing(self.centre, wanted, self.actor, self.kind)

    def _cases(self, numbers: set[str]) -> set[str]:
        found = Listing.objects.filter(
            institution_id=self.actor.institution_id, reference__in=numbers
        )
        return set(found.values_list("reference", flat=True))

    def _update(self, number: int, row: PortalRow) -> None:
        try:
            with transaction.atomic():
                self.report.updated += self._apply(row)
        except HoldfastError as error:
            self._not_kept(error, number)

    def _apply(self, row: PortalRow) -> int:
        """Do what an update says to every listing it is about; return how many."""
        found = Listing.objects.filter(
            institution_id=self.actor.institution_id,
            reference=row.bank_case_id,
            state__in=OPEN_VALUES,
        )
        if row.ground is not None:
            # What was proposed or suspended waits for a person, not for a file.
            found = found.filter(state=ListingState.STANDING.value, break_glass=False)
        if row.subject is not None:
            found = found.filter(subject_kind=row.subject.kind.value, subject_key=row.subject.key)
        ids = list(found.order_by("id").values_list("listing_id", flat=True))
        if not ids:
            raise _case_missing()
        for listing_id in ids:
            if row.ground is None:
                withdraw_listing(self.centre, listing_id, self.actor, row.reason)
            else:
                move_tier(self.centre, listing_id, row.ground, self.actor, second=self.second)
        return len(ids)

    def _not_kept(self, error: HoldfastError, number: int) -> None:
        if error.code == "listing_stands":
            self.report.known += 1
        else:
            self._problem(error, number)

    def _problem(self, error: HoldfastError, number: int) -> None:
        self.report.problems += 1
        self.told(Problem.of(error, self.name, number))


def _case_missing() -> NotFound:
    return NotFound(
        "portal_case_missing",
        N_(
            "there is nothing that stands of this case; the row `case` comes first, and must be right"
        ),
    )
