"""Who does something: a program of an institution, somebody at the centre, or the centre itself."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.people.role import Scope

CENTRE_ITSELF = "centre"
"""The name of the actor of what nobody but the centre itself does."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something; `name` is what the audit keeps, never a person's name.

    `name` is `staff:12`, `key:TH.THCBC.004/k1`, or `centre` for due work that runs by itself.
    """

    name: str
    institution_id: str
    """The institution acted for; the centre's own name for its staff and itself."""
    scopes: frozenset[Scope] = frozenset()
    is_centre: bool = False
    """Whether this is the centre's own people or programs, who see every case."""
    person: str = ""
    """Who is behind it where that is one person: `staff:12`, or who holds the key; else nothing."""

    def may(self, scope: Scope) -> bool:
        """Whether this actor holds a scope."""
        return scope in self.scopes


def centre_itself(name: str) -> Actor:
    """Return the actor of what the centre does by itself when its time comes."""
    return Actor(CENTRE_ITSELF, name, frozenset(Scope), is_centre=True)
