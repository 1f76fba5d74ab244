"""Enter the list of accounts at which trails end, as a payment system gives it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from holdfast.cases.stop import StopKind
from holdfast.workflows.centre import Centre
from holdfast.workflows.stop_account import StopTold, stop_account


def enter_stops(centre: Centre, stops: Iterable[tuple[str, str]]) -> None:
    """Enter all accounts of a list, each with its kind, from now on, or none of them.

    Raises:
        ValueError: a kind is none of `StopKind`.
    """
    since_us = centre.now_us()
    with transaction.atomic():
        for account, kind in stops:
            told = StopTold(account, StopKind(kind), "the list of the payment system", since_us)
            stop_account(centre, told, centre.itself)
