"""A ledger in memory: small files asked once, and the plainest answer to the two questions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.transfer import History, Place, Transfer

AccountKey = tuple[str, str]
"""(account, currency): one account keeps a balance a currency."""


class MemoryLedger:
    """Transfers held in memory, each once by id; of two with one id the first stays."""

    def __init__(
        self, transfers: Iterable[Transfer], openings: Mapping[AccountKey, int] | None = None
    ) -> None:
        self._by_id: dict[str, Transfer] = {}
        for transfer in transfers:
            self._by_id.setdefault(transfer.transfer_id, transfer)
        self._openings = dict(openings or {})
        self._by_account: dict[AccountKey, list[Transfer]] = {}
        self._balances: dict[AccountKey, list[Balance]] = {}
        for transfer in sorted(self._by_id.values()):
            if not transfer.to_itself:
                self._of(transfer.debit_account, transfer.currency).append(transfer)
                self._of(transfer.credit_account, transfer.currency).append(transfer)

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Return those of the transfers asked for that are here, by id."""
        return {key: self._by_id[key] for key in transfer_ids if key in self._by_id}

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Answer as `Ledger.histories`; the balance is reckoned from the first transfer on."""
        return {
            account: History(
                self._balance(account, currency, place, ignore_balances=ignore_balances),
                self._from(account, currency, place, until_us),
            )
            for account, place in since.items()
        }

    def _of(self, account: str, currency: str) -> list[Transfer]:
        return self._by_account.setdefault((account, currency), [])

    def _balance(self, account: str, currency: str, place: Place, *, ignore_balances: bool) -> int:
        position = bisect_left(self._by_account.get((account, currency), []), place)
        balance = self._running((account, currency))[position]
        return balance.bare_minor if ignore_balances else balance.reported_minor

    def _running(self, key: AccountKey) -> list[Balance]:
        """Return the balance before each transfer of an account, and after its last."""
        running = self._balances.get(key)
        if running is None:
            running = self._balances[key] = [Balance.opening(self._openings.get(key))]
            for transfer in self._by_account.get(key, []):
                running.append(balance_after(running[-1], (transfer,), key[0]))
        return running

    def _from(
        self, account: str, currency: str, place: Place, until_us: int | None
    ) -> Iterator[Transfer]:
        transfers = self._by_account.get((account, currency), [])
        for transfer in transfers[bisect_left(transfers, place) :]:
            if until_us is not None and transfer.time_us > until_us:
                return
            yield transfer
