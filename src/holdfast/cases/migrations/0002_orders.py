import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("institution_id", models.CharField(max_length=60)),
                ("answer_id", models.CharField(max_length=60)),
                ("received_us", models.BigIntegerField()),
                ("body", models.TextField()),
                ("signature", models.TextField(blank=True)),
                ("outcome", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="LearnedTransfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("transfer_id", models.CharField(max_length=140)),
                ("transfer", models.JSONField()),
                ("ledger_change", models.BigIntegerField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="onward",
                        to="cases.bankanswer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_id", models.CharField(max_length=60, unique=True)),
                ("kind", models.CharField(default="hold", max_length=20)),
                ("institution_id", models.CharField(max_length=60)),
                ("account", models.CharField(db_index=True, max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "REQUESTED"),
                            ("acknowledged", "ACKNOWLEDGED"),
                            ("held", "HELD"),
                            ("partly_held", "PARTLY_HELD"),
                            ("refused", "REFUSED"),
                            ("extended", "EXTENDED"),
                            ("released", "RELEASED"),
                            ("lapsed", "LAPSED"),
                            ("seized", "SEIZED"),
                            ("returned", "RETURNED"),
                            ("paid_out", "PAID_OUT"),
                        ],
                        max_length=12,
                    ),
                ),
                ("held_minor", models.BigIntegerField(default=0)),
                ("set_aside_minor", models.BigIntegerField(default=0)),
                ("tranche", models.IntegerField(default=1)),
                ("hop", models.IntegerField()),
                ("basis", models.CharField(max_length=40)),
                ("law_fingerprint", models.CharField(max_length=64)),
                ("provisional", models.BooleanField()),
                ("ledger_change", models.BigIntegerField()),
                ("arrived_us", models.BigIntegerField(default=0)),
                ("ordered_us", models.BigIntegerField()),
                ("lapses_us", models.BigIntegerField()),
                ("delivered_us", models.BigIntegerField(null=True)),
                ("acknowledged_us", models.BigIntegerField(null=True)),
                ("answered_us", models.BigIntegerField(null=True)),
                ("held_us", models.BigIntegerField(null=True)),
                ("ended_us", models.BigIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("left_after_ack_minor", models.BigIntegerField(default=0)),
                ("body", models.TextField()),
                ("takes_over", models.CharField(blank=True, max_length=60)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="cases.case",
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="cases.claim",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HoldShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tranche", models.IntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("from_us", models.BigIntegerField()),
                ("until_us", models.BigIntegerField(null=True)),
                ("set_aside_minor", models.BigIntegerField(default=0)),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="cases.claim",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="cases.order",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="bankanswer",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="cases.order",
            ),
        ),
        migrations.CreateModel(
            name="OrderStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("from_state", models.CharField(blank=True, max_length=12)),
                ("to_state", models.CharField(max_length=12)),
                ("at_us", models.BigIntegerField()),
                ("actor", models.CharField(max_length=100)),
                ("basis", models.CharField(max_length=40)),
                ("lapses_us", models.BigIntegerField()),
                ("held_minor", models.BigIntegerField()),
                ("reason", models.CharField(blank=True, max_length=40)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="cases.order",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="learnedtransfer",
            index=models.Index(
                condition=models.Q(("ledger_change__isnull", True)),
                fields=["id"],
                name="learned_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="learnedtransfer",
            constraint=models.UniqueConstraint(
                fields=("answer", "transfer_id"), name="learned_once"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["institution_id", "state", "id"], name="order_of_institution"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="order_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_minor__gte", 0), ("held_minor__lte", models.F("amount_minor"))
                ),
                name="order_held_within_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_minor", 0),
                    ("state__in", ["extended", "held", "partly_held", "seized"]),
                    _connector="OR",
                ),
                name="order_holds_only_while_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdshare",
            constraint=models.UniqueConstraint(
                fields=("order", "tranche", "claim"), name="share_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="holdshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="share_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="holdshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("set_aside_minor__gte", 0), ("set_aside_minor__lte", models.F("amount_minor"))
                ),
                name="share_set_aside_within",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankanswer",
            constraint=models.UniqueConstraint(
                fields=("institution_id", "answer_id"), name="answer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderstep",
            constraint=models.UniqueConstraint(fields=("order", "number"), name="step_once"),
        ),
    ]
