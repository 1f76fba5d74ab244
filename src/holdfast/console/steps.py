"""Steps on a page: what somebody may do now, each a form with its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import HttpRequest

from holdfast.core.words import say


@dataclass(frozen=True, slots=True)
class Choice:
    """A button."""

    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody may do now."""

    title: str
    help: str
    form: Form
    choices: tuple[Choice, ...]
    is_folded: bool = False
    """Whether a long form is shown only where it is asked for."""


class Steps:
    """The forms of a page's steps; the one that was sent comes back with what is wrong."""

    def __init__(self, request: HttpRequest, forms: Mapping[str, type[Form]]) -> None:
        self._forms = forms
        self._is_sent = request.method == "POST"
        self._what = request.POST.get("what", "")
        self.sent: Any = None
        """The form that was sent; None where none was, or of a step that is none here."""
        if self._what in forms:
            self.sent = forms[self._what](request.POST, auto_id=f"{self._what}_%s")

    @property
    def is_taken(self) -> bool:
        """Whether a step is to be taken; one that is none here is refused where it would be."""
        return self._is_sent and (self.sent is None or self.sent.is_valid())

    @property
    def is_wrong(self) -> bool:
        """Whether what was filled in is not what it should be."""
        return self.sent is not None and not self.sent.is_valid()

    def step(
        self, title: str, help_text: str, *choices: tuple[str, str], is_folded: bool = False
    ) -> Step:
        """Return a step with its buttons, each a name and what it says."""
        first = choices[0][0]
        is_sent = self.sent is not None and self._what in [name for name, _ in choices]
        form = self.sent if is_sent else self._forms[first](auto_id=f"{first}_%s")
        buttons = tuple(Choice(name, say(says)) for name, says in choices)
        explained = say(help_text) if help_text else ""
        return Step(say(title), explained, form, buttons, is_folded and not is_sent)
