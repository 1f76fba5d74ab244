"""A guard in the database: the numbers of the feed have no gaps, whoever writes."""

from __future__ import annotations

from holdfast.records.sql_guards import Guard

_MESSAGE = "the feed goes on with the next number"


def without_gaps(table: str, column: str) -> Guard:
    """Return the migration operation after which each row's number is one more than the last.

    Both names are ours, never from outside.
    """
    following = f'(SELECT COALESCE(MAX("{column}"), 0) + 1 FROM "{table}")'  # noqa: S608
    refuse = (
        f"RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_MESSAGE}';"
    )
    return Guard(
        table,
        f"{table}_gapless",
        sqlite={
            "INSERT": f'WHEN NEW."{column}" <> {following} '
            f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        },
        postgresql=f"IF TG_OP = 'INSERT' THEN IF NEW.\"{column}\" <> {following} THEN "
        f"{refuse} END IF; END IF; RETURN NEW;",
        events="INSERT",
    )
