"""What people fill in; what is right beyond its form is decided where it is carried out."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from holdfast.core.words import N_, say
from holdfast.people.role import KINDS, Scope
from holdfast.workflows.connect_institution import (
    DELIVERIES,
    EXPIRES_DAYS,
    EXPIRES_DAYS_MAX,
    INSTITUTION_FORM,
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
