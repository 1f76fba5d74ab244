"""What the payment engine is told on this machine: listed, not listed, or that nobody can say.

    GET  /screen/{kind}/{key}   one subject
    POST /screen                {"subjects": [{"kind": …, "key": …}, …]}, 1,000 at most; with
                                "reference", the asker's own, such as the id of the payment
    GET  /health                whether "not listed" is said, as JSON; 503 where it is not
    GET  /metrics               the same for Prometheus

A bare ASGI application for the loopback interface: who reaches it may ask. "stale" stands for "not
listed" where what is held is too old for that; what is listed is told as such either way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.instant import SECOND_US, format_instant
from holdfast.core.words import N_
from holdfast.law.tier import CONTROLS
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.replica.recording import STALE, Recording, Told
from holdfast.registry.screening import Answer, Registry

BODY_BYTES_MAX = 1_000_000
SUBJECTS_MAX = 1000
REFERENCE_LENGTH_MAX = 100
Scope = Mapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Mapping[str, Any]], Any]


class Answers:
    """Answers for an institution of a kind, by its copy of the registry."""

    def __init__(
        self, registry: Registry, freshness: Freshness, kind: str, clock: Callable[[], int]
    ) -> None:
        self._registry = registry
        self._freshness = freshness
        self._kind = kind
        self._clock = clock

    def answer(self, kind: str, key: str) -> Told:
        """Return what is to be known of a subject.

        Raises:
            Refused: it is no subject, by the codes of `parse_subject`; or `replica_person`.
        """
        try:
            found = self._registry.screen_one(key, kind, self._kind, self._clock())
        except Refused as error:
            raise _ask_the_centre() if error.code == "subject_person_clear" else error from None
        stale = self._freshness.is_stale
        value = STALE if stale and not found.tier else found.value
        return Told(self._words(found, stale=stale), kind, found.hash, value, found.data_version)

    def _words(self, found: Answer, *, stale: bool) -> dict[str, object]:
        told: dict[str, object] = {
            "answer": "listed" if found.tier else "stale" if stale else "not_listed",
            "stale": stale,
            "data_version": found.data_version,
            "valid_for_s": 0 if stale else found.valid_for_s,
        }
        if found.tier is None or found.until_us is None:
            return told
        return {
            **told,
            "tier": found.tier,
            "effects": {name: getattr(found.effects, name).value for name in CONTROLS},
            "disputed": found.disputed,
            "spares": list(found.spares),
            "until": format_instant(found.until_us),
        }

    def figures(self) -> dict[str, int]:
        """Return how fresh and how far what is held is; -1 s where that is not known."""
        age_us = self._freshness.age_us()
        return {
            "age_seconds": -1 if age_us is None else age_us // SECOND_US,
            "stale": int(self._freshness.is_stale),
            "feed_number": self._registry.index.number,
            "clock_apart_seconds": self._freshness.clock_apart_us // SECOND_US,
        }


class AnswerApp:
    """The ASGI application; with a `recording`, what was asked is on record before it is answered."""

    def __init__(self, answers: Answers, recording: Recording | None = None) -> None:
        self._answers = answers
        self._recording = recording

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            return
        status, kind, content = await self._answer(scope, receive)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(content)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, str, bytes]:
        path, method = scope["path"], scope["method"]
        if method == "GET" and path == "/metrics":
            return 200, "text/plain; version=0.0.4", metrics(self._figures()).encode()
        if method == "GET" and path == "/health":
            figures = self._figures()
            return (503 if figures["stale"] else 200), *_json(figures)
        try:
            if method == "POST" and path == "/screen":
                return 200, *_json(await self._many(await _body(receive)))
            parts = scope.get("raw_path", path.encode()).decode("ascii").split("/")
            if method == "GET" and parts[1] == "screen" and len(parts) == 4:
                told = self._answers.answer(*map(unquote, parts[2:]))
                await self._record([told], "")
                return 200, *_json(told.words)
        except HoldfastError as error:
            return 422, *_json({"code": error.code, "detail": str(error)})
        return 404, *_json({"code": "address_unknown"})

    async def _many(self, body: bytes) -> dict[str, object]:
        """Answer for each subject; one that is none is told in its place and hides no other."""
        subjects, reference = _asked(body)
        words: list[Mapping[str, object]] = []
        known: list[Told] = []
        for subject in subjects:
            try:
                told = self._answers.answer(subject["kind"], subject["key"])
            except HoldfastError as error:
                words.append({"answer": "error", "code": error.code, "detail": str(error)})
            else:
                words.append(told.words)
                known.append(told)
        await self._record(known, reference)
        return {"answers": words}

    async def _record(self, told: Sequence[Told], reference: str) -> None:
        if self._recording is not None and told:
            await self._recording.keep(told, reference)

    def _figures(self) -> dict[str, int]:
        unrecorded = self._recording.unrecorded if self._recording is not None else 0
        return {**self._answers.figures(), "unrecorded": unrecorded}


def metrics(figures: Mapping[str, int]) -> str:
    """Return figures as Prometheus reads them."""
    return "".join(f"holdfast_replica_{name} {value}\n" for name, value in figures.items())


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX or message["type"] == "http.disconnect":
            raise Refused(
                "body_too_long", N_("a question has at most {limit} bytes"), limit=BODY_BYTES_MAX
            )
        if not message.get("more_body", False):
            return bytes(body)


def _asked(body: bytes) -> tuple[Sequence[dict[str, str]], str]:
    """Return the subjects of a body, and the reference of who asks."""
    subjects: list[dict[str, str]] = []
    reference = ""
    try:
        values = json.loads(body)
        subjects, reference = values["subjects"], values.get("reference", "")
        is_right = (
            len(subjects) <= SUBJECTS_MAX
            and all(
                isinstance(subject["kind"], str) and isinstance(subject["key"], str)
                for subject in subjects
            )
            and len(reference) <= REFERENCE_LENGTH_MAX
            and reference.isprintable()
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        is_right = False
    if not is_right:
        raise Refused(
            "screen_body",
            N_('ask with {{"subjects": [{{"kind": …, "key": …}}]}}, {limit} subjects at most'),
            limit=SUBJECTS_MAX,
        )
    return subjects, reference


def _ask_the_centre() -> Refused:
    return Refused(
        "replica_person",
        N_(
            "a replica can't tell of people, whose ids only the centre can seal; "
            "ask the centre itself, at POST /v1/screen"
        ),
    )


def _json(values: object) -> tuple[str, bytes]:
    return "application/json", json.dumps(values, ensure_ascii=False).encode()
