"""What is kept as a word for programs, said in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.core.words import N_, say
from holdfast.law.tier import Event, Grade
from holdfast.registry.contest import ContestState, Via
from holdfast.registry.ground import Involvement, Link
from holdfast.registry.listing import ListingState
from holdfast.registry.lookup import Purpose
from holdfast.registry.names import REASONS
from holdfast.registry.subject import SubjectKind

VALUES: Mapping[str, Mapping[str, str]] = {
    "kind": {
        SubjectKind.ACCOUNT: N_("Account"),
        SubjectKind.PROXY: N_("Proxy (such as PromptPay)"),
        SubjectKind.PHONE: N_("Phone number"),
        SubjectKind.LINK: N_("Link"),
        SubjectKind.WALLET: N_("Wallet"),
        SubjectKind.PERSON: N_("Person"),
        SubjectKind.HANDLE: N_("Name on a platform"),
    },
    "state": {
        ListingState.PROPOSED: N_("Proposed: waits for a second person"),
        ListingState.STANDING: N_("Stands"),
        ListingState.SUSPENDED: N_("Suspended: a contest was not decided in time"),
        ListingState.REFUSED: N_("Refused by the second person"),
        ListingState.LAPSED: N_("Ended: its time ran out"),
        ListingState.WITHDRAWN: N_("Withdrawn"),
        ListingState.REMOVED: N_("Removed: a contest was upheld"),
        ListingState.REPLACED: N_("Replaced by another tier"),
    },
    "event": {
        Event.VICTIM_REPORT: N_("A victim reported"),
        Event.POLICE_COMPLAINT: N_("The police took the victim's complaint"),
        Event.OFFICIAL_LIST: N_("On an authority's own list"),
        Event.BANK_SUSPICION: N_("An institution suspects by what it sees"),
        Event.BANK_CONFIRMED: N_("An institution has made sure"),
        Event.CASE_UNFOUNDED: N_("The case was unfounded"),
    },
    "evidence": {
        Grade.SUSPECTED: N_("Suspected, by what was seen"),
        Grade.REPORTED: N_("Reported, by somebody's word"),
        Grade.CONFIRMED: N_("Confirmed by an institution"),
        Grade.OFFICIAL: N_("By an authority's act"),
    },
    "involvement": {
        Involvement.UNKNOWN: N_("Not known"),
        Involvement.ORGANISER: N_("Organiser"),
        Involvement.RECRUITER: N_("Recruiter, or an advert of one"),
        Involvement.PAID_MULE: N_("Lent or sold the account"),
        Involvement.UNAWARE_RECRUIT: N_("Believed it was a job"),
        Involvement.COERCED: N_("Was forced"),
        Involvement.STOLEN_IDENTITY: N_("Identity was stolen"),
        Involvement.CORPORATE_MULE: N_("Company made or bought for it"),
    },
    "link": {
        Link.NOT_BY_MONEY: N_("Told of, or found, otherwise than by money"),
        Link.FIRST_ACCOUNT: N_("A victim paid to it"),
        Link.FURTHER_ACCOUNT: N_("The money came there later"),
    },
    "contest": {
        ContestState.OPEN: N_("Waits for an answer"),
        ContestState.OVERDUE: N_("Overdue: the deadline has passed"),
        ContestState.UPHELD: N_("Upheld: the listing was wrong"),
        ContestState.REJECTED: N_("Rejected: the listing stays"),
        ContestState.MOOT: N_("Needs no answer: the listing ended otherwise"),
    },
    "via": {
        Via.PAGE: N_("By the page, with the code"),
        Via.HOTLINE: N_("On the phone"),
        Via.INSTITUTION: N_("By the person's institution"),
    },
    "institution": {
        "bank": N_("a bank"),
        "e-money": N_("an e-money firm"),
        "exchange": N_("an exchange of digital assets"),
        "telco": N_("a phone company"),
        "police": N_("the police"),
        "centre": N_("the anti-online-scam centre"),
    },
    "reason": {reason.value: sentence for reason, sentence in REASONS.items()},
    "purpose": {
        Purpose.CASE: N_("An inquiry into a case"),
        Purpose.CONTEST: N_("A contest that is to be decided"),
        Purpose.LISTING: N_("A listing that is to be approved, moved or withdrawn"),
        Purpose.ENQUIRY: N_("Somebody concerned, or an institution, asks"),
        Purpose.OVERSIGHT: N_("Others' work is checked"),
    },
    "left_out": {
        "account_of_victim": N_("It is an account of a victim."),
        "account_is_stop": N_("The trail ends there, at somebody who was paid in good faith."),
        "claim_disputed": N_("It is a quarrel between buyer and seller, or may be one."),
        "subject_of_victim": N_("It belongs to who reported."),
        "phone_short_code": N_("It is a service's own short code."),
        "ground_unconfirmed": N_("The sending bank has not confirmed the payment yet."),
        "listing_was_contested": N_("It was contested, and is not listed again on that ground."),
    },
    "notice": {
        "victim": N_("the victim"),
        "holder": N_("the holder of the account"),
        "person": N_("the person concerned"),
        "institution": N_("the institution"),
    },
}


def value_said(of: str, value: str) -> str:
    """Return a value in words; one that has none is shown as it is."""
    sentence = VALUES[of].get(value)
    return say(sentence) if sentence else str(value)
