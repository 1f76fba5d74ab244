"""Connect: enter an institution, the keys by which its messages are known, and its programs' keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from holdfast.banks.deadline import check_endpoint
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import issue_key, person_of, retire_key
from holdfast.people.models import ApiKey, Institution, InstitutionKey
from holdfast.people.role import KINDS, Scope
from holdfast.records import audit
from holdfast.workflows.centre import Centre

DELIVERIES = ("push", "poll", "file")
INSTITUTION_FORM = r"[A-Z]{2}\.[A-Za-z0-9.-]{1,50}"
EXPIRES_DAYS = 400
"""Of a key for a program, where nothing else is said: a year, and time to renew it."""
EXPIRES_DAYS_MAX = 3660


@dataclass(frozen=True, slots=True)
class Connection:
    """How an institution is connected."""

    institution_id: str
    name: str
    kind: str = "bank"
    delivery: str = "poll"
    endpoint: str = ""


def connect_institution(centre: Centre, told: Connection, actor: Actor) -> Institution:
    """Enter an institution, or change how it is connected; one that was closed is open again.

    Raises:
        Refused: `institution_form`, `institution_kind`, `endpoint_missing` where orders are to be
            pushed nowhere, `endpoint_form` or `endpoint_insecure`.
    """
    _check(told)
    values = {
        "name": told.name,
        "kind": told.kind,
        "delivery": told.delivery,
        "endpoint": check_endpoint(told.endpoint) if told.endpoint else "",
        "closed_us": None,
    }
    with transaction.atomic():
        institution: Institution
        institution, new = Institution.objects.update_or_create(
            institution_id=told.institution_id,
            defaults=values,
            create_defaults=values | {"created_us": centre.now_us()},
        )
        verb = "add_institution" if new else "change_institution"
        _record(centre, verb, told.institution_id, actor, values)
    return institution


def close_institution(centre: Centre, institution_id: str, actor: Actor) -> None:
    """End an institution's part: no order is pushed to it, and none of its keys opens anything.

    Its keys stay retired where it is connected again.

    Raises:
        NotFound: `institution_unknown`.
    """
    institution, now_us = institution_of(institution_id), centre.now_us()
    with transaction.atomic():
        closed = Institution.objects.filter(id=institution.id, closed_us=None)
        if not closed.update(closed_us=now_us):
            return
        for kind in (ApiKey, InstitutionKey):
            kind.objects.filter(institution=institution, retired_us=None).update(retired_us=now_us)
        _record(centre, "close_institution", institution_id, actor, {})


def add_public_key(centre: Centre, institution_id: str, key: PublicKey, actor: Actor) -> None:
    """Enter a key by which the institution's answers are known; the same again changes nothing.

    A key that is known is retired where `key` says so; what is retired never comes back.

    Raises:
        NotFound: `institution_unknown`.
        Conflict: `key_id_taken` where this id stands for another key.
    """
    institution = institution_of(institution_id)
    with transaction.atomic():
        known, new = InstitutionKey.objects.get_or_create(
            key_id=key.key_id,
            defaults={
                "institution": institution,
                "public_key": key.text,
                "valid_from_us": key.valid_from_us,
                "retired_us": key.retired_us,
            },
        )
        if (known.institution_id, known.public_key) != (institution.id, key.text):
            raise Conflict(
                "key_id_taken",
                N_("the key id {key_id} stands for another key; choose a new id"),
                key_id=key.key_id,
            )
        if new:
            _record(centre, "add_public_key", institution_id, actor, {"key": key.key_id})
        elif key.retired_us is not None and (
            known.retired_us is None or key.retired_us < known.retired_us
        ):
            known.retired_us = key.retired_us
            known.save(update_fields=["retired_us"])
            _record(centre, "retire_public_key", institution_id, actor, {"key": key.key_id})


def retire_public_key(centre: Centre, key_id: str, actor: Actor) -> None:
    """End the use of a key: what comes signed with it from now on is refused.

    Raises:
        NotFound: `key_unknown`.
    """
    with transaction.atomic():
        key = InstitutionKey.objects.select_related("institution").filter(key_id=key_id).first()
        if key is None:
            raise NotFound("key_unknown", N_("there is no key {key_id}"), key_id=key_id[:80])
        if key.retired_us is None:
            key.retired_us = centre.now_us()
            key.save(update_fields=["retired_us"])
            institution_id = key.institution.institution_id
            _record(centre, "retire_public_key", institution_id, actor, {"key": key_id})


def retire_any_key(centre: Centre, key_id: str, actor: Actor) -> None:
    """End the use of a program's key or of a public key, whichever has this id.

    Raises:
        NotFound: `key_unknown`.
    """
    key = ApiKey.objects.select_related("institution").filter(key_id=key_id).first()
    if key is None:
        retire_public_key(centre, key_id, actor)
        return
    if key.retired_us is None:
        with transaction.atomic():
            retire_key(key_id, centre.now_us())
            institution_id = key.institution.institution_id
            _record(centre, "retire_key", institution_id, actor, {"key": key_id})


def issue_program_key(
    centre: Centre,
    institution_id: str,
    scopes: Iterable[Scope],
    label: str,
    actor: Actor,
    chance: Callable[[int], bytes],
    *,
    person: str = "",
    expires_days: int = EXPIRES_DAYS,
) -> str:
    """Make a key for an institution's program and return its text, which is kept nowhere.

    Raises:
        NotFound: `institution_unknown`.
        Refused: `key_expires_days`, or as `issue_key`.
    """
    if not 0 < expires_days <= EXPIRES_DAYS_MAX:
        raise Refused(
            "key_expires_days",
            N_("a key is good for 1 to {limit} days, not for {days}"),
            limit=EXPIRES_DAYS_MAX,
            days=expires_days,
        )
    institution = institution_of(institution_id)
    granted = sorted(set(scopes), key=lambda scope: scope.value)
    with transaction.atomic():
        now_us = centre.now_us()
        text = issue_key(
            institution,
            granted,
            label,
            now_us,
            chance,
            now_us + expires_days * DAY_US,
            person=person_of(person),
            issued_by=actor.name,
        )
        key_id = text.split("_")[1]
        detail = {"key": key_id, "label": label, "scopes": [scope.value for scope in granted]}
        _record(centre, "issue_key", institution_id, actor, detail)
    return text


def institution_of(institution_id: str) -> Institution:
    """Return an institution by its id.

    Raises:
        NotFound: `institution_unknown`.
    """
    found: Institution | None = Institution.objects.filter(institution_id=institution_id).first()
    if found is None:
        raise NotFound(
            "institution_unknown",
            N_("there is no institution {institution}"),
            institution=institution_id[:60],
        )
    return found


def _check(told: Connection) -> None:
    if re.fullmatch(INSTITUTION_FORM, told.institution_id) is None:
        raise Refused(
            "institution_form",
            N_("{value!r} is not an institution; one is written like TH.THCBC.004 or TH.POLICE"),
            value=told.institution_id[:60],
        )
    if told.kind not in KINDS:
        raise Refused(
            "institution_kind",
            N_("{value!r} is no kind of institution; {right} are"),
            value=told.kind[:60],
            right=", ".join(KINDS),
        )
    if told.delivery == "push" and not told.endpoint:
        raise Refused(
            "endpoint_missing", N_("orders that are pushed need an endpoint; name one, or poll")
        )


def _record(
    centre: Centre, verb: str, institution_id: str, actor: Actor, detail: Mapping[str, object]
) -> None:
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb=verb,
        subject=f"institution:{institution_id}",
        detail=detail,
    )
