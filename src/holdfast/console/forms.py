"""What people fill in; what is right beyond its form is decided where it is carried out."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from holdfast.console.dates import begin_us
from holdfast.console.value_words import VALUES
from holdfast.console.words import said_later
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say
from holdfast.law.tier import Event, Grade
from holdfast.people.role import KINDS, Scope
from holdfast.registry.contest import ContestState
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.listing import ListingState
from holdfast.registry.subject import SubjectKind, parse_subject
from holdfast.workflows.connect_institution import (
    DELIVERIES,
    EXPIRES_DAYS,
    EXPIRES_DAYS_MAX,
    INSTITUTION_FORM,
)
from holdfast.workflows.contest_listing import TEXT_MAX
from holdfast.workflows.file_complaint import case_of
from holdfast.workflows.list_subject import ToList
from holdfast.workflows.running import centre

ANY = ""
UPLOAD_BYTES_MAX = 900_000
"""Of a file by the page; the server takes little more in one request."""
DAYS_MAX = 3660
SUBJECT_LENGTH_MAX = 2048
REASON_LENGTH_MAX = 500
PART_LENGTH_MIN = 4
FIELD_OF_CODE = {
    "case_unknown": "case",
    "ground_nothing_behind": "case",
    "ground_behaviour_missing": "behaviour",
    "ground_evidence_weak": "evidence",
    "ground_lists_nobody": "event",
    "ground_nobody_decided": "decided_by",
    "ground_person_spared": "involvement",
    "ground_receipt_alone": "link",
    "ground_unconfirmed": "payment_confirmed",
    "lister_not_allowed": "event",
    "law_not_in_force": "event",
    "listing_days": "days",
    "subject_moved_on": "registered_until",
    "contest_reason_short": "reason",
}
"""Beside which field an error stands that was met in carrying a form out; others stand on top."""


def add_problem(form: forms.Form, error: HoldfastError) -> None:
    """Show what went wrong beside the field that it is about, if it is about one."""
    field = FIELD_OF_CODE.get(error.code)
    form.add_error(field if field in form.fields else None, str(error))


def _choices(of: str, kinds: object, first: str | None = None) -> list[tuple[str, object]]:
    found = [(kind.value, said_later(VALUES[of][kind.value])) for kind in kinds]
    return found if first is None else [(ANY, said_later(first)), *found]


def _text(label: str, rows: int, length_max: int, help_text: str = "", *, required: bool = True):
    return forms.CharField(
        label=said_later(label),
        help_text=said_later(help_text) if help_text else "",
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=length_max,
        required=required,
    )


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


class FilterForm(forms.Form):
    """Which listings are shown."""

    state = forms.ChoiceField(
        label=said_later(N_("State")),
        choices=_choices("state", ListingState, N_("Any")),
        required=False,
    )
    tier = forms.ChoiceField(label=said_later(N_("Tier")), required=False)
    kind = forms.ChoiceField(
        label=said_later(N_("Kind")),
        choices=_choices("kind", SubjectKind, N_("Any")),
        required=False,
    )

    def __init__(self, *values: object, tiers: list[str], **named: object) -> None:
        super().__init__(*values, **named)
        self.fields["tier"].choices = [(ANY, say(N_("Any"))), *((tier, tier) for tier in tiers)]


class FindForm(forms.Form):
    """What is looked for; it is sent, and never stands in an address or a log."""

    by = forms.ChoiceField(
        label=said_later(N_("Find by")),
        choices=[
            ("part", said_later(N_("A part of the subject"))),
            ("person", said_later(N_("A person's id, such as TH.NIDN.1101700203450"))),
            ("name", said_later(N_("A name, as a hint only"))),
        ],
        widget=forms.RadioSelect,
        initial="part",
    )
    text = forms.CharField(label=said_later(N_("What is looked for")), max_length=200)

    def clean(self) -> dict[str, object]:
        """Refuse a part that nearly everything has."""
        values = super().clean()
        if values.get("by") == "part" and len(values.get("text", "")) < PART_LENGTH_MIN:
            self.add_error(
                "text",
                say(N_("give {count} characters or more of it"), count=PART_LENGTH_MIN),
            )
        return values


class ListForm(forms.Form):
    """What is to be listed, and why."""

    kind = forms.ChoiceField(
        label=said_later(N_("Kind")), choices=_choices("kind", SubjectKind), initial="account"
    )
    subject = forms.CharField(
        label=said_later(N_("Subject")),
        help_text=said_later(
            N_("Such as TH.THCBC.004.0123456789, 081-234-5678, https://example.com, line:@example")
        ),
        max_length=SUBJECT_LENGTH_MAX,
    )
    event = forms.ChoiceField(
        label=said_later(N_("Ground")),
        choices=_choices("event", [event for event in Event if event is not Event.CASE_UNFOUNDED]),
    )
    evidence = forms.ChoiceField(
        label=said_later(N_("How well it is known")), choices=_choices("evidence", Grade)
    )
    involvement = forms.ChoiceField(
        label=said_later(N_("Part the holder played")), choices=_choices("involvement", Involvement)
    )
    link = forms.ChoiceField(
        label=said_later(N_("How it hangs together with the money")), choices=_choices("link", Link)
    )
    payment_confirmed = forms.BooleanField(
        label=said_later(N_("The sending bank has confirmed the payment")), required=False
    )
    behaviour = _text(
        N_("What was seen"),
        3,
        500,
        N_("Beyond the receipt of money, without names; needed for accounts and persons."),
        required=False,
    )
    decided_by = forms.CharField(
        label=said_later(N_("Decided by")),
        help_text=said_later(N_("You, if it is left empty.")),
        max_length=150,
        required=False,
    )
    case = forms.CharField(
        label=said_later(N_("Case")),
        help_text=said_later(N_("The number of a case here, or else a reference below.")),
        max_length=30,
        required=False,
    )
    reference = forms.CharField(label=said_later(N_("Reference")), max_length=100, required=False)
    days = forms.IntegerField(
        label=said_later(N_("Ends after how many days")),
        help_text=said_later(N_("As long as the tier lets it, if it is left empty.")),
        min_value=1,
        max_value=DAYS_MAX,
        required=False,
    )
    source_country = forms.RegexField(
        r"\A[A-Z]{2}\Z",
        label=said_later(N_("Found in which country")),
        help_text=said_later(N_("Two capital letters; here, if it is left empty.")),
        max_length=2,
        required=False,
    )
    registered_since = forms.DateField(
        label=said_later(N_("This person's since")),
        help_text=said_later(N_("For a number or proxy, where it is known.")),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )
    registered_until = forms.DateField(
        label=said_later(N_("This person's until")),
        help_text=said_later(N_("From then on it is another person's.")),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )

    def clean(self) -> dict[str, object]:
        """Read the subject as the registry knows it, and the case as it goes on."""
        values = super().clean()
        add_subject(self, values)
        if values.get("case"):
            try:
                values["case"] = case_of(values["case"]).number
            except HoldfastError as error:
                add_problem(self, error)
        return values

    def to_list(self, decided_by: str) -> ToList:
        """Return it as the workflow wants it; `decided_by` is who fills the form in."""
        told = self.cleaned_data
        since, until = told["registered_since"], told["registered_until"]
        return ToList(
            told["parsed"],
            Ground(
                Event(told["event"]),
                Grade(told["evidence"]),
                Involvement(told["involvement"]),
                Link(told["link"]),
                told["payment_confirmed"],
                told["behaviour"],
                told["decided_by"] or decided_by,
                told["case"],
                told["reference"],
            ),
            told["days"],
            told["source_country"],
            begin_us(since) if since else None,
            begin_us(until) if until else None,
        )


class AlarmForm(ListForm):
    """What one person lists alone, and why it cannot wait."""

    reason = _text(N_("Why it cannot wait"), 2, REASON_LENGTH_MAX)


class ReasonForm(forms.Form):
    """A step that needs nothing but a reason."""

    reason = _text(N_("Why"), 2, REASON_LENGTH_MAX)


class UploadForm(forms.Form):
    """A file of listings."""

    file = forms.FileField(label=said_later(N_("File (.xlsx or .csv)")), max_length=200)

    def clean_file(self):
        """Refuse what is too large, or no table by its name."""
        file = self.cleaned_data["file"]
        if file.size > UPLOAD_BYTES_MAX:
            raise ValidationError(
                say(
                    N_("a file has at most {limit} bytes here, this has {found}"),
                    limit=UPLOAD_BYTES_MAX,
                    found=file.size,
                )
            )
        if not file.name.casefold().endswith((".xlsx", ".csv")):
            raise ValidationError(say(N_("a file ends with .xlsx or .csv here")))
        return file


class ContestsForm(forms.Form):
    """Which contests are shown."""

    state = forms.ChoiceField(
        label=said_later(N_("State")),
        choices=_choices("contest", ContestState, N_("Waits, or overdue")),
        required=False,
    )


class VerdictForm(forms.Form):
    """Why a contest is decided so."""

    reason = _text(N_("The reason; the person reads it as it stands"), 5, 2000)


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

    reason = _text(N_("In your own words: why is it wrong?"), 6, TEXT_MAX)
    evidence = _text(
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
        label=said_later(N_("Kind")), choices=_choices("kind", SubjectKind), initial="phone"
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
