from __future__ import annotations

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from holdfast.records import due
from holdfast.records.sql_guards import guard_steps, keep_closed, keep_columns
from holdfast.registry import listing

SAID = import_module("holdfast.registry.migrations.0005_guards").SAID


def chase_glass(apps, schema_editor):
    """Have reviews of listings made alone be chased that were opened before anybody did."""
    waiting = apps.get_model("registry", "BreakGlassReview").objects.filter(decided_us=None)
    due_us = waiting.values_list("listing__listing_id", "due_us")
    due.plan_all("chase_glass", dict(due_us.using(schema_editor.connection.alias)))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0001_initial"), ("registry", "0005_guards")]

    operations: ClassVar = [
        migrations.AddField("listing", "owned_until_us", models.BigIntegerField(null=True)),
        migrations.AddField("listing", "seen_us", models.BigIntegerField(null=True)),
        migrations.AddConstraint(
            "listing",
            models.CheckConstraint(
                condition=models.Q(
                    ("owned_until_us__isnull", True),
                    ("until_us__lte", models.F("owned_until_us")),
                    _connector="OR",
                ),
                name="listing_ends_with_registration",
            ),
        ),
        migrations.AddIndex(
            "listing",
            models.Index(
                condition=models.Q(("needs_second", False)),
                fields=["institution_id", "listed_us"],
                name="listing_made_alone",
            ),
        ),
        # SQLite makes the table anew for a constraint, and its triggers go with the old one.
        guard_steps(
            "registry_listing",
            "state",
            listing.allowed_steps(),
            {state.value for state in listing.FIRST},
        ),
        keep_columns("registry_listing", SAID | {"owned_from_us", "owned_until_us", "seen_us"}),
        keep_closed(
            "registry_listing", "ended_us", {"state", "approved_by", "approved_us", "stands_us"}
        ),
        migrations.RunPython(chase_glass, migrations.RunPython.noop, elidable=True),
    ]
