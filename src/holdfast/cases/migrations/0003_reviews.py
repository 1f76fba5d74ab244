import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_orders"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("notice_id", models.CharField(max_length=120, unique=True)),
                ("institution_id", models.CharField(max_length=60)),
                ("recipient", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=160)),
                ("says", models.JSONField()),
                ("written_us", models.BigIntegerField()),
                ("due_us", models.BigIntegerField(null=True)),
                ("brought_us", models.BigIntegerField(null=True)),
                ("brought_by", models.CharField(blank=True, max_length=200)),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="cases.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OwnHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("own_hold_id", models.CharField(max_length=60, unique=True)),
                ("institution_id", models.CharField(max_length=60)),
                ("reference", models.CharField(max_length=60)),
                ("account", models.CharField(db_index=True, max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("left_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "HELD"),
                            ("ordered", "ORDERED"),
                            ("released", "RELEASED"),
                            ("lapsed", "LAPSED"),
                        ],
                        max_length=12,
                    ),
                ),
                ("basis", models.CharField(max_length=40)),
                ("law_fingerprint", models.CharField(max_length=64)),
                ("since_us", models.BigIntegerField()),
                ("told_us", models.BigIntegerField()),
                ("told_by", models.CharField(max_length=200)),
                ("lapses_us", models.BigIntegerField()),
                ("ended_us", models.BigIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["institution_id", "state", "id"], name="own_hold_of_institution"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution_id", "reference"), name="own_hold_reference_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0),
                            ("left_minor__lte", models.F("amount_minor")),
                            models.Q(
                                models.Q(("left_minor__gt", 0), ("state", "held")),
                                models.Q(
                                    ("left_minor", 0), models.Q(("state", "held"), _negated=True)
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="own_hold_left_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("review_id", models.CharField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("victim_account", "VICTIM_ACCOUNT"),
                            ("dispute", "DISPUTE"),
                            ("no_basis", "NO_BASIS"),
                            ("after_lapse", "AFTER_LAPSE"),
                            ("overheld", "OVERHELD"),
                            ("answer_unfit", "ANSWER_UNFIT"),
                            ("name_mismatch", "NAME_MISMATCH"),
                            ("truncated", "TRUNCATED"),
                            ("release", "RELEASE"),
                            ("scam_type", "SCAM_TYPE"),
                            ("seizure", "SEIZURE"),
                            ("stop", "STOP"),
                            ("stop_held", "STOP_HELD"),
                            ("stop_end", "STOP_END"),
                            ("withdrawal", "WITHDRAWAL"),
                            ("claim_again", "CLAIM_AGAIN"),
                            ("report_late", "REPORT_LATE"),
                        ],
                        max_length=30,
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("facts", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "OPEN"),
                            ("approved", "APPROVED"),
                            ("declined", "DECLINED"),
                        ],
                        max_length=10,
                    ),
                ),
                ("asked_by", models.CharField(max_length=100)),
                ("opened_us", models.BigIntegerField()),
                ("decided_us", models.BigIntegerField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=100)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("brought_us", None)),
                fields=["institution_id", "id"],
                name="notice_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("case", "kind", "subject"),
                name="review_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("case", None), ("state", "open")),
                fields=("kind", "subject"),
                name="review_without_case_once",
            ),
        ),
    ]
