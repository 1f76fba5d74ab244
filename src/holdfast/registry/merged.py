"""Banks that were merged into another: their accounts are known by the successor's code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from holdfast.core.account import bank_of
from holdfast.core.errors import CentreError
from holdfast.core.words import N_

FILE = Path(__file__).resolve().parent / "merged.yaml"
CHAIN_MAX = 8
"""How often a successor may have been merged in turn."""


def successor_of(bank: str) -> str:
    """Return the institution that keeps a bank's accounts now: itself, if it was never merged."""
    return successors().get(bank, bank)


def current_key(account_key: str) -> str:
    """Return by what an account is known now, from a key that it had at any time."""
    bank = bank_of(account_key)
    return f"{successor_of(bank)}{account_key[len(bank) :]}"


def former_keys(account_key: str) -> tuple[str, ...]:
    """Return by what an account that is known by this key may have been known before."""
    bank = bank_of(account_key)
    before = (former for former, successor in successors().items() if successor == bank)
    return tuple(f"{former}{account_key[len(bank) :]}" for former in before)


@cache
def successors() -> Mapping[str, str]:
    """Return the last successor of every bank that was merged.

    Raises:
        CentreError: `merged_banks_ring`: the file names a bank as its own successor.
    """
    import yaml

    text = FILE.read_text(encoding="utf-8")
    rows = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    into = {bank: row["into"] for bank, row in rows["banks"].items()}
    return {bank: _last(bank, into) for bank in into}


def _last(bank: str, into: Mapping[str, str]) -> str:
    for _ in range(CHAIN_MAX):
        if bank not in into:
            return bank
        bank = into[bank]
    raise CentreError(
        "merged_banks_ring", N_("the table of merged banks leads from {bank} to itself"), bank=bank
    )
