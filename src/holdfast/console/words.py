"""The sentences of the pages, in the reader's language."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import lazy

from holdfast.console.duties import duties_of
from holdfast.console.registry_words import SENTENCES as OF_THE_REGISTRY
from holdfast.core.words import LANGUAGES, N_, say, set_language

said_later = lazy(say, str)
"""A sentence that is said when it is shown, for what is made before the language is known."""

SENTENCES = {
    "centre": N_("Anti-online-scam centre"),
    "enter_title": N_("Choose your password"),
    "enter_help": N_("At least 12 characters; several words are good. This link works once."),
    "password": N_("Password"),
    "again": N_("The same again"),
    "keep": N_("Keep it"),
    "sign_in_title": N_("Sign in"),
    "name": N_("Name"),
    "sign_in": N_("Sign in"),
    "sign_out": N_("Sign out"),
    "wrong": N_("Name or password is wrong."),
    "too_often": N_("Too many tries. Wait a little, then try again."),
    "not_yours": N_("This page is for administrators."),
    "institutions_title": N_("Institutions"),
    "institutions_none": N_("No institution is connected yet."),
    "institution_id": N_("Identifier, such as TH.THCBC.004"),
    "kind": N_("Kind"),
    "delivery": N_("How orders reach it"),
    "endpoint": N_("Endpoint (https)"),
    "keys": N_("Keys"),
    "add_title": N_("Add or change an institution"),
    "add": N_("Save"),
    "public_title": N_("Enter the key that it signs with"),
    "key_id": N_("Key id"),
    "public_key": N_("Public key (base64, from its CSV file)"),
    "key_title": N_("Issue a key for its programs"),
    "key_label": N_("What it is for"),
    "scopes": N_("What it may do"),
    "person": N_("Who holds it (needed for deciding reviews)"),
    "expires_days": N_("Good for how many days"),
    "issue": N_("Issue"),
    "retire": N_("Retire"),
    "retired": N_("retired"),
    "issued": N_("The key is shown this once; hand it over safely:"),
}


def speak(request: HttpRequest) -> str:
    """Speak the first language that is asked for and known, and return it."""
    asked = request.headers.get("Accept-Language", "en")[:2].lower()
    language = asked if asked in LANGUAGES else "en"
    set_language(language)
    return language


def words(request: HttpRequest) -> dict[str, object]:
    """Return for the templates the sentences, their language, and what the reader may do."""
    language = speak(request)
    sentences = SENTENCES | OF_THE_REGISTRY
    return {
        "words": {key: say(text) for key, text in sentences.items()},
        "language": language,
        "duties": duties_of(getattr(request, "user", None)),
    }
