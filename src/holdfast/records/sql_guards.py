"""Guards in the database itself: tables that only grow, and states that only take known steps.

They hold for whoever writes, by this program or by hand. A refusal arrives as Django's
`IntegrityError`.

A guard belongs to its table: where a later migration lets Django make a table of SQLite anew
(most changes of columns do), the triggers go with the old table. Put the same operation behind
that change again; applying it twice is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.migrations.operations.base import Operation

NAME_LENGTH_MAX = 45
"""What is put behind it must still fit into PostgreSQL's 63 bytes."""
_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{NAME_LENGTH_MAX - 1}}}", re.ASCII).fullmatch
_STATE = re.compile(r"[A-Za-z0-9_ .:-]{0,60}", re.ASCII).fullmatch
_REFUSE = "RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE ="


def append_only(table: str) -> Guard:
    """Return the migration operation after which rows of `table` can only be added.

    UPDATE and DELETE are refused, on PostgreSQL TRUNCATE too.

    Raises:
        ValueError: the name is no plain table name of at most 45 characters.
    """
    name = f"{_checked(table)}_grow"
    message = f"rows of {table} can only be added"
    return Guard(
        table,
        name,
        sqlite=dict.fromkeys(("UPDATE", "DELETE"), f"BEGIN SELECT RAISE(ABORT, '{message}'); END"),
        postgresql=f"{_REFUSE} '{message}';",
        events="UPDATE OR DELETE",
    )


def guard_steps(
    table: str, column: str, allowed: Collection[tuple[str, str]], first: Collection[str]
) -> Guard:
    """Return the migration operation after which a state only takes the allowed steps.

    A row begins in one of the `first` states; an UPDATE may keep the state or go from one to the
    other of an `allowed` pair; DELETE is refused, on PostgreSQL TRUNCATE too.

    Raises:
        ValueError: a name or a state has characters beyond letters, digits and `_ .:-`.
    """
    name = f"{_checked(table)}_{_checked(column)}"
    if len(name) > NAME_LENGTH_MAX:
        msg = f"{name} has more than {NAME_LENGTH_MAX} characters"
        raise ValueError(msg)
    old, new = f'OLD."{column}"', f'NEW."{column}"'
    begins = f"{new} IN ({', '.join(_texts(first))})"
    pairs = [f"({old} = {a} AND {new} = {b})" for a, b in sorted(map(_texts, allowed))]
    steps = " OR ".join([f"{new} = {old}", *pairs])
    cases = [
        ("INSERT", f"({begins}) IS NOT TRUE", f"a row of {table} cannot begin in this {column}"),
        ("UPDATE", f"({steps}) IS NOT TRUE", f"{column} of {table} cannot take this step"),
        ("DELETE", "1 = 1", f"rows of {table} cannot be removed"),
    ]
    branches = [
        f"IF TG_OP = '{event}' THEN IF {refused} THEN {_REFUSE} '{message}'; END IF; END IF;"
        for event, refused, message in cases
    ]
    end = "IF TG_OP = 'TRUNCATE' THEN " + _REFUSE + f" '{cases[-1][2]}'; END IF; RETURN NEW;"
    return Guard(
        table,
        f"{name}_steps",
        sqlite={
            event: f"WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for event, refused, message in cases
        },
        postgresql=" ".join([*branches, end]),
        events="INSERT OR UPDATE OR DELETE",
    )


def keep_columns(table: str, keep: Collection[str], never_sink: Collection[str] = ()) -> Guard:
    """Return the migration operation after which columns keep what a row began with.

    An UPDATE may not change a column of `keep`, nor make one of `never_sink` smaller.

    Raises:
        ValueError: a name is no plain name of at most 45 characters.
    """
    name = f"{_checked(table)}_keep"
    sinks = [f'NEW."{_checked(column)}" < OLD."{column}"' for column in sorted(never_sink)]
    message = f"this of {table} cannot change"
    change = " OR ".join([*map(_changed, sorted(keep)), *sinks])
    return Guard(
        table,
        name,
        sqlite={"UPDATE": f"WHEN {change} BEGIN SELECT RAISE(ABORT, '{message}'); END"},
        postgresql=f"IF TG_OP = 'UPDATE' THEN IF {_in_postgresql(change)} THEN "
        f"{_REFUSE} '{message}'; END IF; END IF; RETURN NEW;",
        events="UPDATE",
    )


def keep_closed(table: str, closed: str, keep: Collection[str]) -> Guard:
    """Return the migration operation after which a closed row is history.

    Once its column `closed` has a value, that and those of `keep` stay, and the row is not
    removed; on PostgreSQL TRUNCATE is refused.

    Raises:
        ValueError: a name is no plain name of at most 45 characters.
    """
    name = f"{_checked(table)}_closed"
    was = f'OLD."{_checked(closed)}" IS NOT NULL'
    change = " OR ".join(map(_changed, sorted({*keep, closed})))
    message = f"a row of {table} that is closed stays as it is"
    refused = f"{_REFUSE} '{message}'; END IF;"
    return Guard(
        table,
        name,
        sqlite={
            event: f"WHEN {was}{also} BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for event, also in (("UPDATE", f" AND ({change})"), ("DELETE", ""))
        },
        postgresql=f"IF TG_OP = 'TRUNCATE' THEN {refused} "
        f"IF TG_OP = 'DELETE' THEN IF {was} THEN {refused} RETURN OLD; END IF; "
        f"IF {was} AND ({_in_postgresql(change)}) THEN {refused} RETURN NEW;",
        events="UPDATE OR DELETE",
    )


class Guard(Operation):  # type: ignore[misc]  # Django tells no types
    """A migration operation that makes triggers on a table, on SQLite or PostgreSQL."""

    reversible = True
    reduces_to_sql = True

    def __init__(
        self, table: str, name: str, *, sqlite: Mapping[str, str], postgresql: str, events: str
    ) -> None:
        self.table, self.name = table, name
        self._sqlite, self._postgresql, self._events = sqlite, postgresql, events

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing that Django knows of."""

    def database_forwards(
        self,
        app_label: str,  # noqa: ARG002  (what Django calls it with)
        schema_editor: Any,
        from_state: Any,  # noqa: ARG002
        to_state: Any,  # noqa: ARG002
    ) -> None:
        """Make the triggers, in place of those of the same names."""
        for text in self._removing()[schema_editor.connection.vendor]:
            schema_editor.execute(text, None)
        for text in self._making()[schema_editor.connection.vendor]:
            schema_editor.execute(text, None)

    def database_backwards(
        self,
        app_label: str,  # noqa: ARG002
        schema_editor: Any,
        from_state: Any,  # noqa: ARG002
        to_state: Any,  # noqa: ARG002
    ) -> None:
        """Remove the triggers."""
        for text in self._removing()[schema_editor.connection.vendor]:
            schema_editor.execute(text, None)

    def describe(self) -> str:
        """Say what it does."""
        return f"Guard {self.table} by the triggers {self.name}"

    def _making(self) -> Mapping[str, Sequence[str]]:
        name, table = self.name, f'"{self.table}"'
        call = f"EXECUTE FUNCTION {name}()"
        return {
            "sqlite": [
                f"CREATE TRIGGER {name}_{event.lower()} BEFORE {event} ON {table} "
                f"FOR EACH ROW {body}"
                for event, body in self._sqlite.items()
            ],
            "postgresql": [
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$guard$ BEGIN {self._postgresql} END $guard$",
                f"CREATE TRIGGER {name} BEFORE {self._events} ON {table} FOR EACH ROW {call}",
                f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT {call}",
            ],
        }

    def _removing(self) -> Mapping[str, Sequence[str]]:
        name, table = self.name, f'"{self.table}"'
        return {
            "sqlite": [f"DROP TRIGGER IF EXISTS {name}_{event.lower()}" for event in self._sqlite],
            "postgresql": [
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"DROP TRIGGER IF EXISTS {name}_truncate ON {table}",
                f"DROP FUNCTION IF EXISTS {name}()",
            ],
        }


def _changed(column: str) -> str:
    """Return the SQL that a column's value is another than before, of SQLite."""
    return f'NEW."{_checked(column)}" IS NOT OLD."{column}"'


def _in_postgresql(changed: str) -> str:
    return changed.replace(" IS NOT ", " IS DISTINCT FROM ")


def _checked(name: str) -> str:
    if _NAME(name) is None:
        msg = f"{name!r} is no plain name of at most {NAME_LENGTH_MAX} characters"
        raise ValueError(msg)
    return name


def _texts(states: Collection[str]) -> list[str]:
    """Return states as SQL texts."""
    for state in states:
        if _STATE(state) is None:
            msg = f"{state!r} is no plain state"
            raise ValueError(msg)
    return [f"'{state}'" for state in states]
