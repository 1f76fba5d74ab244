"""`holdfast registry index` and `verify`: make the lookup index anew, or compare it with the feed."""

from __future__ import annotations

import argparse
import secrets
from itertools import islice
from typing import TYPE_CHECKING

from holdfast.cli.ledger import progress_bar
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.standing import Standing

SHOWN_MAX = 20


def index_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry index`."""
    parser.epilog = "example:\n  holdfast registry index"


def index(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Make the index anew from the database; questions are answered from the old one meanwhile."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.home import this_home
    from holdfast.workflows.apply_feed import rebuild_index

    with progress_bar(_entries()) as advance:
        number = rebuild_index(this_home().folder, secrets.token_bytes, advance)
    Screen().write(say(N_("the index is made, up to number {number} of the feed"), number=number))
    return DONE


def verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry verify`."""
    parser.epilog = "example:\n  holdfast registry verify"


def verify(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Tell of which subjects the index says something else than the database; it changes nothing."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.home import this_home
    from holdfast.workflows.apply_feed import verify_index

    console = Screen()
    with progress_bar(_entries()) as advance:
        found = verify_index(this_home().folder, advance)
        shown = list(islice(found, SHOWN_MAX))
        more = sum(1 for _ in found)
    for row in shown:
        sentence = N_("subject {hash}: the index says {said}, the database {right}")
        words = {"hash": row.hash, "said": _told(row.said), "right": _told(row.right)}
        console.write(say(sentence, **words))
    if not shown:
        console.write(say(N_("the index says what the database says")))
        return DONE
    count = f"{len(shown) + more:,}"
    console.write(say(N_("{count} differ; `holdfast registry index` makes it anew"), count=count))
    return NOT_WHOLE


def _entries() -> int:
    from holdfast.registry.models import FeedEntry

    last = FeedEntry.objects.order_by("-number").values_list("number", flat=True).first()
    return int(last or 0)


def _told(standing: Standing | None) -> str:
    if standing is None:
        return say(N_("not listed"))
    sentence = N_("tier {tier}, disputed") if standing.disputed else N_("tier {tier}")
    return say(sentence, tier=standing.tier)
