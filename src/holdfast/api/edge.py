"""The outermost part of the API: language, the bound on bodies, problems that Django makes itself."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from holdfast.api.problem import BODY_BYTES_MAX, PROBLEM_JSON, of_status, problem, speak, too_long

PREFIX = "/v1/"


class ApiEdge:
    """Middleware for all under `/v1/`; belongs before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; whatever goes wrong is told by a problem document."""
        if not request.path.startswith(PREFIX):
            return self._get_response(request)
        speak(request)
        if _said_length(request) > BODY_BYTES_MAX:
            return _not_kept(problem(request, too_long()))
        response = self._get_response(request)
        if response.status_code >= 400 and response.get("Content-Type") != PROBLEM_JSON:
            allowed = response.get("Allow")
            status = response.status_code
            response = problem(request, of_status(status), status=status)
            if allowed:
                response["Allow"] = allowed
        return _not_kept(response)


def _said_length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text[:19]) if text.isdigit() else 0


def _not_kept(response: HttpResponse) -> HttpResponse:
    """Forbid that anybody on the way keeps what was answered."""
    response["Cache-Control"] = "no-store"
    return response
