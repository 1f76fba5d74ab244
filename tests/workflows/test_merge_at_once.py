"""A report is completed at the moment at which its case is merged into another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

from django.db import connection, transaction
from tests.workflows.centre_kit import PERSON, TestCentre, account, pay, told

from holdfast.cases.models import Report
from holdfast.workflows.complete_report import complete_report
from holdfast.workflows.merge_cases import merge_cases

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
WHILE_IT_WAITS_S = 0.3


def test_a_report_that_a_merge_moves_is_completed(busy: TestCentre) -> None:
    """Who completes it waits for the merge and finds it in the other case; it is never missing."""
    busy.write([pay("P", VICTIM, MULE, 100), pay("R", VICTIM, SECOND, 5)])
    first, second = busy.report("P"), busy.report("R")
    merged = Event()

    def merge() -> None:
        try:
            with transaction.atomic():
                merge_cases(busy.centre, first.case, second.case, PERSON)
                merged.set()
                sleep(WHILE_IT_WAITS_S)
        finally:
            connection.close()

    def complete() -> None:
        try:
            merged.wait()
            fuller = told("P", scam_type="investment")
            complete_report(busy.centre, first.report.report_id, fuller, PERSON)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(merge), pool.submit(complete)]:
            done.result()
    report = Report.objects.get(report_id=first.report.report_id)
    assert (report.case_id, report.told["scam_type"]) == (second.case.id, "investment")
