"""Who sees what: the centre all, an institution what concerns it, the police their cases.

An institution sees a case that it reported, whose claims' payments left or reached its accounts,
or in which it has an order; of that case it sees its own part. The police are those with the
scope `complaints:write`: they see the whole of a case that they reported or whose complaint they
confirmed. Nobody but the centre reads a report that another sent. What one may not see looks the
same as what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.cases.models import Case, Claim, ClaimReport, Order, PoliceComplaint, Report
from holdfast.core.account import bank_of
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.file_complaint import case_of
from holdfast.workflows.running import centre

_BANK_DOTS = 2
"""Of an institution that has accounts: COUNTRY.SCHEME.MEMBER."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one caller may see."""

    actor: Actor

    def cases(self) -> QuerySet[Case]:
        """Return the cases that the caller sees."""
        if self.actor.is_centre:
            return Case.objects.all()
        mine = self.actor.institution_id
        of_case = {"case": OuterRef("pk")}
        return Case.objects.filter(
            Exists(Report.objects.filter(institution_id=mine, **of_case))
            | Exists(Order.objects.filter(institution_id=mine, **of_case))
            | Exists(Claim.objects.filter(self._on_my_accounts(), **of_case))
            | Exists(self._my_complaints().filter(**of_case))
        )

    def case(self, number: str) -> Case:
        """Return a case by its number, or the one it was merged into.

        Raises:
            NotFound: `case_unknown`, also where it does not concern the caller.
        """
        case = case_of(number)
        if self.actor.is_centre or self.cases().filter(id=case.id).exists():
            return case
        raise NotFound("case_unknown", N_("there is no case {case} for you"), case=number[:40])

    def read(self, number: str, verb: str) -> Case:
        """Return a case as `case` does, and keep in the audit by which verb it was read.

        Must be called in the transaction in which it is read.
        """
        case = self.case(number)
        audit.record(
            at_us=centre().now_us(),
            actor=self.actor.name,
            verb=verb,
            subject=f"case:{case.number}",
        )
        return case

    def is_whole(self, case: Case) -> bool:
        """Whether the caller sees all of a case that it sees, other institutions' parts included."""
        if self.actor.is_centre:
            return True
        if not self.actor.may(Scope.COMPLAINTS_WRITE):
            return False
        mine = self.actor.institution_id
        reported: bool = Report.objects.filter(case=case, institution_id=mine).exists()
        return reported or self._my_complaints().filter(case=case).exists()

    def claims(self, case: Case) -> QuerySet[Claim]:
        """Return the claims of a case that the caller sees."""
        claims = Claim.objects.filter(case=case)
        if self.is_whole(case):
            return claims
        mine = self.actor.institution_id
        told = ClaimReport.objects.filter(claim=OuterRef("pk"), report__institution_id=mine)
        ordered = Order.objects.filter(claim=OuterRef("pk"), institution_id=mine)
        return claims.filter(self._on_my_accounts() | Exists(told) | Exists(ordered))

    def has_ends(self, claim: Claim, *, is_whole: bool) -> bool:
        """Whether the caller may know between which accounts a claim was paid.

        Its two banks do, and who told of it; not a bank to which the money went on.
        """
        if is_whole or self.is_mine(claim.debit_account) or self.is_mine(claim.credit_account):
            return True
        mine = {"report__institution_id": self.actor.institution_id}
        told: bool = claim.told_by.filter(**mine).exists()
        return told

    def orders(self, case: Case | None = None) -> QuerySet[Order]:
        """Return the orders that the caller sees, of one case or of all."""
        orders = Order.objects.all() if case is None else Order.objects.filter(case=case)
        if self.actor.is_centre or (case is not None and self.is_whole(case)):
            return orders
        return orders.filter(institution_id=self.actor.institution_id)

    def reports(self) -> QuerySet[Report]:
        """Return the reports that the caller may read: those that it sent."""
        if self.actor.is_centre:
            return Report.objects.all()
        return Report.objects.filter(institution_id=self.actor.institution_id)

    def is_mine(self, account: str) -> bool:
        """Whether an account is kept by the caller's institution."""
        return bank_of(account) == self.actor.institution_id

    def _on_my_accounts(self) -> Any:
        mine = self.actor.institution_id
        if mine.count(".") != _BANK_DOTS:
            return Q(pk__in=())
        return Q(debit_account__startswith=f"{mine}.") | Q(credit_account__startswith=f"{mine}.")

    def _my_complaints(self) -> QuerySet[PoliceComplaint]:
        keys = f"key:{self.actor.institution_id}/"
        return PoliceComplaint.objects.filter(confirmed_by__startswith=keys)
