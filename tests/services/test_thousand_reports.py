"""A thousand report the same payment at the same moment, over HTTP: one case, one claim, one hold."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from tests.services.judging import come_to_rest, judge
from tests.services.processes import PATIENCE_S
from tests.services.reporting import AGAIN, Acknowledged
from tests.services.town import Running

from holdfast.cases.models import Case, CaseNumber, Claim, Order

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
REPORTERS = 1000


async def _report(client: httpx.AsyncClient, number: int, refusals: Counter[str]) -> Acknowledged:
    """File one report, again with the same key until it is taken."""
    key = f"key-{number}"
    for attempt in range(200):
        try:
            response = await client.post(
                "/v1/reports",
                json={"via": "bank", "payments": [{"transfer_id": "P3"}]},
                headers={"idempotency-key": key},
            )
        except httpx.TransportError as error:
            refusals[type(error).__name__] += 1
        else:
            values = response.json()
            if response.status_code == 201:
                names = tuple(row["transfer_id"] for row in values["claims"])
                return Acknowledged(
                    key, names, values["report_id"], values["case"], response.content
                )
            refusals[values["code"]] += 1
            assert values["code"] in AGAIN, values
        await asyncio.sleep(0.5 + attempt * 0.1)
    raise AssertionError(refusals)


async def _all(running: Running, refusals: Counter[str]) -> list[Acknowledged]:
    async with httpx.AsyncClient(
        base_url=running.url,
        headers={"authorization": f"Bearer {running.town.bearer}"},
        limits=httpx.Limits(max_connections=REPORTERS),
        timeout=3 * PATIENCE_S,
    ) as client:
        reports = (_report(client, number, refusals) for number in range(REPORTERS))
        return await asyncio.gather(*reports)


def test_a_thousand_reports_of_one_payment(running: Running) -> None:
    """Each teller is told the same case, and the money is ordered to be held once."""
    running.add_agents()
    running.add_server()
    running.add_worker()
    running.start()
    refusals: Counter[str] = Counter()
    reports = asyncio.run(_all(running, refusals))
    assert len({report.report_id for report in reports}) == REPORTERS
    assert {report.case for report in reports} == {Case.objects.get().number}
    assert CaseNumber.objects.get().last == 1
    assert Claim.objects.get().told_by.count() == REPORTERS
    come_to_rest(running.town)
    judge(running.town, reports)
    assert Order.objects.count() == 4
