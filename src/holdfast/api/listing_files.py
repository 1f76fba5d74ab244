"""Files of listings over HTTP: the file is the body, and what is wrong is told row by row."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.body import raw_body
from holdfast.api.idempotent import Done, described, once
from holdfast.api.problem import BODY_BYTES_MAX
from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.workflows.import_listings import ImportReport, import_listings
from holdfast.workflows.running import centre

router = Router(tags=["registry listings"])
PROBLEMS_SHOWN_MAX = 500
ROWS_MAX = 2_000
"""All rows of a request are kept together, and whoever else lists waits for that."""
ENDINGS = {
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""By what the body says that it is, how its file's name ends."""


class RowProblem(BaseModel):
    """What is wrong with a row."""

    row: int = Field(description="As an editor counts, the header being 1; 0 is the whole file.")
    code: str
    detail: str


class FileTaken(BaseModel):
    """What became of a file."""

    batch: str = Field(description="Under which id what waits is approved.")
    rows: int
    standing: int
    proposed: int = Field(description="Those that wait for a second person.")
    known: int = Field(description="Listed on the same ground before.")
    updated: int
    problems: int = Field(description="Of all rows, also those beyond what `errors` names.")
    errors: list[RowProblem] = Field(description=f"The first {PROBLEMS_SHOWN_MAX} problems.")


def _described() -> dict[str, Any]:
    file = {"schema": {"type": "string", "format": "binary", "maxLength": BODY_BYTES_MAX}}
    content = dict.fromkeys(ENDINGS, file)
    return described() | {"requestBody": {"required": True, "content": content}}


@router.post(
    "/listing-files",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response=FileTaken,
    operation_id="import_listings",
    summary="List by a file",
    openapi_extra=_described(),
)
def take_file(request: HttpRequest) -> HttpResponse:
    """Read an Excel or CSV file in the shape of the template; good rows are kept, bad ones told.

    A longer file is sent in parts. What a file of more than a few rows lists waits for a second person. Sent again, it changes
    nothing: what is known is counted as known.
    """
    who, ending = actor(request), _ending(request)
    return once(request, lambda: _taken(raw_body(request), ending, who))


def _ending(request: HttpRequest) -> str:
    """Return how a file's name ends.

    Raises:
        Refused: `content_type_wrong`.
    """
    found = ENDINGS.get(request.content_type)
    if found is None:
        raise Refused(
            "content_type_wrong",
            N_("the body is the file itself: send it as {right}"),
            right=", ".join(ENDINGS),
        )
    return found


def _taken(body: bytes, ending: str, who: Actor) -> Done:
    problems: list[Problem] = []

    def tell(problem: Problem) -> None:
        if len(problems) < PROBLEMS_SHOWN_MAX:
            problems.append(problem)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"listings{ending}"
        path.write_bytes(body)
        report = import_listings(centre(), path, who, tell, rows_max=ROWS_MAX)
    return Done(_shown(report, problems), f"file:{report.batch}")


def _shown(report: ImportReport, problems: list[Problem]) -> FileTaken:
    errors = [RowProblem(row=found.row, code=found.code, detail=str(found)) for found in problems]
    return FileTaken(**asdict(report), errors=errors)
