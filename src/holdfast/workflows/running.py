"""The centre that this process works for, and its public keys: handed in when it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from holdfast.core.errors import CentreError
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.workflows.centre import Centre


def _nobody() -> Centre:
    raise CentreError(
        "centre_not_running", N_("the server has not told the API for which centre it works")
    )


def _no_keys() -> Sequence[PublicKey]:
    return ()


_centre: Callable[[], Centre] = _nobody
_public_keys: Callable[[], Sequence[PublicKey]] = _no_keys


def set_centre(provider: Callable[[], Centre]) -> None:
    """Choose what every request asks for its centre."""
    global _centre  # noqa: PLW0603  (one process serves one centre)
    _centre = provider


def set_public_keys(provider: Callable[[], Sequence[PublicKey]]) -> None:
    """Choose what is asked for the keys that the centre's orders are signed with."""
    global _public_keys  # noqa: PLW0603
    _public_keys = provider


def centre() -> Centre:
    """Return the centre that this process works for.

    Raises:
        CentreError: `centre_not_running`.
    """
    return _centre()


def public_keys() -> Sequence[PublicKey]:
    """Return the centre's public keys, those in use and those retired."""
    return _public_keys()
