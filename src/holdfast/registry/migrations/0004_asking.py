from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_feed"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlindEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("prefix", models.BigIntegerField()),
                ("tag", models.CharField(max_length=32)),
                ("mask", models.IntegerField()),
                ("tier", models.IntegerField()),
                ("disputed", models.BooleanField()),
                ("until_us", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "prefix"], name="blind_bucket")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "tag"), name="blind_entry_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Bucket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asker", models.CharField(max_length=60)),
                ("scope_kind", models.CharField(max_length=10)),
                ("subject", models.CharField(blank=True, max_length=64)),
                ("tokens", models.BigIntegerField()),
                ("updated_us", models.BigIntegerField()),
                ("leased", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("asker", "scope_kind", "subject"), name="bucket_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentSent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("question_id", models.CharField(max_length=60, unique=True)),
                ("told_us", models.BigIntegerField(db_index=True)),
            ],
        ),
    ]
