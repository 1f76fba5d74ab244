from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import FIRST, allowed_steps
from holdfast.cases.own_hold import FIRST_OWN_HOLD, allowed_own_steps
from holdfast.cases.review import FIRST_REVIEW, allowed_decisions
from holdfast.records.sql_guards import append_only, guard_steps, keep_closed, keep_columns

WAITING, ACCEPTED = ClaimState.WAITING.value, ClaimState.ACCEPTED.value
REFUSED, WITHDRAWN = ClaimState.REFUSED.value, ClaimState.WITHDRAWN.value
CLAIM_STEPS = {
    (WAITING, ACCEPTED),
    (WAITING, REFUSED),
    (WAITING, WITHDRAWN),
    (ACCEPTED, WITHDRAWN),
    (WITHDRAWN, ACCEPTED),
}
"""A claim that was withdrawn is followed again only by a person's word."""
ORDERED = {
    "order_id",
    "kind",
    "claim_id",
    "institution_id",
    "account",
    "currency",
    "amount_minor",
    "ordered_us",
    "body",
    "takes_over",
}
"""What an order asks for, of whom and since when: it was sent out so."""
OWN_HOLD_TOLD = {
    "own_hold_id",
    "institution_id",
    "reference",
    "account",
    "currency",
    "amount_minor",
    "basis",
    "since_us",
    "lapses_us",
}
"""What an institution told of its own hold, and the end that the law gave it."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("cases", "0003_reviews")]

    operations: ClassVar = [
        guard_steps("cases_order", "state", allowed_steps(), {FIRST.value}),
        keep_columns("cases_order", ORDERED, never_sink={"lapses_us"}),
        guard_steps("cases_claim", "state", CLAIM_STEPS, {WAITING, ACCEPTED, REFUSED}),
        guard_steps("cases_review", "state", allowed_decisions(), {FIRST_REVIEW.value}),
        keep_closed("cases_review", "decided_us", {"kind", "subject", "facts", "decided_by"}),
        keep_columns("cases_holdshare", {"order_id", "claim_id", "tranche"}),
        # An open share may go: the part of a hold that it stands for serves another claim then.
        keep_closed("cases_holdshare", "until_us", {"amount_minor", "from_us"}),
        guard_steps("cases_ownhold", "state", allowed_own_steps(), {FIRST_OWN_HOLD.value}),
        keep_columns("cases_ownhold", OWN_HOLD_TOLD),
        keep_columns(
            "cases_notice", {"notice_id", "institution_id", "recipient", "subject", "says"}
        ),
        keep_closed("cases_notice", "brought_us", {"brought_by"}),
        append_only("cases_accountfact"),
        append_only("cases_orderstep"),
        append_only("cases_bankanswer"),
        append_only("cases_reportversion"),
    ]
