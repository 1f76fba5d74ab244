"""One ledger split among banks or shards answers as the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.account import bank_of
from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.split import SplitLedger
from holdfast.ledger.transfer import START, History, Ledger, Place, Transfer

ACCOUNTS = tuple(f"TH.THCBC.{bank:03}.{number}" for bank in (2, 4, 14) for number in (1, 2))
ABSENT = "SG.SGIBG.7171.1"


class Watched(MemoryLedger):
    """A part that notes what it was asked."""

    def __init__(self, transfers: Iterable[Transfer]) -> None:
        self.rows = list(transfers)
        super().__init__(self.rows)
        self.asked: list[set[str]] = []
        self.sought: list[list[str]] = []

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Note the ids, and answer."""
        wanted = list(transfer_ids)
        self.sought.append(wanted)
        return super().find(wanted)

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Note the accounts, and answer."""
        self.asked.append(set(since))
        return super().histories(
            since, currency, until_us=until_us, ignore_balances=ignore_balances
        )


def _parts(transfers: list[Transfer]) -> dict[str, Watched]:
    """Give each bank the transfers of its own accounts, whoever is on the other side."""
    return {
        bank: Watched(
            row
            for row in transfers
            if bank in (bank_of(row.debit_account), bank_of(row.credit_account))
        )
        for bank in sorted({bank_of(account) for account in ACCOUNTS})
    }


transfers = st.lists(
    st.builds(
        Transfer,
        st.integers(0, 5),
        st.integers(-1, 1),
        st.sampled_from([f"T{number}" for number in range(30)]),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(ACCOUNTS),
        st.integers(1, 30),
        st.sampled_from(("THB", "THB", "USD")),
        st.none() | st.integers(-5, 60),
        st.none() | st.integers(-5, 60),
    ),
    unique_by=lambda row: row.transfer_id,
    max_size=20,
)


def _answers(
    ledger: Ledger, place: Place, until_us: int | None, *, ignore_balances: bool
) -> dict[str, tuple[int | None, list[Transfer]]]:
    histories = ledger.histories(
        dict.fromkeys(ACCOUNTS, place), "THB", until_us=until_us, ignore_balances=ignore_balances
    )
    return {name: (each.balance_minor, list(each.transfers)) for name, each in histories.items()}


@given(transfers, st.none() | st.integers(0, 5), st.booleans())
def test_a_split_ledger_answers_as_the_whole(
    rows: list[Transfer], until_us: int | None, ignore_balances: bool
) -> None:
    """However the accounts lie among banks: the same balances, transfers and finds."""
    whole, split = MemoryLedger(rows), SplitLedger(bank_of, _parts(rows))
    ids = ["unknown", *(row.transfer_id for row in rows)]
    assert split.find(ids) == whole.find(ids)
    for place in [START, *(row.place for row in rows)]:
        assert _answers(split, place, until_us, ignore_balances=ignore_balances) == _answers(
            whole, place, until_us, ignore_balances=ignore_balances
        )


@given(transfers)
def test_each_part_is_asked_once_and_for_its_own_accounts(rows: list[Transfer]) -> None:
    """One question is one round trip a bank, and no bank hears of another's accounts."""
    parts = _parts(rows)
    SplitLedger(bank_of, parts).histories(dict.fromkeys(ACCOUNTS, START), "THB", until_us=None)
    for bank, part in parts.items():
        assert part.asked == [{account for account in ACCOUNTS if bank_of(account) == bank}]


def test_a_part_without_a_question_is_not_asked() -> None:
    """A bank that keeps none of the accounts asked for isn't bothered."""
    parts = _parts([])
    SplitLedger(bank_of, parts).histories({ACCOUNTS[0]: START}, "THB", until_us=None)
    assert [len(part.asked) for part in parts.values()] == [1, 0, 0]


def test_an_account_that_no_part_keeps_has_no_history() -> None:
    """Its balance is unknown, which isn't zero, and nothing comes."""
    history = SplitLedger(bank_of, _parts([])).histories({ABSENT: START}, "THB", until_us=None)
    assert history[ABSENT].balance_minor is None
    assert list(history[ABSENT].transfers) == []


def _knowing_only_its_own(bank: str, row: Transfer) -> Transfer:
    """Return a bank's copy of a transfer: the other bank's balance isn't in it."""
    return row._replace(
        debit_balance_before_minor=(
            row.debit_balance_before_minor if bank_of(row.debit_account) == bank else None
        ),
        credit_balance_before_minor=(
            row.credit_balance_before_minor if bank_of(row.credit_account) == bank else None
        ),
    )


@given(transfers)
def test_each_bank_need_know_its_own_balances_only(rows: list[Transfer]) -> None:
    """A transfer found is what both copies say together, and balances are the whole's."""
    whole = MemoryLedger(rows)
    parts = {
        bank: MemoryLedger(_knowing_only_its_own(bank, row) for row in part.rows)
        for bank, part in _parts(rows).items()
    }
    split = SplitLedger(bank_of, parts)
    ids = [row.transfer_id for row in rows]
    assert split.find(ids) == whole.find(ids)
    for place in [START, *(row.place for row in rows)]:
        for ignore_balances in (False, True):
            mine = _answers(split, place, None, ignore_balances=ignore_balances)
            right = _answers(whole, place, None, ignore_balances=ignore_balances)
            assert {name: each[0] for name, each in mine.items()} == {
                name: each[0] for name, each in right.items()
            }


def test_a_transfer_between_two_banks_is_asked_of_every_part() -> None:
    """Each part is asked once for all ids, because the other may know more of a transfer."""
    row = Transfer(1, 0, "T1", ACCOUNTS[0], ACCOUNTS[2], 5, "THB")
    parts = _parts([row])
    assert SplitLedger(bank_of, parts).find(iter(["T1", "T2"])) == {"T1": row}
    assert [part.sought for part in parts.values()] == [[["T1", "T2"]]] * 3
