"""The words in which a law about holding money is told."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a hold covers."""

    AMOUNT = "amount"  # only the money traced; the rest of the account stays free
    ACCOUNT = "account"  # everything on the account
    CHANNEL = "channel"  # a way of paying, such as transfers by app


class Side(StrEnum):
    """Whose account a hold is on."""

    PAYEE = "payee"  # where the stolen money went
    VICTIM = "victim"  # of the one who is being deceived, to keep the money there


class Start(StrEnum):
    """From which event the period of a hold is counted."""

    REPORT = "report"  # the victim told a bank or the centre
    COMPLAINT = "complaint"  # the police took the victim's complaint
    ORDER = "order"  # the order was given
    SUSPICION = "suspicion"  # the institution began to suspect, or was alerted
    HOLD = "hold"  # the institution stopped the money for the first time


class Party(StrEnum):
    """Who may order or lift a hold."""

    CENTRE = "centre"  # the national anti-scam centre
    BANK = "bank"  # the institution that keeps the account
    POLICE = "police"  # an officer whom the law names
    COURT = "court"
    AGENCY = "agency"  # another authority that the law names: central bank, anti-money-laundering


class Verb(StrEnum):
    """What can be done with a hold."""

    ORDER = "order"
    LIFT = "lift"


class Recipient(StrEnum):
    """Who must be told of a hold."""

    HOLDER = "holder"  # the one whose account is held
    VICTIM = "victim"
    POLICE = "police"
    AGENCY = "agency"


class Moment(StrEnum):
    """What happened to the hold that must be told, and from which the hours are counted."""

    PLACED = "placed"  # money is held
    ENDED = "ended"  # lifted or lapsed: the money is free again


class Duty(StrEnum):
    """Why a notice is due."""

    LAW = "law"  # a law or regulation demands it
    POLICY = "policy"  # the centre chose so; no law demands it
