"""What people fill in to find listings, and to say that they are certain."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from holdfast.console.forms import ANY, DeskForm, choices_of
from holdfast.console.words import said_later
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say
from holdfast.registry.listing import ListingState
from holdfast.registry.lookup import TEXT_LENGTH_MAX, By, Purpose
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.file_complaint import case_of
from holdfast.workflows.look_up import Asked

REFERENCE_LENGTH_MAX = 60
AFTER_MAX = 2**63 - 1


class FilterForm(DeskForm):
    """Which listings are shown."""

    state = forms.ChoiceField(
        label=said_later(N_("State")),
        choices=choices_of("state", ListingState, N_("Any")),
        required=False,
    )
    tier = forms.ChoiceField(label=said_later(N_("Tier")), required=False)
    kind = forms.ChoiceField(
        label=said_later(N_("Kind")),
        choices=choices_of("kind", SubjectKind, N_("Any")),
        required=False,
    )

    case = forms.CharField(label=said_later(N_("Case")), max_length=30, required=False)

    def __init__(self, *values: object, tiers: list[str], **named: object) -> None:
        super().__init__(*values, **named)
        self.fields["tier"].choices = [(ANY, say(N_("Any"))), *((tier, tier) for tier in tiers)]

    def clean_case(self) -> str:
        """Read the case as it goes on."""
        told = self.cleaned_data["case"]
        if not told:
            return ""
        try:
            number: str = case_of(told).number
        except HoldfastError as error:
            raise ValidationError(str(error)) from error
        return number


class FindForm(DeskForm):
    """What is looked for, and what for; it is sent, and never stands in an address or a log."""

    by = forms.ChoiceField(
        label=said_later(N_("Find by")),
        choices=[
            (By.PART.value, said_later(N_("A part of the subject"))),
            (By.PERSON.value, said_later(N_("A person's id, such as TH.NIDN.1101700203450"))),
            (By.NAME.value, said_later(N_("A name, as a hint only"))),
        ],
        widget=forms.RadioSelect,
        initial=By.PART.value,
    )
    text = forms.CharField(label=said_later(N_("What is looked for")), max_length=TEXT_LENGTH_MAX)
    purpose = forms.ChoiceField(
        label=said_later(N_("What for")),
        help_text=said_later(N_("That you looked this up, and what for, is on record.")),
        choices=choices_of("purpose", Purpose, N_("Choose one")),
    )
    reference = forms.CharField(
        label=said_later(N_("Number of the case, contest or listing")),
        help_text=said_later(N_("Not needed for an enquiry or for oversight.")),
        max_length=REFERENCE_LENGTH_MAX,
        required=False,
    )
    after = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=AFTER_MAX, required=False
    )

    def asked(self) -> Asked:
        """Return it as the workflow wants it."""
        told = self.cleaned_data
        return Asked(
            By(told["by"]),
            told["text"],
            Purpose(told["purpose"]),
            told["reference"],
            told["after"] or 0,
        )


class CertainForm(DeskForm):
    """A step that harms where it is taken by mistake, and needs no words."""

    certain = forms.BooleanField(label=said_later(N_("I have made sure of it")))
