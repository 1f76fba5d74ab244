"""One ledger split among banks or shards: each account's questions go to its own keeper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from holdfast.ledger.transfer import History, Ledger, Place, Transfer


class SplitLedger:
    """Several ledgers asked as one; `route` names the part that keeps an account's history.

    Each part must know every transfer of its own accounts, whoever is on the other side; of the
    reported balances it need know only its own accounts'.
    """

    def __init__(self, route: Callable[[str], str], parts: Mapping[str, Ledger]) -> None:
        self._route = route
        self._parts = parts

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Return those of the transfers asked for that any part knows, by id, copies joined."""
        wanted = list(transfer_ids)
        found: dict[str, Transfer] = {}
        for part in self._parts.values():
            for key, transfer in part.find(wanted).items():
                found[key] = found[key].joined_with(transfer) if key in found else transfer
        return found

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Ask each part once for all of its accounts; an account without a part has no history."""
        by_part: dict[str, dict[str, Place]] = {}
        answers: dict[str, History] = {}
        for account, place in since.items():
            part = self._route(account)
            if part in self._parts:
                by_part.setdefault(part, {})[account] = place
            else:
                answers[account] = History(None, iter(()))
        for part, accounts in by_part.items():
            answers.update(
                self._parts[part].histories(
                    accounts, currency, until_us=until_us, ignore_balances=ignore_balances
                )
            )
        return answers
