"""The screening endpoint: bare ASGI, because it is asked for each payment.

    POST /v1/screen                 one question or a batch: JSON, NDJSON or Arrow IPC
    GET  /v1/screen/{kind}/{key}    one question
    POST /v1/screen/{id}/sent       the payment was really sent: a token comes back
    GET  /v1/screen/bucket          what is left to ask

A question needs a key with the scope `registry:ask`, a purpose and the asker's own reference. It
is on record before its answer leaves, and without a record there is no answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from django.db import DatabaseError, InterfaceError

from holdfast.api import screen_body as body_of
from holdfast.api.bounded import Receive, Scope, Send
from holdfast.api.problem import of_status
from holdfast.api.screen_http import PATH, busy, read_body, refuse, send_reply
from holdfast.api.screen_id import QuestionIds
from holdfast.api.screen_keys import REREAD_US, Asker, AskerKeys
from holdfast.api.screen_quota import Charging, InThread
from holdfast.core.errors import CentreError, HoldfastError, Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.registry.group_commit import GroupCommit
from holdfast.registry.questions import MIXED, Question
from holdfast.registry.quota import BANK, PERSON, BucketName
from holdfast.registry.screening import Registry, Screened

log = logging.getLogger(__name__)

AT_ONCE_MAX = 256
"""Of subjects answered on the event loop; more are looked up in a thread."""
_JSON = body_of.JSON.encode()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoint is made of; all of one worker process."""

    registry: Callable[[], Registry]
    """The index open for asking; raises CentreError while there is none."""
    keys: AskerKeys
    charging: Charging
    ids: QuestionIds
    record: GroupCommit
    now_us: Callable[[], int]
    in_thread: InThread


class _Request(msgspec.Struct, frozen=True):
    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    asker: Asker
    at_us: int

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def words(self) -> dict[str, str]:
        """The words of the address behind `?`."""
        return dict(parse_qsl(self.query, max_num_fields=10))


class _Reply(msgspec.Struct, frozen=True):
    body: bytes
    content_type: bytes = _JSON


class ScreenEndpoint:
    """Answers everything at and under `/v1/screen`; other paths are not its own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._begun: asyncio.Task[None] | None = None
        self._rereading: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if self._rereading is None:
            await self.start()
        headers = dict(scope["headers"])
        try:
            reply = await self._reply(scope, headers, receive)
        except HoldfastError as error:
            await refuse(send, error, headers)
        except (DatabaseError, InterfaceError) as error:
            log.error("the database can't be used: %s", type(error).__name__)  # noqa: TRY400
            await refuse(send, busy(), headers)
        except Exception as error:  # noqa: BLE001  (whatever happens, the asker is told)
            # Not what was said: that could be personal.
            log.error("a question failed with %s", type(error).__name__)  # noqa: TRY400
            await refuse(send, of_status(500), headers)
        else:
            await send_reply(send, 200, reply.content_type, reply.body)

    async def start(self) -> None:
        """Read the keys and begin to read them anew all the time; the first requests do it too."""
        if self._begun is None:
            self._begun = asyncio.get_running_loop().create_task(self._begin())
        await asyncio.shield(self._begun)

    def close(self) -> None:
        """Put on record what waits and give tokens back; blocks."""
        if self._rereading is not None:
            self._rereading.cancel()
        self._parts.record.close()
        self._parts.charging.give_all_back()

    async def _reply(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> _Reply:
        parts = self._parts
        at_us = parts.now_us()
        asker = parts.keys.asker(headers.get(b"authorization", b""), at_us)
        raw_path = scope.get("raw_path") or scope["path"].encode()
        path = raw_path.partition(b"?")[0].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        request = _Request(scope["method"], path, query, headers, asker, at_us)
        if path == PATH:
            _check_method(request, "POST")
            return await self._posted(
                request, await read_body(headers, receive, body_of.BODY_BYTES_MAX)
            )
        if not path.startswith(f"{PATH}/"):
            raise of_status(404)
        rest = [unquote(part) for part in path.removeprefix(f"{PATH}/").split("/", 1)]
        if rest == ["bucket"]:
            _check_method(request, "GET")
            return await self._bucket(request)
        if len(rest) == 2 and rest[1] == "sent" and request.method == "POST":
            body = await read_body(headers, receive, body_of.BODY_BYTES_MAX)
            return await self._sent(request, rest[0], body)
        if len(rest) == 2:
            _check_method(request, "GET")
            why = body_of.why_of(request.words)
            return await self._one(request, why, rest[0], rest[1])
        raise of_status(404)

    async def _posted(self, request: _Request, body: bytes) -> _Reply:
        content_type = request.header(b"content-type").partition(";")[0].strip().lower()
        if content_type == body_of.JSON:
            one = body_of.read_one(body)
            if one is not None:
                return await self._one(request, one, one.kind, one.key)
            asked = body_of.read_many(body)
            shown = body_of.many_shown
        elif content_type == body_of.NDJSON:
            asked = body_of.read_lines(body, body_of.why_of(request.words))
            shown = body_of.lines_shown
        elif content_type == body_of.ARROW:
            words = request.words
            asked = body_of.read_arrow(body, body_of.why_of(words), words.get("kind", ""))
            shown = body_of.arrow_shown
        else:
            raise Refused(
                "content_type_wrong",
                N_("a question is JSON, NDJSON or an Arrow stream; send {right}"),
                right=", ".join((body_of.JSON, body_of.NDJSON, body_of.ARROW)),
            )
        question_id, screened = await self._many(request, asked)
        reply = await self._heavy(asked.count, lambda: shown(question_id, screened))
        return _Reply(reply, content_type.encode())

    async def _one(self, request: _Request, why: body_of.Why, kind: str, key: str) -> _Reply:
        parts, asker = self._parts, request.asker
        names = self._buckets(request, why)
        await self._reserve(names, 1, request.at_us)
        try:
            found = parts.registry().screen_one(key, kind, asker.kind, request.at_us)
        except BaseException:
            # A text that is no subject says nothing about any, and costs nothing.
            self._refund(names, 1, hits=0, misses=0)
            raise
        is_hit = found.tier is not None
        self._refund(names, 1, hits=int(is_hit), misses=int(not is_hit))
        values = found.value.to_bytes(8, "little")
        question_id = await self._recorded(
            request, why, names, kind, found.data_version, found.hash, values
        )
        return _Reply(body_of.one_shown(question_id, found))

    async def _many(self, request: _Request, asked: body_of.Asked) -> tuple[str, Screened]:
        parts, asker, why = self._parts, request.asker, asked.why
        names = self._buckets(request, why)
        await self._reserve(names, asked.count, request.at_us)
        try:
            registry = parts.registry()
            screened = await self._heavy(
                asked.count,
                lambda: body_of.screen_all(registry, asked, asker.kind, request.at_us),
            )
        except BaseException:
            self._refund(names, asked.count, hits=0, misses=0)
            raise
        hits = int((screened.values != 0).sum())
        misses = asked.count - hits - len(screened.problems)
        self._refund(names, asked.count, hits=hits, misses=misses)
        kind = next(iter(asked.kinds)) if len(asked.kinds) == 1 else MIXED
        hashes, values = screened.hashes.tobytes(), screened.values.tobytes()
        question_id = await self._recorded(
            request, why, names, kind, screened.data_version, hashes, values
        )
        return question_id, screened

    async def _recorded(
        self,
        request: _Request,
        why: body_of.Why,
        names: list[BucketName],
        kind: str,
        data_version: int,
        hashes: bytes,
        values: bytes,
    ) -> str:
        """Put a question and its answer on record; return its id once that is on the disk."""
        parts, asker = self._parts, request.asker
        question_id = parts.ids.new(request.at_us, asker.institution_id, why.customer)
        question = Question(
            question_id,
            request.at_us,
            asker.name,
            why.purpose,
            why.reference,
            names[-1].customer,
            kind,
            data_version,
            hashes,
            values,
        )
        await parts.record.keep(question.encoded())
        return question_id

    async def _sent(self, request: _Request, question_id: str, body: bytes) -> _Reply:
        customer = _customer_of(body)
        institution_id = request.asker.institution_id
        names = self._names(institution_id, customer)
        if not self._parts.charging.has_room:
            raise busy()
        self._parts.ids.told_sent(question_id, institution_id, customer)
        self._parts.charging.sent(question_id, names)
        return _Reply(b'{"given_back":true}')

    async def _bucket(self, request: _Request) -> _Reply:
        customer = request.words.get("customer", "")[:100]
        shown = {}
        for name in self._names(request.asker.institution_id, customer):
            rule, tokens = await self._parts.charging.state(name)
            shown[name.scope] = {
                "tokens": tokens,
                "size": rule.size,
                "per_minute": rule.per_minute,
                "costs": {"miss": rule.miss, "hit": rule.hit},
                "sent_gives_back": rule.sent,
            }
        return _Reply(msgspec.json.encode(shown))

    def _buckets(self, request: _Request, why: body_of.Why) -> list[BucketName]:
        """Return the buckets that a question is paid from.

        Raises:
            Refused: `question_customer_missing`.
        """
        if why.purpose == "payment" and not why.customer:
            raise Refused(
                "question_customer_missing",
                N_("a payment is intended by a customer; send your pseudonym of theirs"),
            )
        return self._names(request.asker.institution_id, why.customer)

    def _names(self, institution_id: str, customer: str) -> list[BucketName]:
        names = [BucketName(institution_id, BANK)]
        if customer:
            message = f"customer:{institution_id}\0{customer}".encode()
            hashed = self._parts.registry().index.key.hashed(message).hex()
            names.append(BucketName(institution_id, PERSON, hashed))
        return names

    async def _reserve(self, names: list[BucketName], count: int, at_us: int) -> None:
        """Spend what misses would cost, so that running out of tokens tells nothing of any subject."""
        charging = self._parts.charging
        paid: list[BucketName] = []
        try:
            for name in names:
                wanted = count * charging.rule(name).miss
                if not charging.take(name, wanted, at_us):
                    await charging.charge(name, wanted)
                paid.append(name)
        except BaseException:
            self._refund(paid, count, hits=0, misses=0)
            raise

    def _refund(self, names: list[BucketName], count: int, *, hits: int, misses: int) -> None:
        for name in names:
            rule = self._parts.charging.rule(name)
            self._parts.charging.give(name, count * rule.miss - rule.cost(hits, misses))

    async def _heavy(self, count: int, work: Callable[[], Any]) -> Any:
        return work() if count <= AT_ONCE_MAX else await self._parts.in_thread(work)

    async def _begin(self) -> None:
        await _logged(self._read_keys())
        await _logged(self._open())
        self._rereading = asyncio.get_running_loop().create_task(self._reread())

    async def _reread(self) -> None:
        """Read the keys anew and settle what is due, again and again."""
        while True:
            await asyncio.sleep(REREAD_US / SECOND_US)
            await _logged(self._read_keys())
            await _logged(self._parts.charging.settle())

    async def _open(self) -> None:
        """Have the index read before the first question; a worker just begun may yet make it."""
        try:
            await self._parts.in_thread(self._parts.registry)
        except CentreError as error:
            if error.code != "index_missing":
                raise

    async def _read_keys(self) -> None:
        await self._parts.in_thread(self._parts.keys.read)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    """Do what is done again soon; trouble is logged, and shows where it lasts."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  (a database that is gone comes back)
        log.warning("the index or the database can't be used now: %s", type(error).__name__)


def _check_method(request: _Request, method: str) -> None:
    if request.method != method:
        raise of_status(405)


def _customer_of(body: bytes) -> str:
    if not body.strip():
        return ""
    try:
        return msgspec.json.decode(body, type=_Sent).customer
    except msgspec.DecodeError as error:
        raise body_of.unreadable(error) from None


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    customer: body_of.Customer = ""
