"""The embedded store: transfers kept durably, each on both of its accounts, in order."""

from holdfast.ledger.store.store import LedgerStore, LedgerWriter

__all__ = ["LedgerStore", "LedgerWriter"]
