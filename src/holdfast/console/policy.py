"""What a browser may do with our pages: show them, with our one sheet of style, and send forms."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from django.http import HttpRequest, HttpResponse

_STYLE = Path(__file__).parent / "templates" / "console" / "console.css"
"""Stands in each page as it is, and so is known by its hash (CSP level 2, style-src)."""
OWN_SCRIPTS = "; script-src 'self'; connect-src 'self'"
"""What a page with scripts of ours adds to its policy, as `scripts_allowed` of its response."""


class PagePolicy:
    """Middleware that gives every page its Content-Security-Policy: no host and no script but ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        style = base64.b64encode(sha256(_STYLE.read_bytes()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        response = self._get_response(request)
        scripts = getattr(response, "scripts_allowed", "")
        response["Content-Security-Policy"] = self._policy + scripts
        return response
