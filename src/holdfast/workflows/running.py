"""The centre that this process works for, its public keys, its feed: handed in when it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.words import N_
from holdfast.workflows.centre import Centre


@dataclass(frozen=True, slots=True)
class FeedHouse:
    """With what the registry's feed is signed, and where its snapshots are kept."""

    key: SigningKey
    snapshots: Path


def _not_running() -> CentreError:
    return CentreError(
        "centre_not_running", N_("the server has not told the API for which centre it works")
    )


def _nobody() -> Centre:
    raise _not_running()


def _no_house() -> FeedHouse:
    raise _not_running()


def _no_keys() -> Sequence[PublicKey]:
    return ()


_centre: Callable[[], Centre] = _nobody
_public_keys: Callable[[], Sequence[PublicKey]] = _no_keys
_feed_house: Callable[[], FeedHouse] = _no_house


def set_centre(provider: Callable[[], Centre]) -> None:
    """Choose what every request asks for its centre."""
    global _centre  # noqa: PLW0603  (one process serves one centre)
    _centre = provider


def set_public_keys(provider: Callable[[], Sequence[PublicKey]]) -> None:
    """Choose what is asked for the keys that the centre's orders are signed with."""
    global _public_keys  # noqa: PLW0603
    _public_keys = provider


def set_feed_house(provider: Callable[[], FeedHouse]) -> None:
    """Choose what is asked for the key and the folder of the registry's feed."""
    global _feed_house  # noqa: PLW0603
    _feed_house = provider


def feed_house() -> FeedHouse:
    """Return the key and the folder of the registry's feed.

    Raises:
        CentreError: `centre_not_running`.
    """
    return _feed_house()


def centre() -> Centre:
    """Return the centre that this process works for.

    Raises:
        CentreError: `centre_not_running`.
    """
    return _centre()


def public_keys() -> Sequence[PublicKey]:
    """Return the centre's public keys, those in use and those retired."""
    return _public_keys()
