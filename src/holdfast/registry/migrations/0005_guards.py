from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from holdfast.records.sql_guards import append_only, guard_steps, keep_closed, keep_columns
from holdfast.registry import contest, listing
from holdfast.registry.feed_guard import without_gaps

SAID = {
    "listing_id",
    "subject_kind",
    "subject_key",
    "tier",
    "tier_code",
    "ground",
    "evidence",
    "involvement",
    "behaviour",
    "legal_basis",
    "case_number",
    "reference",
    "institution_id",
    "listed_us",
    "listed_by",
    "decided_by",
    "needs_second",
    "until_us",
    "contest_days",
    "contest_way",
    "suspends_undecided",
    "break_glass",
    "replaces_id",
}
"""What a listing says: a change is a new listing."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0004_asking")]

    operations: ClassVar = [
        guard_steps(
            "registry_listing",
            "state",
            listing.allowed_steps(),
            {state.value for state in listing.FIRST},
        ),
        keep_columns("registry_listing", SAID),
        keep_closed(
            "registry_listing", "ended_us", {"state", "approved_by", "approved_us", "stands_us"}
        ),
        guard_steps("registry_contest", "state", contest.allowed_steps(), {contest.FIRST.value}),
        # A contest follows its listing to the one that takes its place; its clock stays.
        keep_columns(
            "registry_contest",
            {"contest_id", "via", "opened_us", "opened_by", "due_us"},
        ),
        keep_closed("registry_contest", "decided_us", {"listing_id", "decided_by", "reason"}),
        keep_columns("registry_contestcode", {"code_hash", "listing_id", "number", "issued_us"}),
        keep_closed("registry_contestcode", "void_us", set()),
        keep_columns("registry_breakglassreview", {"listing_id", "opened_us", "due_us"}),
        keep_closed(
            "registry_breakglassreview", "decided_us", {"decided_by", "justified", "reason"}
        ),
        keep_closed("registry_retractionreceipt", "confirmed_us", {"retraction_id", "replica_id"}),
        keep_columns("registry_retraction", {"entry_id", "due_us"}),
        keep_columns("registry_feedlock", {"name"}, never_sink={"last_number"}),
        append_only("registry_listingstep"),
        append_only("registry_conteststep"),
        append_only("registry_contestevidence"),
        append_only("registry_feedentry"),
        append_only("registry_feedhead"),
        without_gaps("registry_feedentry", "number"),
    ]
