import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("listing_id", models.CharField(max_length=60, unique=True)),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("account", "ACCOUNT"),
                            ("proxy", "PROXY"),
                            ("phone", "PHONE"),
                            ("link", "LINK"),
                            ("wallet", "WALLET"),
                            ("person", "PERSON"),
                            ("handle", "HANDLE"),
                        ],
                        max_length=10,
                    ),
                ),
                ("subject_key", models.CharField(max_length=1000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "PROPOSED"),
                            ("standing", "STANDING"),
                            ("suspended", "SUSPENDED"),
                            ("refused", "REFUSED"),
                            ("lapsed", "LAPSED"),
                            ("withdrawn", "WITHDRAWN"),
                            ("removed", "REMOVED"),
                            ("replaced", "REPLACED"),
                        ],
                        max_length=10,
                    ),
                ),
                ("tier", models.CharField(max_length=40)),
                ("tier_code", models.IntegerField()),
                ("ground", models.CharField(max_length=40)),
                ("evidence", models.CharField(max_length=20)),
                ("involvement", models.CharField(max_length=20)),
                ("behaviour", models.CharField(blank=True, max_length=500)),
                ("legal_basis", models.CharField(max_length=200)),
                ("law_fingerprint", models.CharField(max_length=64)),
                ("case_number", models.CharField(blank=True, db_index=True, max_length=30)),
                ("reference", models.CharField(blank=True, max_length=100)),
                ("batch", models.CharField(blank=True, db_index=True, max_length=60)),
                ("source_country", models.CharField(max_length=2)),
                ("institution_id", models.CharField(db_index=True, max_length=60)),
                ("institution_kind", models.CharField(max_length=20)),
                ("listed_us", models.BigIntegerField()),
                ("listed_by", models.CharField(max_length=100)),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("needs_second", models.BooleanField()),
                ("approved_us", models.BigIntegerField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=100)),
                ("stands_us", models.BigIntegerField(null=True)),
                ("until_us", models.BigIntegerField()),
                ("owned_from_us", models.BigIntegerField(null=True)),
                ("contest_days", models.IntegerField()),
                ("contest_way", models.CharField(max_length=200)),
                ("suspends_undecided", models.BooleanField()),
                ("disputed", models.BooleanField(default=False)),
                ("break_glass", models.BooleanField(default=False)),
                ("codes_issued", models.IntegerField(default=0)),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="registry.listing",
                    ),
                ),
                ("ended_us", models.BigIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_key"], name="listing_of_subject"),
                    models.Index(fields=["state", "id"], name="listing_in_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "standing", "suspended"])),
                        fields=(
                            "institution_id",
                            "subject_kind",
                            "subject_key",
                            "tier",
                            "case_number",
                            "reference",
                            "break_glass",
                        ),
                        name="listing_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ground", ""), _negated=True),
                            models.Q(("evidence", ""), _negated=True),
                            models.Q(("involvement", ""), _negated=True),
                            models.Q(("legal_basis", ""), _negated=True),
                            models.Q(("listed_by", ""), _negated=True),
                        ),
                        name="listing_has_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("listed_us__gt", 0), ("until_us__gt", models.F("listed_us"))
                        ),
                        name="listing_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("contest_days__gte", 1),
                            ("contest_days__lte", 366),
                            models.Q(("contest_way", ""), _negated=True),
                        ),
                        name="listing_can_be_contested",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tier_code__gte", 1), ("tier_code__lte", 255)),
                        name="listing_tier_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["standing", "suspended"]), _negated=True),
                            ("needs_second", False),
                            ("break_glass", True),
                            models.Q(("approved_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="listing_approved_where_needed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("listed_by")), _negated=True),
                        name="listing_not_approved_by_lister",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("break_glass", False),
                            (
                                "until_us__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("listed_us"), "+", models.Value(3600000000)
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="listing_break_glass_is_short",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_us__isnull", True),
                                ("state__in", ["proposed", "standing", "suspended"]),
                            ),
                            models.Q(
                                models.Q(
                                    ("state__in", ["proposed", "standing", "suspended"]),
                                    _negated=True,
                                ),
                                ("ended_us__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="listing_end_is_told",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListingStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="registry.listing",
                    ),
                ),
                ("number", models.IntegerField()),
                ("from_state", models.CharField(blank=True, max_length=10)),
                ("to_state", models.CharField(max_length=10)),
                ("at_us", models.BigIntegerField()),
                ("actor", models.CharField(max_length=100)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("listing", "number"), name="listing_step_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="BreakGlassReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="glass_review",
                        to="registry.listing",
                    ),
                ),
                ("opened_us", models.BigIntegerField()),
                ("due_us", models.BigIntegerField()),
                ("decided_us", models.BigIntegerField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=100)),
                ("justified", models.BooleanField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_by", ""),
                                ("decided_us__isnull", True),
                                ("justified__isnull", True),
                            ),
                            models.Q(
                                ("decided_us__isnull", False),
                                ("justified__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="glass_review_whole",
                    )
                ],
            },
        ),
    ]
