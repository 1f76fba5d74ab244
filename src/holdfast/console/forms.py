"""What people fill in; what is right beyond its form is decided where it is carried out."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from holdfast.console.value_words import VALUES
from holdfast.console.words import said_later
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say
from holdfast.people.role import KINDS, Scope
from holdfast.registry.contest import ContestState
from holdfast.registry.subject import SubjectKind, parse_subject
from holdfast.workflows.connect_institution import (
    DELIVERIES,
    EXPIRES_DAYS,
    EXPIRES_DAYS_MAX,
    INSTITUTION_FORM,
)
from holdfast.workflows.contest_listing import TEXT_MAX
from holdfast.workflows.running import centre

ANY = ""
SUBJECT_LENGTH_MAX = 2048
REASON_LENGTH_MAX = 500
FIELD_OF_CODE = {
    "case_unknown": "case",
    "ground_nothing_behind": "case",
    "ground_behaviour_missing": "behaviour",
    "ground_evidence_weak": "evidence",
    "ground_lists_nobody": "event",
    "ground_nobody_decided": "decided_by",
    "ground_person_spared": "involvement",
    "ground_receipt_alone": "link",
    "ground_unconfirmed": "case",
    "lister_not_allowed": "event",
    "law_not_in_force": "event",
    "listing_days": "days",
    "listing_in_doubt": "seen",
    "listing_seen_ahead": "seen",
    "subject_moved_on": "registered_until",
    "contest_reason_short": "reason",
}
"""Beside which field an error stands that was met in carrying a form out; others stand on top."""


def add_problem(form: forms.Form, error: HoldfastError) -> None:
    """Show what went wrong beside the field that it is about, if it is about one."""
    field = FIELD_OF_CODE.get(error.code)
    form.add_error(field if field in form.fields else None, str(error))


def choices_of(of: str, kinds: object, first: str | None = None) -> list[tuple[str, object]]:
    """Return values of a kind for a field to choose from, in words; `first` stands for none."""
    found = [(kind.value, said_later(VALUES[of][kind.value])) for kind in kinds]
    return found if first is None else [(ANY, said_later(first)), *found]


def text_field(
    label: str, rows: int, length_max: int, help_text: str = "", *, required: bool = True
):
    """Return a field for so many rows of text."""
    return forms.CharField(
        label=said_later(label),
        help_text=said_later(help_text) if help_text else "",
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=length_max,
        required=required,
    )


class DeskForm(forms.Form):
    """What the desk's forms in other files are made of."""


class PasswordForm(forms.Form):
    """A password, chosen by the one who will use it."""

    password = forms.CharField(widget=forms.PasswordInput, strip=False, max_length=200)
    again = forms.CharField(widget=forms.PasswordInput, strip=False, max_length=200)

    def clean(self) -> dict[str, object]:
        """Refuse what is too easy, or not the same twice."""
        values = super().clean()
        password = values.get("password")
        if password is not None:
            validate_password(password)
            if password != values.get("again"):
                raise ValidationError(say(N_("the two passwords differ")))
        return values


class InstitutionForm(forms.Form):
    """How an institution is to be connected."""

    institution_id = forms.RegexField(rf"\A{INSTITUTION_FORM}\Z", max_length=60)
    name = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    delivery = forms.ChoiceField(choices=[(way, way) for way in DELIVERIES])
    endpoint = forms.CharField(max_length=500, required=False)


class PublicKeyForm(forms.Form):
    """The public half of the key that an institution signs with."""

    institution_id = forms.CharField(max_length=60)
    key_id = forms.CharField(max_length=80)
    public_key = forms.CharField(max_length=64)


class KeyForm(forms.Form):
    """A key for an institution's program."""

    institution_id = forms.CharField(max_length=60)
    label = forms.CharField(max_length=100)
    scopes = forms.MultipleChoiceField(choices=[(scope.value, scope.value) for scope in Scope])
    person = forms.CharField(max_length=100, required=False)
    expires_days = forms.IntegerField(
        min_value=1, max_value=EXPIRES_DAYS_MAX, initial=EXPIRES_DAYS, required=False
    )


class RetireForm(forms.Form):
    """A key whose use ends."""

    key_id = forms.CharField(max_length=80)


class ReasonForm(forms.Form):
    """A step that needs nothing but a reason."""

    reason = text_field(N_("Why"), 2, REASON_LENGTH_MAX)


class ContestsForm(forms.Form):
    """Which contests are shown, and the figures of which days."""

    state = forms.ChoiceField(
        label=said_later(N_("State")),
        choices=choices_of("contest", ContestState, N_("Waits, or overdue")),
        required=False,
    )
    figures = forms.ChoiceField(
        label=said_later(N_("Figures")),
        choices=[
            (ANY, said_later(N_("None"))),
            ("30", said_later(N_("Of the last 30 days"))),
            ("90", said_later(N_("Of the last 90 days"))),
            ("365", said_later(N_("Of the last year"))),
        ],
        required=False,
    )


class VerdictForm(forms.Form):
    """Why a contest is decided so."""

    reason = text_field(N_("The reason; the person reads it as it stands"), 5, 2000)


class CodeForm(forms.Form):
    """The code of a notice."""

    code = forms.CharField(
        label=said_later(N_("One-time code")),
        help_text=said_later(N_("Fourteen signs such as 7K3M-90QX-2FGT-5B")),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ContestForm(forms.Form):
    """What a person says of a listing, and what shows it."""

    reason = text_field(N_("In your own words: why is it wrong?"), 6, TEXT_MAX)
    evidence = text_field(
        N_("What shows it: receipts, messages, the number of a police report"),
        4,
        TEXT_MAX,
        required=False,
    )

    def texts(self) -> list[str]:
        """Return what was written."""
        told = self.cleaned_data
        return [text for text in (told["reason"], told["evidence"]) if text]


class HotlineForm(ContestForm):
    """A contest on the phone: what it is about, and what the person says."""

    kind = forms.ChoiceField(
        label=said_later(N_("Kind")), choices=choices_of("kind", SubjectKind), initial="phone"
    )
    subject = forms.CharField(label=said_later(N_("Subject")), max_length=SUBJECT_LENGTH_MAX)
    field_order = ("kind", "subject", "reason", "evidence")

    def clean(self) -> dict[str, object]:
        """Read the subject as the registry knows it."""
        values = super().clean()
        add_subject(self, values)
        return values


def add_subject(form: forms.Form, values: dict[str, object]) -> None:
    """Read kind and text into the subject `parsed`, or say beside the text what is wrong with it."""
    if "kind" not in values or "subject" not in values:
        return
    running = centre()
    try:
        values["parsed"] = parse_subject(
            values["kind"], values["subject"], running.country, running.person_key
        )
    except HoldfastError as error:
        form.add_error("subject", str(error))
