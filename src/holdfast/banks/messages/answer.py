"""A bank's answer to an order: what it holds, why not more, and where the money went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from holdfast.banks.messages.fields import Fields, Kind, instant_or_null, read_object, to_json
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.core.words import N_

ANSWER_BYTES_MAX = 1_000_000
ONWARD_ROWS_MAX = 1000
REASON_TEXT_LENGTH_MAX = 500


class AnswerStatus(Enum):
    """How things stand with an order at the bank."""

    ACKNOWLEDGED = "acknowledged"  # received; another answer follows
    HELD = "held"  # the whole amount is held
    PARTLY_HELD = "partly_held"  # less than ordered is held
    REFUSED = "refused"  # nothing is held, and the reason says why
    RELEASED = "released"  # nothing is held any more, as ordered
    LAPSED = "lapsed"  # the deadline passed, the money is free again
    SEIZED = "seized"  # held now under a seizure of the police
    RETURNED = "returned"  # sent back to where it came from
    PAID_OUT = "paid_out"  # paid to those it was returned to


HOLDING = frozenset({AnswerStatus.HELD, AnswerStatus.PARTLY_HELD, AnswerStatus.SEIZED})
"""In these states an amount is held; in all others none is."""


class AccountStatus(Enum):
    """The state of an account as its bank sees it."""

    ACTIVE = "active"  # in use
    DORMANT = "dormant"  # open, long unused
    CLOSED = "closed"  # closed
    FROZEN = "frozen"  # closed to payments by another authority or by the bank
    UNKNOWN = "unknown"  # the bank does not say


class HolderKind(Enum):
    """Whose account it is."""

    PERSON = "person"  # a natural person
    BUSINESS = "business"  # a firm
    MERCHANT = "merchant"  # one who is paid for goods by many
    GOVERNMENT = "government"  # an authority
    EXCHANGE = "exchange"  # an exchange of digital assets or a payment firm
    UNKNOWN = "unknown"  # the bank does not say


class RefusalReason(Enum):
    """Why less is held than was ordered."""

    NO_FUNDS = "no_funds"  # too little is there
    NO_ACCOUNT = "no_account"  # there is no such account
    CLOSED = "closed"  # the account is closed
    MERCHANT = "merchant"  # goods were delivered for the money
    LEGAL = "legal"  # the law does not allow it here
    DUPLICATE = "duplicate"  # another order for the same payment
    ALREADY_HELD = "already_held"  # the money is held under another order
    EXPIRED = "expired"  # the order came after its own deadline
    OTHER = "other"  # see the text


@dataclass(frozen=True, slots=True)
class Onward:
    """A transfer by which money left the account, as the bank booked it."""

    transfer_id: str
    time_us: int
    debit_account: str
    credit_account: str
    amount_minor: int
    currency: str
    debit_balance_before_minor: int | None = None
    credit_balance_before_minor: int | None = None
    channel: str | None = None
    uetr: str | None = None
    cash_place: str | None = None
    """Where it was drawn in cash: a machine or a branch."""

    def to_values(self) -> dict[str, Any]:
        """Return the row; what the bank does not say is left out."""
        values = {
            "transfer_id": self.transfer_id,
            "time": format_instant(self.time_us),
            "debit_account": self.debit_account,
            "credit_account": self.credit_account,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "debit_balance_before_minor": self.debit_balance_before_minor,
            "credit_balance_before_minor": self.credit_balance_before_minor,
            "channel": self.channel,
            "uetr": self.uetr,
            "cash_place": self.cash_place,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """How things stand with one order at the bank when it was answered."""

    answer_id: str
    order_id: str
    institution: str
    status: AnswerStatus
    amount_held_minor: int
    """What is held now under this order; above zero in the states of `HOLDING` only."""
    currency: str
    answered_at_us: int
    held_at_us: int | None = None
    balance_available_minor: int | None = None
    """What could have been held when the order came, before this hold."""
    other_holds_minor: int | None = None
    """What is held on the account under other orders."""
    account_status: AccountStatus = AccountStatus.UNKNOWN
    holder_kind: HolderKind = HolderKind.UNKNOWN
    name_matches: bool | None = None
    """Whether the holder's name fits the name that the victim was shown."""
    reason: RefusalReason | None = None
    reason_text: str | None = None
    onward: tuple[Onward, ...] = ()
    unknown_fields: int = field(default=0, compare=False)

    def to_values(self) -> dict[str, Any]:
        """Return what `to_bytes` writes, to be put into a larger message."""
        return {
            "type": "hold-answer",
            "version": 1,
            "answer_id": self.answer_id,
            "order_id": self.order_id,
            "institution": self.institution,
            "status": self.status.value,
            "amount_held_minor": self.amount_held_minor,
            "currency": self.currency,
            "balance_available_minor": self.balance_available_minor,
            "account_status": self.account_status.value,
            "holder_kind": self.holder_kind.value,
            "other_holds_minor": self.other_holds_minor,
            "answered_at": format_instant(self.answered_at_us),
            "held_at": instant_or_null(self.held_at_us),
            "reason": None if self.reason is None else self.reason.value,
            "reason_text": self.reason_text,
            "onward": [row.to_values() for row in self.onward],
            "name_matches": self.name_matches,
        }

    def to_bytes(self) -> bytes:
        """Write the canonical JSON that is signed and kept."""
        return to_json(self.to_values())


def parse_answer(body: bytes) -> HoldAnswer:
    """Read a bank's answer, at most `ANSWER_BYTES_MAX` bytes; it agrees with itself.

    Whether it fits its order is another question, and not asked here.

    Raises:
        Refused: `answer_too_long`, `answer_unreadable`, `answer_field` (naming the field) or
            `answer_contradiction`.
    """
    return answer_of(read_object(body, Kind.ANSWER, ANSWER_BYTES_MAX))


def answer_of(values: Mapping[str, Any]) -> HoldAnswer:
    """Read an answer that came inside a larger message; raises as `parse_answer`."""
    fields = Fields.of(values, Kind.ANSWER)
    fields.fixed("type", "hold-answer")
    fields.fixed("version", 1)
    known = fields.has("account_status"), fields.has("holder_kind"), fields.has("reason")
    answer = HoldAnswer(
        answer_id=fields.id("answer_id"),
        order_id=fields.id("order_id"),
        institution=fields.institution("institution"),
        status=fields.word("status", AnswerStatus),
        amount_held_minor=fields.integer("amount_held_minor"),
        currency=fields.currency("currency"),
        answered_at_us=fields.instant("answered_at"),
        held_at_us=fields.instant_or_none("held_at"),
        balance_available_minor=fields.integer_or_none("balance_available_minor"),
        other_holds_minor=fields.integer_or_none("other_holds_minor"),
        account_status=fields.word("account_status", AccountStatus)
        if known[0]
        else AccountStatus.UNKNOWN,
        holder_kind=fields.word("holder_kind", HolderKind) if known[1] else HolderKind.UNKNOWN,
        name_matches=fields.flag_or_none("name_matches"),
        reason=fields.word("reason", RefusalReason) if known[2] else None,
        reason_text=fields.prose_or_none("reason_text", REASON_TEXT_LENGTH_MAX),
        onward=tuple(_onward(fields, row) for row in fields.rows("onward", ONWARD_ROWS_MAX)),
    )
    _check(answer)
    object.__setattr__(answer, "unknown_fields", fields.unknown())
    return answer


def _onward(fields: Fields, row: Fields) -> Onward:
    found = Onward(
        transfer_id=row.text("transfer_id"),
        time_us=row.instant("time"),
        debit_account=row.account("debit_account"),
        credit_account=row.account("credit_account"),
        amount_minor=row.integer("amount_minor", least=1),
        currency=row.currency("currency"),
        debit_balance_before_minor=row.integer_or_none(
            "debit_balance_before_minor", -AMOUNT_MINOR_MAX
        ),
        credit_balance_before_minor=row.integer_or_none(
            "credit_balance_before_minor", -AMOUNT_MINOR_MAX
        ),
        channel=row.text_or_none("channel"),
        uetr=row.text_or_none("uetr"),
        cash_place=row.text_or_none("cash_place"),
    )
    if found.debit_account == found.credit_account:
        raise row.wrong("credit_account", "contradicts", "another account than debit_account")
    fields.seen(row)
    return found


def _check(answer: HoldAnswer) -> None:
    """Make sure that an answer does not contradict itself."""
    if (answer.amount_held_minor > 0) != (answer.status in HOLDING):
        raise Refused(
            "answer_contradiction",
            N_("the answer says {status} and holds {amount_minor}; held is what is above zero"),
            status=answer.status.value,
            amount_minor=answer.amount_held_minor,
        )
    if answer.status in HOLDING and answer.held_at_us is None:
        raise Refused(
            "answer_contradiction",
            N_("the answer says {status} and not since when; held_at is needed"),
            status=answer.status.value,
        )
    if answer.held_at_us is not None and answer.held_at_us > answer.answered_at_us:
        raise Refused(
            "answer_contradiction",
            N_("the answer of {answered_at} tells of a hold made later, at {held_at}"),
            answered_at=format_instant(answer.answered_at_us),
            held_at=format_instant(answer.held_at_us),
        )
    if answer.status is AnswerStatus.REFUSED and answer.reason is None:
        raise Refused(
            "answer_contradiction",
            N_("the answer refuses the order and says no reason; a reason is needed"),
        )
    if len({row.transfer_id for row in answer.onward}) != len(answer.onward):
        raise Refused(
            "answer_contradiction",
            N_("the answer lists a transfer twice; each onward transfer comes once"),
        )
