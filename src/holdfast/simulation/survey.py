"""Survey a country's planted scams: follow every claim, and add up what the trails say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.instant import HOUR_US
from holdfast.ledger.transfer import Ledger
from holdfast.simulation.country import PlantedClaim
from holdfast.simulation.plot import MINUTE_US
from holdfast.trail.answer import Answer
from holdfast.trail.gather import Clock, follow
from holdfast.trail.question import Question

HOLDABLE_AFTER_MINUTES = (5, 30, 120)
TRAIL_HOURS = 72


@dataclass(frozen=True, slots=True)
class Survey:
    """What the trails of all planted claims say; amounts in minor units."""

    claims: int
    reported_minor: int
    rests_minor: int
    """What rests in accounts at the end, all claims settled together."""
    left_minor: Mapping[str, int]
    """What is followed no further, by kind of stop or exit; largest first."""
    counted_once_minor: int
    """What a claim's payment carried of an earlier claim's money, as when bait is paid on."""
    holdable_minor: Mapping[int, int]
    """What still rested in accounts so many minutes after each payment."""
    claims_by_depth: Mapping[int, int]
    """How many claims' trails reach so many hops, within `TRAIL_HOURS` of the payment."""
    largest: Answer
    """The trail with the most hops, as of `TRAIL_HOURS` after its payment."""
    seconds: Sequence[float]
    """How long each claim's own trail took, in seconds; the only part that differs by run."""


def survey(
    ledger: Ledger,
    claims: Sequence[PlantedClaim],
    stops: Mapping[str, str],
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
) -> Survey:
    """Follow every claim alone (fifo, stops heeded) and all together; add up what is found.

    `stops` gives each stop's kind; `clock` tells seconds; `progress` hears each claim done.
    """
    holdable = dict.fromkeys(HOLDABLE_AFTER_MINUTES, 0)
    depths: dict[int, int] = {}
    seconds: list[float] = []
    largest: Answer | None = None
    for claim in claims:
        for minutes in HOLDABLE_AFTER_MINUTES:
            holdable[minutes] += _rests(_ask(ledger, claim, stops, minutes * MINUTE_US))
        began = clock()
        answer = _ask(ledger, claim, stops, TRAIL_HOURS * HOUR_US)
        seconds.append(clock() - began)
        depth = _depth(answer)
        depths[depth] = depths.get(depth, 0) + 1
        if largest is None or len(answer.hops) > len(largest.hops):
            largest = answer
        progress(1)
    together = follow(ledger, Question(tuple(claim.transfer_id for claim in claims), stops=stops))
    return Survey(
        claims=len(claims),
        reported_minor=sum(claim.reported_minor for claim in together.claims),
        rests_minor=_rests(together),
        left_minor=_left(together, stops),
        counted_once_minor=sum(c.reported_minor - c.amount_minor for c in together.claims),
        holdable_minor=holdable,
        claims_by_depth=dict(sorted(depths.items())),
        largest=largest or together,
        seconds=seconds,
    )


def _ask(ledger: Ledger, claim: PlantedClaim, stops: Mapping[str, str], after_us: int) -> Answer:
    return follow(
        ledger, Question((claim.transfer_id,), as_of_us=claim.time_us + after_us, stops=stops)
    )


def _rests(answer: Answer) -> int:
    return sum(row.amount_minor for row in answer.resting)


def _left(answer: Answer, stops: Mapping[str, str]) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for left in answer.exits:
        kind = stops[left.account] if left.kind == "stop" else left.kind
        kinds[kind] = kinds.get(kind, 0) + left.amount_minor
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _depth(answer: Answer) -> int:
    """Return how many hops claimed money went, also where the last one left the trail."""
    hop_of: dict[str, int] = {}
    claims = {claim.transfer_id for claim in answer.claims}
    deepest = 0
    for hop in answer.hops:
        depth = 1 if hop.transfer_id in claims else hop_of[hop.debit_account] + 1
        hop_of.setdefault(hop.credit_account, depth)
        deepest = max(deepest, depth)
    return deepest
