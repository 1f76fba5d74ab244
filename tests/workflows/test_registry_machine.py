"""Promises of the registry, whatever is done in whatever order.

No path leads to a tier without ground, deadline and a way to contest; every listing ends; a
subject stands by the strictest of its listings, and the feed says so; nobody approves their own;
what is removed is retracted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    APPROVER,
    LISTER,
    PERSON,
    PHONE,
    REVIEWER,
    assert_feed_is_true,
    ground,
    said,
)

from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.registry.contest import Via
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.listing import ListingState
from holdfast.registry.models import OPEN_VALUES, Contest, Listing, ListingStep
from holdfast.registry.subject import Subject
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.break_glass import break_glass, review_glass
from holdfast.workflows.contest_listing import contest_listing, contest_subject
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.tell_person import code_for_notice
from holdfast.workflows.withdraw_listing import withdraw_listing

STAFF = st.sampled_from([LISTER, APPROVER, REVIEWER])
SUBJECTS = st.sampled_from([PHONE, PERSON])
PLACE = st.integers(0, 9)
GROUNDS = st.builds(
    Ground,
    st.sampled_from(Event),
    st.sampled_from(Grade),
    st.sampled_from(Involvement),
    st.sampled_from(Link),
    st.booleans(),
    st.sampled_from(["", "seen so often that it is sure"]),
    st.sampled_from(["", "officer 7"]),
    st.just(""),
    st.sampled_from(["", "F-1", "F-2"]),
)


class Registry(RuleBasedStateMachine):
    """A registry under the hands of three people and of time."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._frame = transaction.atomic()
        self._frame.__enter__()
        self.world = TestCentre(Path(self._folder.name) / "ledger")

    def teardown(self) -> None:
        """Let everything run out, and see that it did."""
        try:
            for _ in range(3):
                self.world.pass_time(hours=24 * 366)
                self.world.work()
            assert not Listing.objects.filter(state__in=OPEN_VALUES).exists()
            assert [said(subject) for subject in (PHONE, PERSON)] == [None, None]
            assert_feed_is_true(self.world)
        finally:
            transaction.set_rollback(True)
            self._frame.__exit__(None, None, None)
            self._folder.cleanup()

    @rule(subject=SUBJECTS, told=GROUNDS, who=STAFF, days=st.sampled_from([None, 1, 5, 400]))
    def list_(self, subject: Subject, told: Ground, who: Actor, days: int | None) -> None:
        """Somebody lists, on whatever ground."""
        self._try(lambda: list_subject(self.world.centre, ToList(subject, told, days), who))

    @rule(subject=SUBJECTS, event=st.sampled_from(Event), who=STAFF)
    def list_well(self, subject: Subject, event: Event, who: Actor) -> None:
        """Somebody lists on a ground that is whole."""
        self._try(lambda: list_subject(self.world.centre, ToList(subject, ground(event)), who))

    @rule(subject=SUBJECTS, who=STAFF)
    def break_glass(self, subject: Subject, who: Actor) -> None:
        """Somebody lists alone."""
        wanted = ToList(subject, ground(Event.POLICE_COMPLAINT))
        self._try(lambda: break_glass(self.world.centre, wanted, who, "attack"))

    @rule(place=PLACE, who=STAFF, yes=st.booleans())
    def approve(self, place: int, who: Actor, yes: bool) -> None:
        """Somebody says yes or no to a listing."""
        self._with(
            place,
            lambda row: approve_listing(
                self.world.centre, row.listing_id, who, approve=yes, reason="looked"
            ),
        )

    @rule(place=PLACE, who=STAFF, event=st.sampled_from(Event))
    def move(self, place: int, who: Actor, event: Event) -> None:
        """An event moves a subject."""
        self._with(
            place, lambda row: move_tier(self.world.centre, row.listing_id, ground(event), who)
        )

    @rule(place=PLACE, who=STAFF)
    def withdraw(self, place: int, who: Actor) -> None:
        """Somebody takes a listing back."""
        self._with(
            place, lambda row: withdraw_listing(self.world.centre, row.listing_id, who, "gone")
        )

    @rule(place=PLACE, who=STAFF, yes=st.booleans())
    def review(self, place: int, who: Actor, yes: bool) -> None:
        """Somebody looks at a broken glass."""
        self._with(
            place,
            lambda row: review_glass(
                self.world.centre, row.listing_id, who, justified=yes, reason="looked"
            ),
        )

    @rule(place=PLACE)
    def contest(self, place: int) -> None:
        """The person contests with the code of the notice."""

        def by_code(row: Listing) -> None:
            code = code_for_notice(self.world.centre, row.listing_id, LISTER)[0]
            contest_listing(self.world.centre, code, ["why"], Via.PAGE, LISTER)

        self._with(place, by_code)

    @rule(subject=SUBJECTS)
    def call(self, subject: Subject) -> None:
        """The person contests on the phone."""
        contest_subject(self.world.centre, subject, ["why"], LISTER)

    @rule(who=STAFF, uphold=st.booleans())
    def decide(self, who: Actor, uphold: bool) -> None:
        """Somebody decides the latest contest."""
        found = Contest.objects.order_by("-id").first()
        if found is not None:
            self._try(
                lambda: decide_contest(
                    self.world.centre,
                    found.contest_id,
                    who,
                    uphold=uphold,
                    reason="looked at all of it",
                )
            )

    @rule(hours=st.sampled_from([0.2, 1, 24, 24 * 7, 24 * 40]))
    def wait(self, hours: float) -> None:
        """Time passes, and what is due is done."""
        self.world.pass_time(hours=hours)
        self.world.work()

    @invariant()
    def the_feed_is_true(self) -> None:
        """It has no gap, and says of each subject what the strictest of its listings says."""
        if not Listing.objects.filter(
            state=ListingState.STANDING.value, until_us__lte=self.world.now_us
        ).exists():
            assert_feed_is_true(self.world)

    @invariant()
    def nothing_stands_without_due_process(self) -> None:
        """Ground, end, a way to contest, and a second person where one is needed."""
        for row in Listing.objects.all():
            assert row.ground
            assert row.legal_basis
            assert row.case_number or row.reference
            assert row.listed_us < row.until_us <= row.listed_us + 366 * 86_400_000_000
            assert row.contest_way
            assert row.contest_days >= 1
            assert row.approved_by != row.listed_by
            if row.state == ListingState.STANDING.value:
                assert row.approved_by or row.break_glass or not row.needs_second
                waits = row.contests.filter(state__in=["open", "overdue"]).exists()
                assert row.disputed == waits

    @invariant()
    def every_step_is_kept(self) -> None:
        """The last line of a listing's history is how it stands."""
        for row in Listing.objects.all():
            last = ListingStep.objects.filter(listing=row).latest("number")
            assert last.to_state == row.state
            assert last.number == row.steps.count()

    def _with(self, place: int, do: Callable[[Listing], object]) -> None:
        rows = list(Listing.objects.order_by("-id")[:10])
        if rows:
            self._try(lambda: do(rows[place % len(rows)]))

    def _try(self, do: Callable[[], object]) -> None:
        with suppress(Conflict, Forbidden, NotFound, Refused):
            do()


@pytest.mark.django_db
def test_due_process_holds_whatever_happens() -> None:
    """Many histories of one registry."""
    run_state_machine_as_test(
        Registry,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
