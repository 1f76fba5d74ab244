"""Who asks, and whether they may: a Bearer key of an institution, and its scopes."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from holdfast.api.problem import speak
from holdfast.core.errors import Forbidden
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import actor_of
from holdfast.people.role import Scope
from holdfast.workflows.running import centre


class ApiKey(HttpBearer):
    """A key with one of some scopes, or any key; every id in the request is checked besides."""

    openapi_bearerFormat = "hf_<key id>_<secret>"  # noqa: N815  (OpenAPI's own name)

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Return who shows the key; raises NotRecognised, or Forbidden: `scope_missing`."""
        speak(request)
        running = centre()
        actor = actor_of(token.strip(), running.now_us(), running.name)
        if self.scopes and not any(actor.may(scope) for scope in self.scopes):
            raise Forbidden(
                "scope_missing",
                N_("this key lacks the scope {scope}"),
                scope=self.scopes[0].value,
            )
        return actor


def actor(request: HttpRequest) -> Actor:
    """Return who asks, as `ApiKey` found it."""
    found: Actor = request.auth
    return found


def centre_only(request: HttpRequest) -> Actor:
    """Return who asks, if it is the centre itself.

    Raises:
        Forbidden: `centre_only`.
    """
    found = actor(request)
    if not found.is_centre:
        raise Forbidden("centre_only", N_("only the centre itself may do this"))
    return found
