from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from holdfast.cases.hold import FIRST, allowed_steps
from holdfast.records.sql_guards import append_only, guard_steps


class Migration(migrations.Migration):
    dependencies: ClassVar = [("cases", "0001_initial")]

    operations: ClassVar = [
        guard_steps("cases_order", "state", allowed_steps(), {FIRST.value}),
        append_only("cases_orderstep"),
        append_only("cases_bankanswer"),
        append_only("cases_reportversion"),
    ]
