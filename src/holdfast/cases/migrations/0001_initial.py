import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AccountFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fact_id", models.CharField(max_length=60, unique=True)),
                ("account", models.CharField(db_index=True, max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("merchant", "MERCHANT"),
                            ("cash", "CASH"),
                            ("government", "GOVERNMENT"),
                            ("exchange", "EXCHANGE"),
                            ("foreign", "FOREIGN"),
                            ("none", "NONE"),
                        ],
                        max_length=20,
                    ),
                ),
                ("source", models.CharField(max_length=500)),
                ("verified_by", models.CharField(max_length=60)),
                ("from_us", models.BigIntegerField()),
                ("entered_us", models.BigIntegerField()),
                ("entered_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="CaseNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.IntegerField(unique=True)),
                ("last", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SettlementLock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=30, unique=True)),
                ("opened_us", models.BigIntegerField()),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="cases.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("claim_id", models.CharField(max_length=60, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "WAITING"),
                            ("accepted", "ACCEPTED"),
                            ("refused", "REFUSED"),
                            ("withdrawn", "WITHDRAWN"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reported_us", models.BigIntegerField()),
                ("told", models.JSONField()),
                ("transfer_id", models.CharField(max_length=140, null=True, unique=True)),
                ("told_transfer_id", models.CharField(blank=True, db_index=True, max_length=140)),
                ("only_from", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("time_us", models.BigIntegerField(null=True)),
                ("seq", models.BigIntegerField(null=True)),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("debit_account", models.CharField(blank=True, db_index=True, max_length=80)),
                ("credit_account", models.CharField(blank=True, max_length=80)),
                ("confirmed_us", models.BigIntegerField(null=True)),
                ("disputed", models.BooleanField(default=False)),
                ("hops_max", models.IntegerField(null=True)),
                ("withdrawn_us", models.BigIntegerField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, max_length=40)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InstitutionCaseId",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("institution_id", models.CharField(max_length=60)),
                ("value", models.CharField(max_length=100)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="institution_case_ids",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PoliceComplaint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("complaint_id", models.CharField(max_length=60, unique=True)),
                ("number", models.CharField(max_length=60)),
                ("station", models.CharField(max_length=200)),
                ("officer", models.CharField(max_length=200)),
                ("filed_us", models.BigIntegerField()),
                ("accepted_us", models.BigIntegerField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=100)),
                ("entered_us", models.BigIntegerField()),
                ("entered_by", models.CharField(max_length=60)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="complaints",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("report_id", models.CharField(max_length=60, unique=True)),
                ("via", models.CharField(max_length=10)),
                ("institution_id", models.CharField(max_length=60)),
                ("received_us", models.BigIntegerField()),
                ("heard_us", models.BigIntegerField()),
                ("told", models.JSONField()),
                ("missing", models.JSONField(default=list)),
                ("completed_us", models.BigIntegerField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClaimReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="told_by",
                        to="cases.claim",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tells_of",
                        to="cases.report",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReportVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("told", models.JSONField()),
                ("until_us", models.BigIntegerField()),
                ("replaced_by", models.CharField(max_length=100)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="cases.report",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredTrail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=10)),
                ("ledger_change", models.BigIntegerField()),
                ("settled_us", models.BigIntegerField()),
                ("answer", models.JSONField()),
                (
                    "claim",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trail",
                        to="cases.claim",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TracedAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(db_index=True, max_length=80)),
                ("last_us", models.BigIntegerField()),
                ("rests", models.BooleanField()),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="traced",
                        to="cases.claim",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(fields=["state", "debit_account"], name="claim_state_debit"),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    models.Q(
                        ("amount_minor__gt", 0),
                        ("time_us__isnull", False),
                        ("transfer_id__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="claim_accepted_is_in_ledger",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_us", None), ("state", "withdrawn"), _connector="OR"),
                name="claim_taken_out_is_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="institutioncaseid",
            constraint=models.UniqueConstraint(
                fields=("institution_id", "value"), name="institution_case_id_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="policecomplaint",
            constraint=models.UniqueConstraint(fields=("station", "number"), name="complaint_once"),
        ),
        migrations.AddConstraint(
            model_name="claimreport",
            constraint=models.UniqueConstraint(fields=("claim", "report"), name="told_once"),
        ),
        migrations.AddConstraint(
            model_name="reportversion",
            constraint=models.UniqueConstraint(
                fields=("report", "number"), name="report_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tracedaccount",
            constraint=models.UniqueConstraint(fields=("claim", "account"), name="traced_once"),
        ),
    ]
