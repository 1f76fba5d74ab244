"""The buckets that all workers share, in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from holdfast.registry.models import Bucket
from holdfast.registry.queries import in_lots
from holdfast.registry.quota import BucketName, Level, Rule, added, filled, full, taken

_UPDATE = "UPDATE registry_bucket SET tokens = %s, updated_us = %s, leased = %s WHERE id = %s"
"""Django's own update of several rows takes a hundred times as long."""
_SENT = (
    "INSERT INTO registry_paymentsent (question_id, told_us) VALUES {rows} "
    "ON CONFLICT (question_id) DO NOTHING RETURNING question_id"
)
"""Django does not say which rows it had to leave out."""


class DatabaseLots:
    """The shared buckets; every call is a transaction of its own."""

    def lease(
        self, name: BucketName, rule: Rule, wanted: int, used: int, now_us: int
    ) -> tuple[int, Level]:
        """Take out what there is, as `Lots.lease`."""
        with transaction.atomic():
            [row] = _locked({name: rule}, now_us)
            level, given = taken(Level(row.tokens, row.updated_us), rule, wanted, now_us)
            row.tokens, row.updated_us = level.tokens, level.at_us
            row.leased = max(row.leased - used, 0) + given
            row.save(update_fields=["tokens", "updated_us", "leased"])
        return given, level

    def settle(
        self, changes: Mapping[BucketName, tuple[Rule, int]], now_us: int
    ) -> Mapping[BucketName, Level]:
        """Add tokens or take off what was spent on credit, as `Lots.settle`."""
        levels: dict[BucketName, Level] = {}
        for names in in_lots(sorted(changes)):
            with transaction.atomic():
                rows = _locked({name: changes[name][0] for name in names}, now_us)
                for row in rows:
                    name = BucketName(row.asker, row.scope_kind, row.subject)
                    rule, tokens = changes[name]
                    level = added(Level(row.tokens, row.updated_us), rule, tokens, now_us)
                    row.tokens, row.updated_us = level.tokens, level.at_us
                    row.leased = max(row.leased - max(tokens, 0), 0)
                    levels[name] = level
                with connection.cursor() as cursor:
                    values = [(row.tokens, row.updated_us, row.leased, row.id) for row in rows]
                    cursor.executemany(_UPDATE, values)
        return levels

    def level(self, name: BucketName, rule: Rule, now_us: int) -> tuple[Level, int]:
        """Return what is in a bucket and how much of it workers hold, as `Lots.level`."""
        row = Bucket.objects.filter(_is(name)).first()
        if row is None:
            return full(rule, now_us), 0
        return filled(Level(row.tokens, row.updated_us), rule, now_us), row.leased

    def sent(self, question_ids: Collection[str], now_us: int) -> frozenset[str]:
        """Put down whose payments were sent, and return which are new, as `Lots.sent`."""
        new: set[str] = set()
        with transaction.atomic(), connection.cursor() as cursor:
            # In one order for every worker, so that no two wait for each other.
            for some in in_lots(sorted(question_ids)):
                values = [value for question_id in some for value in (question_id, now_us)]
                cursor.execute(_SENT.format(rows=", ".join(["(%s, %s)"] * len(some))), values)
                new.update(question_id for (question_id,) in cursor.fetchall())
        return frozenset(new)


def _locked(rules: Mapping[BucketName, Rule], now_us: int) -> list[Any]:
    """Return the rows of some buckets, made where they are missing, locked in one order."""
    which = Q(pk__in=[])
    for (asker, scope), names in groupby(sorted(rules), lambda name: (name.asker, name.scope)):
        customers = [name.customer for name in names]
        which |= Q(asker=asker, scope_kind=scope, subject__in=customers)
    Bucket.objects.bulk_create(
        [
            Bucket(
                asker=name.asker,
                scope_kind=name.scope,
                subject=name.customer,
                tokens=full(rule, now_us).tokens,
                updated_us=now_us,
            )
            for name, rule in rules.items()
        ],
        ignore_conflicts=True,
    )
    return list(Bucket.objects.select_for_update().filter(which).order_by("id"))


def _is(name: BucketName) -> Q:
    return Q(asker=name.asker, scope_kind=name.scope, subject=name.customer)
