import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContestCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code_hash", models.CharField(max_length=64, unique=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="codes",
                        to="registry.listing",
                    ),
                ),
                ("number", models.IntegerField()),
                ("issued_us", models.BigIntegerField()),
                ("void_us", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("listing", "number"), name="contest_code_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Contest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("contest_id", models.CharField(max_length=60, unique=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contests",
                        to="registry.listing",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "OPEN"),
                            ("overdue", "OVERDUE"),
                            ("upheld", "UPHELD"),
                            ("rejected", "REJECTED"),
                            ("moot", "MOOT"),
                        ],
                        max_length=10,
                    ),
                ),
                ("via", models.CharField(max_length=12)),
                ("opened_us", models.BigIntegerField()),
                ("opened_by", models.CharField(max_length=100)),
                ("due_us", models.BigIntegerField()),
                ("decided_us", models.BigIntegerField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=100)),
                ("reason", models.CharField(blank=True, max_length=2000)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "due_us"], name="contest_by_deadline")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "overdue"])),
                        fields=("listing",),
                        name="contest_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_us__gt", models.F("opened_us"))),
                        name="contest_has_deadline",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_us__isnull", True), ("state__in", ["open", "overdue"])
                            ),
                            models.Q(
                                models.Q(("state__in", ["open", "overdue"]), _negated=True),
                                ("decided_us__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="contest_reasoned",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContestStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="registry.contest",
                    ),
                ),
                ("number", models.IntegerField()),
                ("from_state", models.CharField(blank=True, max_length=10)),
                ("to_state", models.CharField(max_length=10)),
                ("at_us", models.BigIntegerField()),
                ("actor", models.CharField(max_length=100)),
                ("reason", models.CharField(blank=True, max_length=2000)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("contest", "number"), name="contest_step_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ContestEvidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="registry.contest",
                    ),
                ),
                ("number", models.IntegerField()),
                ("text", models.TextField()),
                ("at_us", models.BigIntegerField()),
                ("added_by", models.CharField(max_length=100)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("contest", "number"), name="evidence_once")
                ],
            },
        ),
    ]
