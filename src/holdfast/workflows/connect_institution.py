"""Connect: enter an institution, the keys by which its messages are known, and its programs' keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from holdfast.banks.deadline import check_endpoint
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution, InstitutionKey
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.centre import Centre

DELIVERIES = ("push", "poll", "file")


@dataclass(frozen=True, slots=True)
class Connection:
    """How an institution is connected."""

    institution_id: str
    name: str
    kind: str = "bank"
    delivery: str = "poll"
    endpoint: str = ""


def connect_institution(centre: Centre, told: Connection, actor: Actor) -> Institution:
    """Enter an institution, or change how it is connected.

    Raises:
        Refused: `endpoint_missing` where orders are to be pushed nowhere, `endpoint_form` or
            `endpoint_insecure`.
    """
    if told.delivery == "push" and not told.endpoint:
        raise Refused(
            "endpoint_missing", N_("orders that are pushed need an endpoint; name one, or poll")
        )
    values = {
        "name": told.name,
        "kind": told.kind,
        "delivery": told.delivery,
        "endpoint": check_endpoint(told.endpoint) if told.endpoint else "",
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


def add_public_key(
    centre: Centre, institution_id: str, key_id: str, text: str, actor: Actor
) -> None:
    """Enter a key by which the institution's answers are known; the same again changes nothing.

    Raises:
        NotFound: `institution_unknown`.
        Refused: `key_text` or `key_id_form`.
        Conflict: `key_id_taken` where this id stands for another key.
    """
    key = PublicKey.parse(key_id, text)
    institution = institution_of(institution_id)
    with transaction.atomic():
        known, new = InstitutionKey.objects.get_or_create(
            key_id=key.key_id,
            defaults={
                "institution": institution,
                "public_key": key.text,
                "valid_from_us": 0,
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


def issue_program_key(
    centre: Centre,
    institution_id: str,
    scopes: Iterable[Scope],
    label: str,
    actor: Actor,
    chance: Callable[[int], bytes],
) -> str:
    """Make a key for an institution's program and return its text, which is kept nowhere.

    Raises:
        NotFound: `institution_unknown`.
    """
    institution = institution_of(institution_id)
    granted = sorted(set(scopes), key=lambda scope: scope.value)
    with transaction.atomic():
        text = issue_key(institution, granted, label, centre.now_us(), chance)
        detail = {"label": label, "scopes": [scope.value for scope in granted]}
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
