"""What is kept of cases: reports, claims, trails, orders with every step, answers, reviews."""

from holdfast.cases.models.case import (
    Case,
    CaseNumber,
    InstitutionCaseId,
    PoliceComplaint,
    Report,
    ReportVersion,
)
from holdfast.cases.models.claim import (
    AccountFact,
    Claim,
    ClaimReport,
    SettlementLock,
    StoredTrail,
    TracedAccount,
)
from holdfast.cases.models.order import (
    BankAnswer,
    HoldShare,
    LearnedTransfer,
    Order,
    OrderStep,
    OwnHold,
)
from holdfast.cases.models.review import Notice, Review

__all__ = [
    "AccountFact",
    "BankAnswer",
    "Case",
    "CaseNumber",
    "Claim",
    "ClaimReport",
    "HoldShare",
    "InstitutionCaseId",
    "LearnedTransfer",
    "Notice",
    "Order",
    "OrderStep",
    "OwnHold",
    "PoliceComplaint",
    "Report",
    "ReportVersion",
    "Review",
    "SettlementLock",
    "StoredTrail",
    "TracedAccount",
]
