"""Guards in the database: tables that only grow, states that only take known steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from tests.records.guards_off import guards_off

from holdfast.records import audit
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead
from holdfast.records.sql_guards import append_only, guard_steps

pytestmark = pytest.mark.django_db


def _kept() -> list[Model]:
    zeros = "0" * 64
    return [
        audit.record(at_us=1, actor="a", verb="v", subject="s"),
        SealedEntry.objects.create(position=1, entry_id=1, digest=zeros, chain=zeros),
        SealedHead.objects.create(position=1, chain=zeros, at_us=1, key_id="k", signature="s"),
    ]


@pytest.mark.parametrize("number", range(3))
def test_what_is_kept_for_ever_can_not_be_changed_or_removed(number: int) -> None:
    """Neither a row nor all rows, by Django or by SQL; adding goes on."""
    row = _kept()[number]
    rows = type(row).objects.filter(pk=row.pk)
    table = row._meta.db_table
    for attempt in (
        row.save,
        row.delete,
        lambda: rows.update(id=77),
        rows.delete,
        lambda: _execute(f"DELETE FROM {table}"),  # noqa: S608
        lambda: _execute(f"UPDATE {table} SET id = id"),  # noqa: S608
    ):
        with pytest.raises(IntegrityError, match="can only be added"), transaction.atomic():
            attempt()
    assert rows.count() == 1


def test_a_table_can_not_be_emptied_at_once() -> None:
    """PostgreSQL's TRUNCATE meets the guard too; the embedded engine has no such statement."""
    _kept()
    with pytest.raises(DatabaseError), transaction.atomic():
        _execute("TRUNCATE records_auditentry")
    assert AuditEntry.objects.count() == 1


def test_guards_stand_again_after_they_were_off() -> None:
    """What these tests take away for tampering they put back."""
    row = _kept()[0]
    with guards_off(connection):
        AuditEntry.objects.update(verb="w")
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()


STEPS = {("ordered", "held"), ("held", "released"), ("held", "lapsed")}


@pytest.fixture
def doors() -> Iterator[None]:
    """Make a table with guarded states."""
    _execute("CREATE TABLE doors (id integer PRIMARY KEY, state varchar(20), note varchar(20))")
    operation = guard_steps("doors", "state", STEPS, first={"ordered"})
    _apply(operation)
    yield
    _execute("DROP TABLE doors")
    if connection.vendor == "postgresql":
        _execute("DROP FUNCTION doors_state_steps()")


@pytest.mark.usefixtures("doors")
def test_a_state_takes_allowed_steps_only() -> None:
    """Every pair of states is refused or goes as it was told; staying is no step."""
    names = sorted({name for step in STEPS for name in step})
    for before in names:
        for after in names:
            with guards_off(connection):
                _execute("DELETE FROM doors")
                _begin(before)
            if before == after or (before, after) in STEPS:
                _execute("UPDATE doors SET state = %s, note = 'n'", after)
            else:
                with pytest.raises(IntegrityError, match="this step"), transaction.atomic():
                    _execute("UPDATE doors SET state = %s", after)


@pytest.mark.usefixtures("doors")
@pytest.mark.parametrize("state", ["held", None, "other"])
def test_a_row_begins_in_a_first_state(state: str | None) -> None:
    """Another state, or none, is refused, and a state can't become none."""
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        _begin(state)
    _begin("ordered")
    with pytest.raises(IntegrityError, match="this step"), transaction.atomic():
        _execute("UPDATE doors SET state = NULL")


@pytest.mark.usefixtures("doors")
def test_a_row_with_steps_is_not_removed() -> None:
    """A state ends, its row stays."""
    _begin("ordered")
    with pytest.raises(IntegrityError, match="cannot be removed"), transaction.atomic():
        _execute("DELETE FROM doors")


@pytest.mark.usefixtures("doors")
def test_guards_can_be_put_again_and_taken_back() -> None:
    """The operation can be applied twice, and its reverse leaves no trace."""
    operation = guard_steps("doors", "state", STEPS, first={"ordered"})
    _apply(operation)
    _apply(operation)
    editor = _Editor()
    operation.database_backwards("records", editor, None, None)
    _begin("held")
    _execute("DELETE FROM doors")
    _apply(operation)


@pytest.mark.parametrize("table", ["", "a b", "Doors", 'x"; DROP', "a" * 46])
def test_a_name_that_is_not_plain_is_refused(table: str) -> None:
    """No name from a migration becomes SQL of another meaning."""
    with pytest.raises(ValueError, match="plain name"):
        append_only(table)
    with pytest.raises(ValueError, match="plain name"):
        guard_steps(table, "state", STEPS, first={"ordered"})


def test_a_state_that_is_not_plain_is_refused() -> None:
    """A quote would end the text in the trigger."""
    with pytest.raises(ValueError, match="plain state"):
        guard_steps("doors", "state", {("a", "b'")}, first={"a"})


class _Editor:
    """What a migration gives an operation to work with."""

    connection = connection

    def execute(self, sql: str, params: None) -> None:
        """Run a statement."""
        assert params is None
        _execute(sql)


def _apply(operation: Any) -> None:
    operation.database_forwards("records", _Editor(), None, None)


def _begin(state: str | None) -> None:
    _execute("INSERT INTO doors VALUES (1, %s, '')", state)


def _execute(sql: str, *values: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
