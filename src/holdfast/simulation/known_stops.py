"""What a payment system tells a centre from the start: at which accounts money ends for good."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.simulation.chance import Purpose, plain_stream
from holdfast.simulation.events import Part
from holdfast.simulation.parameters import parameters
from holdfast.simulation.world import World

_KINDS = {
    Part.CASH: "cash",
    Part.ABROAD: "foreign",
    Part.GOVERNMENT: "government",
    Part.BILLER: "merchant",
    Part.MERCHANT: "merchant",
    Part.EXCHANGE: "exchange",
}


def known_stops(world: World, seed: int) -> Iterator[tuple[str, str]]:
    """Yield account and kind of the stops that are known; of merchants a share, drawn by seed."""
    rng = plain_stream(seed, Purpose.STOPS)
    share = parameters().merchants_known_share
    for account, part in zip(world.names, world.parts, strict=True):
        if part in _KINDS and (part is not Part.MERCHANT or rng.random() < share):
            yield account, _KINDS[part]
