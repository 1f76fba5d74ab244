"""`holdfast check-number`: ask a centre about a number without telling it which."""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.registry.replica.following import Reply

KINDS = ("phone", "account", "link", "proxy", "wallet", "handle")
_KEY_BYTES_MAX = 64 * 1024
_SECONDS = 20.0


def check_number_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast check-number`."""
    parser.add_argument("text", help="a phone number, account, link, wallet or handle")
    parser.add_argument("--at", required=True, metavar="URL", help="the centre that is asked")
    parser.add_argument("--kind", choices=KINDS, help="found by its form if not said")
    parser.add_argument(
        "--key", metavar="BASE64", help="the centre's published key, if known; else it is asked"
    )
    parser.epilog = "example:\n  holdfast check-number 0812345678 --at https://centre.example"


def check_number(arguments: argparse.Namespace) -> int:
    """Ask whether something is reported; neither the centre nor anybody on the way learns what."""
    from holdfast.banks.deadline import Timeouts, http_client
    from holdfast.cli.replica_link import HttpLink
    from holdfast.registry.asking import ANSWER_BYTES_MAX, Question, kind_of, sentence_of
    from holdfast.registry.subject import parse_subject

    with http_client(Timeouts()) as client:
        link = HttpLink(arguments.at, "", client)
        told = _read(link.get("/v1/check", {}, _KEY_BYTES_MAX, _SECONDS))
        kind = arguments.kind or kind_of(arguments.text)
        subject = parse_subject(kind, arguments.text, str(told.get("country")))
        question = Question.about(subject, secrets.token_bytes(64))
        public = _public(told, arguments.key)
        # With the key that we were told: it may be renewed between the two questions.
        body = {**question.body, "public_key": base64.b64encode(public).decode()}
        given = _read(link.post("/v1/check", body, ANSWER_BYTES_MAX))
    found = question.read(given, public)
    Screen().write(say(sentence_of(found)))
    return DONE


def _public(told: Mapping[str, object], pinned: str | None) -> bytes:
    """Return the key by which the answer is verified; one that was told before must be the same."""
    text = str(told.get("public_key"))
    if pinned is not None and pinned != text:
        raise Refused(
            "check_key_other",
            N_("the centre answers with another key than the one given; ask it why"),
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable() from None


def _read(reply: Reply) -> Mapping[str, object]:
    from holdfast.registry.replica.following import Unreached, problem_code

    if reply.status != 200:
        raise Unreached(
            "centre_not_now",
            N_("the centre answers with HTTP status {status} ({problem})"),
            status=reply.status,
            problem=problem_code(reply.body),
        )
    try:
        values = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(values, dict):
        raise _unreadable()
    return values


def _unreadable() -> Refused:
    return Refused("check_unreadable", N_("what came is no answer to a check"))
