"""What an ASGI server runs."""

from __future__ import annotations

import os
from typing import Any

import django

REQUESTS_IN_HAND_MAX = 400
"""Of one process, those included that wait for one of the handler's threads."""


def _application() -> Any:
    """Set Django up, and tell the API for which centre it works."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.settings")
    django.setup(set_prefix=False)
    from holdfast.server.admission import at_the_door
    from holdfast.server.handler import OneThreadHandler
    from holdfast.server.home import this_home
    from holdfast.server.runtime import CLOCK, centre, feed_house, order_keys
    from holdfast.server.screening import with_screening
    from holdfast.workflows.read_feed import look
    from holdfast.workflows.running import set_centre, set_feed_house, set_public_keys

    set_centre(centre)
    set_public_keys(order_keys)
    set_feed_house(feed_house)
    house = at_the_door(OneThreadHandler(), look, REQUESTS_IN_HAND_MAX)
    return with_screening(house, this_home(), CLOCK)


application = _application()
