"""What an ASGI server runs."""

from __future__ import annotations

import os
from typing import Any

import django


def _application() -> Any:
    """Set Django up, and tell the API for which centre it works."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.settings")
    django.setup(set_prefix=False)
    from holdfast.api.bounded import BoundedBody
    from holdfast.api.problem import BODY_BYTES_MAX
    from holdfast.server.handler import OneThreadHandler
    from holdfast.server.runtime import centre, order_keys
    from holdfast.workflows.running import set_centre, set_public_keys

    set_centre(centre)
    set_public_keys(order_keys)
    return BoundedBody(OneThreadHandler(), BODY_BYTES_MAX)


application = _application()
