"""The few scripts of ours, handed out from a fixed set under an address that changes with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from holdfast.console.page import View

NAMES = ("asking.js", "check.js", "oprf.js", "ristretto.js", "subject.js")
YEAR_S = 365 * 24 * 3600
_FOLDER = Path(__file__).parent / "scripts"


def _script(request: HttpRequest, digest: str, name: str) -> HttpResponse:  # noqa: ARG001
    texts = _texts()
    if name not in texts or digest != digest_of_all():
        raise Http404
    answer = HttpResponse(texts[name], content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return answer


script: View = require_safe(_script)
"""Return one of the scripts; a browser may keep it, for another text has another address."""


@cache
def digest_of_all() -> str:
    """Return the part of the scripts' address that changes with any of them.

    They import each other by their names, so that all stand in one folder.
    """
    return sha256(b"\0".join(_texts().values())).hexdigest()[:16]


@cache
def _texts() -> Mapping[str, bytes]:
    return {name: (_FOLDER / name).read_bytes() for name in NAMES}
