"""The HTTP API, version 1: all resources joined, and its description in OpenAPI 3.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from holdfast.api import (
    answers,
    audit,
    cases,
    citizen,
    claims,
    complaints,
    contest_figures,
    contests,
    keys,
    listing_ends,
    listing_files,
    listings,
    look_up,
    notices,
    orders,
    own_holds,
    replicas,
    reports,
    reviews,
    stops,
    times,
    trails,
)
from holdfast.api.body import JsonParser
from holdfast.api.problem import PROBLEM_JSON, install

PATH_PREFIX = "/v1/"


class _Words(NinjaJSONEncoder):
    """Writes a state as its word, not as the name that Python has for it."""

    def default(self, o: Any) -> Any:
        return o.value if isinstance(o, Enum) else super().default(o)


class _Renderer(JSONRenderer):
    encoder_class = _Words
    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


_DESCRIPTION = (
    "Reports in, hold orders out, answers back. Times are RFC 3339 in UTC, amounts whole minor "
    "units with their currency beside them, lists come in pages. Every error is a problem "
    "document (RFC 9457) with a stable code, in English or Thai by Accept-Language. What a "
    "caller has no right to looks the same as what is not there."
)
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence in the caller's language."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body."},
                    "parameter": {"type": "string", "description": "Which parameter."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


_ROOMS = (
    reports,
    claims,
    cases,
    trails,
    audit,
    complaints,
    orders,
    answers,
    own_holds,
    reviews,
    stops,
    notices,
    times,
    keys,
    replicas,
    citizen,
    listings,
    listing_ends,
    listing_files,
    look_up,
    contests,
    contest_figures,
)


class HoldfastApi(NinjaAPI):
    """The API with problem documents in its description."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description; every operation can answer with a problem."""
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = _PROBLEM
        schema["components"]["responses"] = {
            "Problem": {
                "description": "Why it was not done.",
                "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        }
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
        return schema


def make_api() -> HoldfastApi:
    """Join the resources."""
    api = HoldfastApi(
        title="Holdfast",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        openapi_url="/openapi.json",
        urls_namespace="v1",
        parser=JsonParser(),
        renderer=_Renderer(),
    )
    install(api)
    for room in _ROOMS:
        api.add_router("", room.router)
    return api


api = make_api()


def openapi_text() -> str:
    """Return the description as it is committed and compared."""
    # Through JSON once, so that statuses are text and can be sorted.
    schema = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PATH_PREFIX)))
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
