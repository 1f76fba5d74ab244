"""What is kept of the registry: listings and contests with every step, the feed, who confirmed it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from holdfast.core.instant import HOUR_US
from holdfast.registry.contest import OPEN as OPEN_CONTEST
from holdfast.registry.contest import ContestState
from holdfast.registry.feed.models import BlindEntry, FeedHead  # noqa: F401  (so that Django finds them)
from holdfast.registry.listing import OPEN, ListingState
from holdfast.registry.subject import KEY_LENGTH_MAX, SubjectKind

OPEN_VALUES = sorted(state.value for state in OPEN)
OPEN_CONTEST_VALUES = sorted(state.value for state in OPEN_CONTEST)
ANSWERABLE_VALUES = [ListingState.STANDING.value, ListingState.SUSPENDED.value]
"""States that only what a second person approved, where one is needed, may reach."""
BREAK_GLASS_US_MAX = HOUR_US


def _choices(values):
    return [(value.value, value.name) for value in values]


class Listing(models.Model):
    """What one institution says of one subject in one tier; only its state moves."""

    listing_id = models.CharField(max_length=60, unique=True)
    subject_kind = models.CharField(max_length=10, choices=_choices(SubjectKind))
    subject_key = models.CharField(max_length=KEY_LENGTH_MAX)
    state = models.CharField(max_length=10, choices=_choices(ListingState))
    tier = models.CharField(max_length=40)
    """Its name in the country's law data."""
    tier_code = models.IntegerField()
    """1 to 255, the higher the stricter."""
    ground = models.CharField(max_length=40)
    """Why: the event of the law's data that it rests on, such as victim_report."""
    evidence = models.CharField(max_length=20)
    """How well that is known: suspected, reported, confirmed, official."""
    involvement = models.CharField(max_length=20)
    """What part the holder played, as far as is known."""
    behaviour = models.CharField(max_length=500, blank=True)
    """What was seen beyond the receipt of money, where the ground needs it."""
    legal_basis = models.CharField(max_length=200)
    law_fingerprint = models.CharField(max_length=64)
    case_number = models.CharField(max_length=30, blank=True, db_index=True)
    reference = models.CharField(max_length=100, blank=True)
    """The number under which the institution that lists keeps it."""
    batch = models.CharField(max_length=60, blank=True, db_index=True)
    """The file it came with, which is approved as a whole."""
    source_country = models.CharField(max_length=2)
    institution_id = models.CharField(max_length=60, db_index=True)
    institution_kind = models.CharField(max_length=20)
    listed_us = models.BigIntegerField()
    listed_by = models.CharField(max_length=100)
    """The actor who listed."""
    decided_by = models.CharField(max_length=150, blank=True)
    """The person at the institution who decided, where the ground needs one to."""
    needs_second = models.BooleanField()
    approved_us = models.BigIntegerField(null=True)
    approved_by = models.CharField(max_length=100, blank=True)
    stands_us = models.BigIntegerField(null=True)
    """Since when askers are answered by it."""
    until_us = models.BigIntegerField()
    """When it ends by itself."""
    owned_from_us = models.BigIntegerField(null=True)
    """Since when a proxy or a number belongs to the one it is about; None where unknown."""
    owned_until_us = models.BigIntegerField(null=True)
    """Until when it does, as far as is known: the next owner is another person."""
    seen_us = models.BigIntegerField(null=True)
    """When what it rests on was seen, as who listed says."""
    contest_days = models.IntegerField()
    """Within how many days a contest is to be decided."""
    contest_way = models.CharField(max_length=200)
    """Where it is contested."""
    suspends_undecided = models.BooleanField()
    """Whether it is suspended where a contest is not decided in time."""
    disputed = models.BooleanField(default=False)
    """Whether a contest of it waits for its answer."""
    break_glass = models.BooleanField(default=False)
    """Listed by one person in a running attack, for an hour at most."""
    codes_issued = models.IntegerField(default=0)
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    ended_us = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    """Why it took its last step."""

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_key"], name="listing_of_subject"),
            models.Index(fields=["state", "id"], name="listing_in_state"),
            models.Index(
                fields=["institution_id", "listed_us"],
                name="listing_made_alone",
                condition=Q(needs_second=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="listing_once",
                fields=[
                    "institution_id",
                    "subject_kind",
                    "subject_key",
                    "tier",
                    "case_number",
                    "reference",
                    "break_glass",
                ],
                condition=Q(state__in=OPEN_VALUES),
            ),
            models.CheckConstraint(
                name="listing_has_ground",
                condition=~Q(ground="")
                & ~Q(evidence="")
                & ~Q(involvement="")
                & ~Q(legal_basis="")
                & ~Q(listed_by=""),
            ),
            models.CheckConstraint(
                name="listing_ends", condition=Q(until_us__gt=F("listed_us"), listed_us__gt=0)
            ),
            models.CheckConstraint(
                name="listing_ends_with_registration",
                condition=Q(owned_until_us__isnull=True) | Q(until_us__lte=F("owned_until_us")),
            ),
            models.CheckConstraint(
                name="listing_can_be_contested",
                condition=Q(contest_days__gte=1, contest_days__lte=366) & ~Q(contest_way=""),
            ),
            models.CheckConstraint(
                name="listing_tier_code", condition=Q(tier_code__gte=1, tier_code__lte=255)
            ),
            models.CheckConstraint(
                name="listing_approved_where_needed",
                condition=~Q(state__in=ANSWERABLE_VALUES)
                | Q(needs_second=False)
                | Q(break_glass=True)
                | ~Q(approved_by=""),
            ),
            models.CheckConstraint(
                name="listing_not_approved_by_lister", condition=~Q(approved_by=F("listed_by"))
            ),
            models.CheckConstraint(
                name="listing_break_glass_is_short",
                condition=Q(break_glass=False)
                | Q(until_us__lte=F("listed_us") + BREAK_GLASS_US_MAX),
            ),
            models.CheckConstraint(
                name="listing_end_is_told",
                condition=Q(state__in=OPEN_VALUES, ended_us__isnull=True)
                | (~Q(state__in=OPEN_VALUES) & Q(ended_us__isnull=False)),
            ),
        ]


class ListingStep(models.Model):
    """One step of a listing: from which state to which, who, why."""

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="steps")
    number = models.IntegerField()
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "number"], name="listing_step_once")
        ]


class BreakGlassReview(models.Model):
    """What another person says afterwards of a listing made by one alone in a running attack."""

    listing = models.OneToOneField(Listing, on_delete=models.PROTECT, related_name="glass_review")
    opened_us = models.BigIntegerField()
    due_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    justified = models.BooleanField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="glass_review_whole",
                condition=Q(decided_us__isnull=True, justified__isnull=True, decided_by="")
                | (Q(decided_us__isnull=False, justified__isnull=False) & ~Q(decided_by="")),
            )
        ]


class ContestCode(models.Model):
    """A one-time code by which a person contests; only its keyed hash is kept."""

    code_hash = models.CharField(max_length=64, unique=True)
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="codes")
    number = models.IntegerField()
    issued_us = models.BigIntegerField()
    void_us = models.BigIntegerField(null=True)
    """When it was used, or a newer one took its place."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "number"], name="contest_code_once")
        ]


class Contest(models.Model):
    """That somebody says a listing is wrong, and what became of it."""

    contest_id = models.CharField(max_length=60, unique=True)
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="contests")
    state = models.CharField(max_length=10, choices=_choices(ContestState))
    via = models.CharField(max_length=12)
    opened_us = models.BigIntegerField()
    opened_by = models.CharField(max_length=100)
    due_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=2000, blank=True)
    """In words, for the person."""

    class Meta:
        indexes = [models.Index(fields=["state", "due_us"], name="contest_by_deadline")]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                name="contest_open_once",
                condition=Q(state__in=OPEN_CONTEST_VALUES),
            ),
            models.CheckConstraint(
                name="contest_has_deadline", condition=Q(due_us__gt=F("opened_us"))
            ),
            models.CheckConstraint(
                name="contest_reasoned",
                condition=Q(state__in=OPEN_CONTEST_VALUES, decided_us__isnull=True)
                | (
                    ~Q(state__in=OPEN_CONTEST_VALUES)
                    & Q(decided_us__isnull=False)
                    & ~Q(decided_by="")
                    & ~Q(reason="")
                ),
            ),
        ]


class ContestStep(models.Model):
    """One step of a contest."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="steps")
    number = models.IntegerField()
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "number"], name="contest_step_once")
        ]


class ContestEvidence(models.Model):
    """What the person says in their own words, or adds; personal data, reads are audited."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="evidence")
    number = models.IntegerField()
    text = models.TextField()
    at_us = models.BigIntegerField()
    added_by = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contest", "number"], name="evidence_once")]


class FeedLock(models.Model):
    """One row; who changes the registry holds it until the change is whole."""

    name = models.CharField(max_length=10, unique=True)
    last_number = models.BigIntegerField(default=0)
    """The feed's last number."""


class FeedOp(models.TextChoices):
    """What an entry of the feed says of its subject."""

    SET = "set"
    """It stands so from now on."""
    RETRACT = "retract"
    """It is listed no more; whoever got an entry before confirms that it is gone."""


class FeedEntry(models.Model):
    """How a subject stands from a number of the feed on."""

    number = models.BigIntegerField(unique=True)
    """From 1 on, without gaps."""
    at_us = models.BigIntegerField()
    op = models.CharField(max_length=8, choices=FeedOp.choices)
    subject_kind = models.CharField(max_length=10)
    subject_key = models.CharField(max_length=KEY_LENGTH_MAX)
    tier = models.IntegerField()
    """Code of the strictest tier; 0 where it is listed no more."""
    disputed = models.BooleanField()
    until_us = models.BigIntegerField()
    """When that tier ends by itself; 0 where it is listed no more."""
    listing_id = models.CharField(max_length=60)
    """The listing whose step brought it about."""

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_key", "number"], name="feed_of_subject")
        ]
        constraints = [
            models.CheckConstraint(
                name="feed_entry_whole",
                condition=Q(op=FeedOp.SET, tier__gte=1, tier__lte=255, until_us__gt=0)
                | Q(op=FeedOp.RETRACT, tier=0, until_us=0, disputed=False),
            )
        ]


class Replica(models.Model):
    """A copy of the registry at an institution, and how far it has confirmed the feed."""

    replica_id = models.CharField(max_length=60, unique=True)
    institution_id = models.CharField(max_length=60, db_index=True)
    kind = models.CharField(max_length=20)
    """Of what kind its institution is, which decides what it may see."""
    connected_us = models.BigIntegerField()
    confirmed_number = models.BigIntegerField(default=0)
    confirmed_us = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, default="connected")
    """connected, or retired: it has no entries any more and confirms nothing."""


class Retraction(models.Model):
    """An entry that takes a subject off; it waits until every replica says that it is gone."""

    entry = models.OneToOneField(FeedEntry, on_delete=models.PROTECT, related_name="retraction")
    due_us = models.BigIntegerField()
    """When whoever has not confirmed is overdue by name."""
    whole_us = models.BigIntegerField(null=True)
    """When the last of those who owe it had confirmed."""


class RetractionReceipt(models.Model):
    """That a replica owes, and then gives, its word that a subject is gone."""

    retraction = models.ForeignKey(Retraction, on_delete=models.PROTECT, related_name="receipts")
    replica = models.ForeignKey(Replica, on_delete=models.PROTECT, related_name="receipts")
    confirmed_us = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["retraction", "replica"], name="receipt_once")
        ]
        indexes = [
            models.Index(
                fields=["replica", "id"],
                name="receipt_owed",
                condition=Q(confirmed_us__isnull=True),
            )
        ]


class Bucket(models.Model):
    """How many questions an asker, or a customer of one, may still ask."""

    asker = models.CharField(max_length=60)
    scope_kind = models.CharField(max_length=10)
    """bank or person."""
    subject = models.CharField(max_length=64, blank=True)
    """The keyed hash of the end customer; nothing for the asker's own bucket."""
    tokens = models.BigIntegerField()
    updated_us = models.BigIntegerField()
    leased = models.BigIntegerField(default=0)
    """Of the tokens taken, how many workers hold and may not have spent."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asker", "scope_kind", "subject"], name="bucket_once")
        ]


class PaymentSent(models.Model):
    """That the payment of a question was told to have been sent: what gave tokens back once."""

    question_id = models.CharField(max_length=60, unique=True)
    told_us = models.BigIntegerField(db_index=True)
