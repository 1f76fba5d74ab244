"""What people fill in to list: one subject and its ground, another ground, or a file."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from holdfast.console.dates import begin_us
from holdfast.console.forms import (
    REASON_LENGTH_MAX,
    SUBJECT_LENGTH_MAX,
    DeskForm,
    add_problem,
    add_subject,
    choices_of,
    text_field,
)
from holdfast.console.words import said_later
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_, say
from holdfast.law.tier import Event, Grade
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.file_complaint import case_of
from holdfast.workflows.list_subject import ToList

UPLOAD_BYTES_MAX = 900_000
"""Of a file by the page; the server takes little more in one request."""
DAYS_MAX = 3660


class GroundForm(DeskForm):
    """Why something is listed."""

    event = forms.ChoiceField(
        label=said_later(N_("Ground")),
        choices=choices_of(
            "event", [event for event in Event if event is not Event.CASE_UNFOUNDED]
        ),
    )
    evidence = forms.ChoiceField(
        label=said_later(N_("How well it is known")), choices=choices_of("evidence", Grade)
    )
    involvement = forms.ChoiceField(
        label=said_later(N_("Part the holder played")),
        choices=choices_of("involvement", Involvement),
    )
    link = forms.ChoiceField(
        label=said_later(N_("How it hangs together with the money")),
        choices=choices_of("link", Link),
    )
    behaviour = text_field(
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
    seen = forms.DateField(
        label=said_later(N_("Seen on")),
        help_text=said_later(
            N_("Needed where a contest put in doubt what was listed before; then after that.")
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )

    def clean(self) -> dict[str, object]:
        """Read the case as it goes on."""
        values: dict[str, object] = super().clean()
        if values.get("case"):
            try:
                values["case"] = case_of(str(values["case"])).number
            except HoldfastError as error:
                add_problem(self, error)
        return values

    def ground(self, decided_by: str) -> Ground:
        """Return it as the rules want it; `decided_by` is who fills the form in."""
        told = self.cleaned_data
        return Ground(
            Event(told["event"]),
            Grade(told["evidence"]),
            Involvement(told["involvement"]),
            Link(told["link"]),
            behaviour=told["behaviour"],
            decided_by=told["decided_by"] or decided_by,
            case_number=told["case"],
            reference=told["reference"],
            seen_us=begin_us(told["seen"]) if told["seen"] else None,
        )


class ListForm(GroundForm):
    """What is to be listed, and why."""

    kind = forms.ChoiceField(
        label=said_later(N_("Kind")), choices=choices_of("kind", SubjectKind), initial="account"
    )
    subject = forms.CharField(
        label=said_later(N_("Subject")),
        help_text=said_later(
            N_("Such as TH.THCBC.004.0123456789, 081-234-5678, https://example.com, line:@example")
        ),
        max_length=SUBJECT_LENGTH_MAX,
    )
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

    ask_second = forms.BooleanField(
        label=said_later(N_("A second person is to decide, also where the tier would not need it")),
        required=False,
    )
    field_order = ("kind", "subject")

    def clean(self) -> dict[str, object]:
        """Read the subject as the registry knows it."""
        values = super().clean()
        add_subject(self, values)
        return values

    def to_list(self, decided_by: str) -> ToList:
        """Return it as the workflow wants it; `decided_by` is who fills the form in."""
        told = self.cleaned_data
        since, until = told["registered_since"], told["registered_until"]
        return ToList(
            told["parsed"],
            self.ground(decided_by),
            told["days"],
            told["source_country"],
            begin_us(since) if since else None,
            begin_us(until) if until else None,
            second=told.get("ask_second", False),
        )


class AlarmForm(ListForm):
    """What one person lists alone, and why it cannot wait."""

    ask_second = None

    reason = text_field(N_("Why it cannot wait"), 2, REASON_LENGTH_MAX)


class UploadForm(DeskForm):
    """A file of listings."""

    file = forms.FileField(label=said_later(N_("File (.xlsx or .csv)")), max_length=200)

    def clean_file(self) -> UploadedFile:
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
