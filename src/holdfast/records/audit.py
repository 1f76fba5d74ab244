"""The audit: who did what to whom on which basis, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.records.chain import canonical, entry_digest
from holdfast.records.inside import require_transaction
from holdfast.records.models import AuditEntry

HISTORY_MAX = 1000
LENGTHS = {"actor": 200, "verb": 80, "subject": 160, "basis": 200}
"""Characters that the fields may have; only the basis may have none."""


def record(
    *,
    at_us: int,
    actor: str,
    verb: str,
    subject: str,
    basis: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Write one entry; it can't be changed or removed any more, and is sealed soon after.

    No personal data belongs in `detail`: entries outlive what may be forgotten. It holds text,
    whole numbers, truth values, None, lists and mappings.

    Raises:
        Refused: `audit_field_form` or `audit_detail_too_long`.
        TransactionManagementError: no transaction is open.
        TypeError: the detail holds something else.
    """
    require_transaction("an audit entry")
    made = entry(
        at_us=at_us, actor=actor, verb=verb, subject=subject, basis=basis, detail=detail or {}
    )
    made.save(force_insert=True)
    return made


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write several entries that `entry` made, in their order and in one statement.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("an audit entry")
    AuditEntry.objects.bulk_create(entries)


def entry(
    *,
    at_us: int,
    actor: str,
    verb: str,
    subject: str,
    basis: str = "",
    detail: Mapping[str, object],
) -> AuditEntry:
    """Return an entry that is still to be written; raises as `record`."""
    fields = {"actor": actor, "verb": verb, "subject": subject, "basis": basis}
    for name, value in fields.items():
        _check(name, value)
    detail_json = canonical(detail)
    digest = entry_digest(at_us=at_us, detail_json=detail_json, **fields)
    return AuditEntry(at_us=at_us, detail_json=detail_json, digest=digest, **fields)


def history(subject: str, after_id: int = 0, limit: int = 100) -> list[AuditEntry]:
    """Return the entries of a subject in the order of their ids, at most `limit` (1000)."""
    found = AuditEntry.objects.filter(subject=subject, id__gt=after_id).order_by("id")
    return list(found[: max(0, min(limit, HISTORY_MAX))])


def _check(name: str, value: str) -> None:
    limit = LENGTHS[name]
    fits = len(value) <= limit and value.isprintable() and (value or name == "basis")
    if not fits:
        raise Refused(
            "audit_field_form",
            N_(
                "the field {field} of an audit entry has {found} characters; "
                "1 to {limit} printable ones are right"
            ),
            field=name,
            found=len(value),
            limit=limit,
        )
