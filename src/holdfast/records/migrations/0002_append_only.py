"""The audit and its seals can only grow."""

from django.db import migrations

from holdfast.records.sql_guards import append_only


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        append_only("records_auditentry"),
        append_only("records_sealedentry"),
        append_only("records_sealedhead"),
    ]
