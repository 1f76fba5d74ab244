"""What commands need before they may use what the centre keeps."""

from __future__ import annotations

import os

from holdfast.core.errors import CentreError
from holdfast.core.words import N_


def enter_centre(*, migrated: bool = True) -> None:
    """Set Django up for the centre's home; with `migrated`, its database must be up to date.

    Raises:
        CentreError: `home_missing`, `home_unreadable`, `database_unreachable` or
            `database_behind`.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.server.settings"
    import django

    django.setup()
    if migrated:
        behind = migrations_missing()
        if behind:
            raise CentreError(
                "database_behind",
                N_("the database lacks {count} changes of this version; run `holdfast init`"),
                count=len(behind),
            )


def migrations_missing() -> list[str]:
    """Return the names of the database changes that were not made yet.

    Raises:
        CentreError: `database_unreachable`.
    """
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CentreError(
            "database_unreachable",
            N_("the database can't be used: {why}"),
            why=str(error).splitlines()[0],
        ) from None
    return [str(migration) for migration, _ in plan]
