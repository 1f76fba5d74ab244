"""A centre made of one rule, and small worlds, for the tests of playing.

The centre holds what a caller tells of at the account that was paid, and nothing more.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from holdfast.banks.client import Answered, BankClient
from holdfast.banks.deadline import http_client
from holdfast.banks.messages import HoldAnswer, HoldOrder, parse_answer
from holdfast.banks.messages import Payment as OrderedPayment
from holdfast.core.account import bank_of
from holdfast.core.instant import HOUR_US, SECOND_US, parse_instant
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.money import parse_minor
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.clock_file import SharedClock
from holdfast.simulation.country import Country, CountrySize, make_country
from holdfast.simulation.desk import TIMEOUTS
from holdfast.simulation.events import Call, Caller, Part, Player, Story
from holdfast.simulation.parameters import Channel, Shape
from holdfast.simulation.play import Clocks
from holdfast.simulation.plot import Planned
from holdfast.simulation.town import Town
from holdfast.simulation.world import World, world_of_cast

SMALL = CountrySize(banks=2, customers=300, merchants=30, transfers=2_500, scams=12, days=3)
BEGINS_US = parse_instant("2026-03-02T00:00:00+07:00")
MINUTE_US = 60 * SECOND_US
HOLD_US = 24 * HOUR_US
RETRY_US = 10 * MINUTE_US


def small_country(seed: int = 7) -> Country:
    """Return a country of a few hundred people."""
    return make_country(seed, SMALL)


@dataclass(frozen=True, slots=True)
class Said:
    """What the centre answers."""

    status_code: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Brought:
    """A message that was brought to a bank."""

    institution: str
    fault: str | None
    sent_s: float
    answered_s: float
    held_minor: int | None


@dataclass(slots=True)
class OneRule:
    """Orders a hold on what a caller tells of, until an answer comes."""

    clock: SharedClock
    bank: BankClient
    url: str = ""
    answers: list[HoldAnswer] = field(default_factory=list)
    fed: list[Transfer] = field(default_factory=list)
    reviews: list[dict[str, object]] = field(default_factory=list)
    instead: dict[str, Said | httpx.HTTPError] = field(default_factory=dict)
    """What is answered instead, or goes wrong, by how the path of a request begins."""
    decided: list[dict[str, object]] = field(default_factory=list)
    pumped_us: list[int] = field(default_factory=list)
    """When it did what was due."""
    heard_us: list[int] = field(default_factory=list)
    """When answers were posted to it."""
    asked: list[str] = field(default_factory=list)
    """Paths, and by whom, in the order in which they were asked."""
    _endpoints: dict[str, tuple[str, PublicKey]] = field(default_factory=dict)
    _waiting: list[tuple[int, HoldOrder]] = field(default_factory=list)
    _brought: list[Brought] = field(default_factory=list)

    def connect(self, institution_id: str, kind: str, endpoint: str, key: PublicKey | None) -> str:
        """Know a bank."""
        if key is not None:
            self._endpoints[institution_id] = endpoint, key
        return f"key of {kind} {institution_id}"

    def post(self, path: str, body: bytes, api_key: str) -> Said:
        """Take a report; everything else is only remembered."""
        self.asked.append(f"{path} by {api_key}")
        for head, said in self.instead.items():
            if path.startswith(head):
                if isinstance(said, httpx.HTTPError):
                    raise said
                return said
        if path.endswith("/decision"):
            self.decided.append(json.loads(body))
        if path != "/v1/reports":
            return Said(200, b"{}")
        case = f"C-{len(self.asked)}"
        claims = []
        for payment in json.loads(body)["payments"]:
            claims.append({"claim_id": f"K-{case}", "transfer_id": payment["transfer_id"]})
            self._order(case, payment)
        return Said(201, json.dumps({"case": case, "claims": claims}).encode())

    def get(self, path: str, api_key: str) -> Said:
        """Say what waits for a person: nothing but what a test put here."""
        self.asked.append(f"{path} by {api_key}")
        return Said(200, json.dumps({"items": self.reviews, "next": None}).encode())

    def feed(self, transfers: Sequence[Transfer]) -> None:
        """Keep what was paid."""
        self.fed += transfers

    def pump(self) -> None:
        """Bring the orders that are due; a bank that can't be reached is tried again later."""
        now_us = self.clock()
        self.pumped_us.append(now_us)
        due = [row for row in self._waiting if row[0] <= now_us]
        self._waiting = [row for row in self._waiting if row[0] > now_us]
        for _, order in due:
            endpoint, key = self._endpoints[order.institution]
            sent_s = time.perf_counter()
            found = self.bank.deliver(endpoint, order, {key.key_id: key}.get)
            fault, held_minor = None, None
            if isinstance(found, Answered):
                self.answers.append(found.answer)
                held_minor = found.answer.amount_held_minor
            else:
                fault = found.code
                self._waiting.append((now_us + RETRY_US, order))
            ended_s = time.perf_counter()
            self._brought.append(Brought(order.institution, fault, sent_s, ended_s, held_minor))

    def next_due_us(self) -> int | None:
        """Return when a bank is tried again."""
        return min((time_us for time_us, _ in self._waiting), default=None)

    def delivered_since(self, perf_s: float) -> list[Brought]:
        """Return what was brought to banks since then."""
        return [row for row in self._brought if row.sent_s >= perf_s]

    def _order(self, case: str, payment: dict[str, str]) -> None:
        now_us, account = self.clock(), payment["to_account"]
        order = HoldOrder(
            order_id=f"O-{case}-{payment['transfer_id']}",
            case=case,
            issuer="TH.AOC",
            institution=bank_of(account),
            account=account,
            amount_minor=parse_minor(payment["amount"], payment["currency"]),
            currency=payment["currency"],
            basis="caller_word",
            basis_source="a rule of these tests",
            provisional=True,
            ordered_at_us=now_us,
            expires_at_us=now_us + HOLD_US,
            payment=OrderedPayment(payment["transfer_id"], parse_instant(payment["time"]), 1, None),
        )
        self._waiting.append((now_us, order))


@contextmanager
def listening(centre: OneRule) -> Iterator[None]:
    """Let a centre take the answers that banks post later."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            centre.answers.append(parse_answer(body))
            centre.heard_us.append(centre.clock())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        centre.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()
        thread.join()


@contextmanager
def town_of(
    world: World, folder: Path, processes: int = 1
) -> Iterator[tuple[Town, OneRule, Clocks]]:
    """Run the banks of a world, beside a centre of one rule."""
    key, timeouts = SigningKey.new("TH.AOC-1"), TIMEOUTS
    with (
        SharedClock(folder / "banks.clock") as banks,
        SharedClock(folder / "centre.clock") as clock,
        http_client(timeouts, verify=False) as client,
        Town(
            world, folder / "banks", folder / "banks.clock", [key.public()], processes_max=processes
        ) as town,
    ):
        bank = BankClient(key, client, timeouts, clock, lambda: secrets.token_urlsafe(8))
        centre = OneRule(clock, bank)
        with listening(centre):
            yield town, centre, Clocks(banks, clock)


CAST = (
    Player("cash", Part.CASH, "TH.THCBC.000.CASH", 0),
    Player("Nok", Part.VICTIM, "TH.THCBC.004.0000000001", 50_000_00),
    Player("Mee", Part.MULE, "TH.THCBC.006.0000000002", 300_00),
    Player("Dang", Part.MULE, "TH.THCBC.004.0000000003", 0),
    Player("Ploy", Part.PERSON, "TH.THCBC.006.0000000004", 900_00),
)
CASH, NOK, MEE, DANG, PLOY = range(len(CAST))


def row(
    minute: float,
    debit: int,
    credit: int,
    baht: int,
    scam: str = "job-0001",
    *,
    claim: bool = False,
) -> Planned:
    """Return a payment of the story, so many minutes after it begins."""
    channel = Channel.CASH if credit == CASH else Channel.PROMPTPAY
    time_us = BEGINS_US + int(minute * MINUTE_US)
    return Planned(time_us, debit, credit, baht * 100, channel, scam, Shape.CHAIN, is_claim=claim)


def call(minute: float, *rows: int, scam: str = "job-0001", caller: Caller = Caller.VICTIM) -> Call:
    """Return a call about rows of the story."""
    return Call(BEGINS_US + int(minute * MINUTE_US), scam, caller, "job", rows, None)


def world_with(rows: Sequence[Planned], *calls: Call, hours: float = 30) -> World:
    """Return a world of few people in which these rows are meant to be paid."""
    story = Story("small", tuple(rows), calls, BEGINS_US + int(hours * HOUR_US))
    return world_of_cast(story, CAST, BEGINS_US)
