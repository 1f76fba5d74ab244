"""Find the payment that a victim tells of in the ledger: by reference, or by its facts."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.cases.report import Payment
from holdfast.core.account import bank_of
from holdfast.core.instant import SECOND_US
from holdfast.core.qr import SlipQr, parse_qr
from holdfast.ledger.transfer import Ledger, Transfer

AROUND_US = 15 * 60 * SECOND_US
"""How far a victim's clock may be from the bank's when a payment is told by its facts."""
DAY_AROUND_US = 24 * 3600 * SECOND_US
"""How far to look for a reference, which by itself says which payment it is."""
LOOKED_AT_MAX = 2_000
"""How many transfers of an account are looked at; a person tells the one meant in a busier one."""


@dataclass(frozen=True, slots=True)
class Found:
    """The payment, or why there is none: `several` fit, or the ledger does not have it yet."""

    transfer: Transfer | None
    several: int = 0
    contradicts: bool = False
    """Whether the ledger has a transfer of the id told, but with other facts than those told."""


def find_payment(ledger: Ledger, told: Payment, only_from: str = "") -> Found:
    """Return the one transfer of the ledger that is the payment told of.

    A transfer id is looked up. Everything else is looked for among the payer's transfers around
    the time told; where more than one fits, none is chosen. With `only_from`, a bank, payments
    of other banks' customers are as if they were not there.
    """
    for reference in (told.transfer_id, slip_reference(told)):
        transfer = ledger.find([reference]).get(reference) if reference else None
        if transfer is not None:
            fits_ = fits(transfer, told) and is_of(transfer, only_from)
            return Found(transfer if fits_ else None, contradicts=not fits_)
    if told.transfer_id:
        return Found(None)
    found = [
        transfer
        for transfer in _around(ledger, told)
        if is_of(transfer, only_from) and _is_meant(transfer, told)
    ]
    return Found(found[0]) if len(found) == 1 else Found(None, several=len(found))


def is_of(transfer: Transfer, only_from: str) -> bool:
    """Whether a transfer left the bank that it must have left; any will do where that is empty."""
    return only_from in ("", bank_of(transfer.debit_account))


def slip_reference(told: Payment) -> str | None:
    """Return the bank's reference in a slip's QR code, or None where there is none."""
    if told.slip_qr is None:
        return None
    slip = parse_qr(told.slip_qr)
    return slip.transaction_reference if isinstance(slip, SlipQr) else None


def _around(ledger: Ledger, told: Payment) -> list[Transfer]:
    account, time_us = told.from_account or told.to_account, told.time_us
    if account is None or time_us is None or told.currency is None:
        return []
    around_us = DAY_AROUND_US if told.uetr or told.slip_qr else AROUND_US
    since = (max(time_us - around_us, 0), -(2**63), "")
    history = ledger.histories({account: since}, told.currency, until_us=time_us + around_us)
    return [
        transfer
        for transfer, _ in zip(history[account].transfers, range(LOOKED_AT_MAX), strict=False)
    ]


def _is_meant(transfer: Transfer, told: Payment) -> bool:
    reference = told.uetr or slip_reference(told)
    if reference is not None:
        return reference in (transfer.uetr, transfer.end_to_end_id) and fits(transfer, told)
    return told.amount_minor is not None and fits(transfer, told)


def fits(transfer: Transfer, told: Payment) -> bool:
    """Whether what was told does not contradict the transfer; what was not told fits."""
    return (
        told.from_account in (None, transfer.debit_account)
        and told.to_account in (None, transfer.credit_account)
        and told.currency in (None, transfer.currency)
        and told.amount_minor in (None, transfer.amount_minor)
    )
