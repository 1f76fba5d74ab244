"""The API's description: OpenAPI 3.1, served, committed, and true to the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from holdfast.api.v1 import openapi_text

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.json"

OPEN_TO_ALL = {
    "read_health",
    "read_keys",
    "read_check_key",
    "check",
    "contest_listing",
    "check_contest_code",
}
"""Operations that need no key: what anybody may know, and what a person concerned may do."""


def test_the_committed_description_is_the_codes_own() -> None:
    """A change of the API is seen in review; `make docs` writes it anew."""
    assert GOLDEN.read_text(encoding="utf-8") == openapi_text()


@pytest.mark.django_db
def test_the_description_is_served() -> None:
    """Without a key, and the same that is committed."""
    served = Client().get("/v1/openapi.json")
    assert served.status_code == 200
    assert served.json() == json.loads(openapi_text())


def test_every_reference_leads_somewhere() -> None:
    """A generator of clients finds all that is named."""
    schema = json.loads(openapi_text())
    for path in re.findall(r'"\$ref": "#/([^"]+)"', openapi_text()):
        found: Any = schema
        for part in path.split("/"):
            found = found[part]
        assert found


def test_every_operation_says_what_it_needs() -> None:
    """A name of its own, a summary, problems, and a key unless it is open to all."""
    schema = json.loads(openapi_text())
    operations = [
        operation for methods in schema["paths"].values() for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert schema["openapi"].startswith("3.1")
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert "default" in operation["responses"]
        is_open = operation["operationId"] in OPEN_TO_ALL
        assert ("security" in operation) is not is_open
