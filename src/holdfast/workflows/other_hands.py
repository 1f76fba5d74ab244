"""Other hands: what can harm somebody is decided by another person than asked for it."""

from __future__ import annotations

from dataclasses import replace

from holdfast.core.errors import Forbidden
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import hands_of


def require_other_hands(actor: Actor, *others: str) -> None:
    """Check that no person behind the actor is behind one of the other actors' names.

    Raises:
        Forbidden: `own_request`: one person could be both, or one gave the other its key.
    """
    known = hands_of(actor.name)
    mine = replace(known, names=(known.names | {actor.person}) - {""})
    if any(mine.meet(hands_of(other)) for other in others if other):
        raise Forbidden("own_request", N_("nobody decides what they asked for themselves"))
