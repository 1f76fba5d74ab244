import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_contests"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedLock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=10, unique=True)),
                ("last_number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("at_us", models.BigIntegerField()),
                (
                    "op",
                    models.CharField(
                        choices=[("set", "Set"), ("retract", "Retract")], max_length=8
                    ),
                ),
                ("subject_kind", models.CharField(max_length=10)),
                ("subject_key", models.CharField(max_length=1000)),
                ("tier", models.IntegerField()),
                ("disputed", models.BooleanField()),
                ("until_us", models.BigIntegerField()),
                ("listing_id", models.CharField(max_length=60)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject_key", "number"], name="feed_of_subject"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("op", "set"),
                                ("tier__gte", 1),
                                ("tier__lte", 255),
                                ("until_us__gt", 0),
                            ),
                            models.Q(
                                ("disputed", False), ("op", "retract"), ("tier", 0), ("until_us", 0)
                            ),
                            _connector="OR",
                        ),
                        name="feed_entry_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("chain", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Replica",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("replica_id", models.CharField(max_length=60, unique=True)),
                ("institution_id", models.CharField(db_index=True, max_length=60)),
                ("kind", models.CharField(max_length=20)),
                ("connected_us", models.BigIntegerField()),
                ("confirmed_number", models.BigIntegerField(default=0)),
                ("confirmed_us", models.BigIntegerField(null=True)),
                ("state", models.CharField(default="connected", max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name="Retraction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retraction",
                        to="registry.feedentry",
                    ),
                ),
                ("due_us", models.BigIntegerField()),
                ("whole_us", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RetractionReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "retraction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="registry.retraction",
                    ),
                ),
                (
                    "replica",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="registry.replica",
                    ),
                ),
                ("confirmed_us", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("confirmed_us__isnull", True)),
                        fields=["replica", "id"],
                        name="receipt_owed",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("retraction", "replica"), name="receipt_once")
                ],
            },
        ),
    ]
