"""Enter a party: an institution, its key, and a program of its that may do all its kind may."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.core.keys import PublicKey
from holdfast.people.role import scopes_of
from holdfast.workflows.centre import Centre
from holdfast.workflows.connect_institution import (
    Connection,
    add_public_key,
    connect_institution,
    issue_program_key,
)


def enter_party(
    centre: Centre,
    told: Connection,
    key: PublicKey | None,
    chance: Callable[[int], bytes],
    label: str,
) -> str:
    """Enter an institution of a made-up country and return the text of a key for its program.

    `chance` gives random bytes; `key` is the one that its answers to orders bear.

    Raises:
        Refused, Conflict: as `connect_institution`, `add_public_key`, `issue_program_key`.
    """
    me = centre.itself
    connect_institution(centre, told, me)
    if key is not None:
        add_public_key(centre, told.institution_id, key, me)
    return issue_program_key(
        centre,
        told.institution_id,
        scopes_of(told.kind),
        label,
        me,
        chance,
        person="somebody played" if told.kind == "centre" else "",
    )
