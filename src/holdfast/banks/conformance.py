"""The same cases against any bank's endpoint: what was sent, what came, what would be right.

Every order is a rehearsal (`test`: true), with ids of its own, and is released at the end. The
bank sets up one account for it that has money, and says one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.banks.client import Reply
from holdfast.banks.deadline import check_endpoint
from holdfast.banks.messages import (
    ORDER_BYTES_MAX,
    AnswerStatus,
    ExtendOrder,
    Payment,
    RefusalReason,
)
from holdfast.banks.rehearsal import (
    SMALL_MINOR,
    Rehearsal,
    Tools,
    Trial,
    Unjudged,
    came,
    read,
    said,
    wrong,
)
from holdfast.banks.signing import RequestHead, verify_response
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US
from holdfast.core.keys import SigningKey
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.core.words import N_, say

__all__ = ["CASES", "Finding", "Tools", "Trial", "check"]

Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one case went; `passed` is None where a bank that answers later can't be judged."""

    code: str
    sent: str
    right: str
    came: str
    passed: bool | None

    def __str__(self) -> str:
        return f"{self.code}: {say(self.sent)} → {self.came} ({say(self.right)})"


def check(endpoint: str, trial: Trial, tools: Tools, codes: Collection[str] = ()) -> list[Finding]:
    """Run all cases, or those of `codes`, in a fixed order; none stops the next.

    Raises:
        Refused: `endpoint_form` or `endpoint_insecure`.
    """
    cases = Rehearsal(check_endpoint(endpoint), trial, tools)
    findings = []
    for code, sent, right, case in CASES:
        if codes and code not in codes:
            continue
        try:
            verdict = case(cases)
            finding = Finding(code, sent, right, verdict[1], verdict[0])
        except Unjudged as unjudged:
            passed = None if unjudged.later else False
            finding = Finding(code, sent, right, unjudged.came, passed)
        findings.append(finding)
        cases.release_all()
    return findings


def _status(reply: Reply, right: int) -> Verdict:
    return reply.status == right, came(reply)


def _order_answered(cases: Rehearsal) -> Verdict:
    order = cases.order()
    _, reply = cases.send(order)
    answer = read(reply)
    fits = (answer.order_id, answer.institution) == (order.order_id, order.institution)
    later = answer.status is AnswerStatus.ACKNOWLEDGED
    return fits and later == (reply.status == 202), f"{came(reply)} {said(answer)}"


def _answer_signed(cases: Rehearsal) -> Verdict:
    head, reply = cases.send(cases.order())
    now_us = cases.tools.clock()
    try:
        verified = verify_response(
            reply.status, reply.headers, reply.body, head, cases.tools.keys, now_us
        )
    except Refused as refused:
        return False, wrong(refused)
    return True, verified.key_id


def _held_no_more(cases: Rehearsal) -> Verdict:
    answer = cases.answer(cases.order())
    return 0 < answer.amount_held_minor <= SMALL_MINOR, said(answer)


def _name_shown(cases: Rehearsal) -> Verdict:
    order = cases.order()
    shown = Payment(order.order_id, order.ordered_at_us, SMALL_MINOR, name_shown="Rehearsal Name")
    answer = cases.answer(replace(order, payment=shown))
    return answer.amount_held_minor > 0, f"{said(answer)}, name_matches {answer.name_matches}"


def _unsigned(cases: Rehearsal) -> Verdict:
    order = cases.order()
    head = RequestHead("POST", cases.endpoint + order.path, {"content-type": "application/json"})
    return _status(cases.raw(head, order.to_bytes()), 401)


def _wrongly_signed(cases: Rehearsal) -> Verdict:
    other = SigningKey(cases.tools.key.key_id, Ed25519PrivateKey.generate())
    return _status(cases.send(cases.order(), key=other)[1], 401)


def _wrong_digest(cases: Rehearsal) -> Verdict:
    order = cases.order()
    other = replace(order, amount_minor=order.amount_minor + 1).to_bytes()
    return _status(cases.send(order, body=other)[1], 401)


def _expired_signature(cases: Rehearsal) -> Verdict:
    return _status(cases.send(cases.order(), age_us=HOUR_US)[1], 401)


def _order_repeated(cases: Rehearsal) -> Verdict:
    order = cases.order()
    first, second = read(cases.send(order)[1]), read(cases.send(order)[1])
    if first.status is AnswerStatus.ACKNOWLEDGED and second != first:
        raise Unjudged(said(second), later=True)
    return first == second, f"{said(first)}, {said(second)}"


def _order_conflict(cases: Rehearsal) -> Verdict:
    order = cases.order()
    read(cases.send(order)[1])
    return _status(cases.send(replace(order, amount_minor=order.amount_minor + 1))[1], 409)


def _unknown_account(cases: Rehearsal) -> Verdict:
    answer = cases.answer(cases.order(account=cases.trial.unknown_account))
    right = answer.status is AnswerStatus.REFUSED and answer.reason is RefusalReason.NO_ACCOUNT
    return right, said(answer)


def _more_than_balance(cases: Rehearsal) -> Verdict:
    answer = cases.answer(cases.order(AMOUNT_MINOR_MAX))
    available_minor = answer.balance_available_minor
    right = answer.status is AnswerStatus.PARTLY_HELD and (
        available_minor is None or answer.amount_held_minor <= available_minor
    )
    return right, f"{said(answer)} / {available_minor}"


def _release_part(cases: Rehearsal) -> Verdict:
    order, held = cases.hold()
    answer = cases.answer(cases.release(order, 1))
    return answer.amount_held_minor == held.amount_held_minor - 1, said(answer)


def _release_whole(cases: Rehearsal) -> Verdict:
    order, held = cases.hold()
    answer = cases.answer(cases.release(order, held.amount_held_minor))
    return answer.status is AnswerStatus.RELEASED, said(answer)


def _extension(cases: Rehearsal) -> Verdict:
    order, held = cases.hold()
    extension = ExtendOrder(
        extension_id=cases.new_id(),
        order_id=order.order_id,
        issuer=order.issuer,
        institution=order.institution,
        account=order.account,
        basis=order.basis,
        basis_source=order.basis_source,
        expires_at_us=order.expires_at_us + HOUR_US,
        ordered_at_us=cases.tools.clock(),
        test=True,
    )
    answer = cases.answer(extension)
    same = (answer.status, answer.amount_held_minor) == (held.status, held.amount_held_minor)
    return same, said(answer)


def _expired_order(cases: Rehearsal) -> Verdict:
    now_us = cases.tools.clock()
    order = cases.order(ordered_at_us=now_us - 2 * HOUR_US, expires_at_us=now_us - HOUR_US)
    answer = cases.answer(order)
    right = answer.status is AnswerStatus.REFUSED and answer.reason is RefusalReason.EXPIRED
    return right, said(answer)


def _too_long(cases: Rehearsal) -> Verdict:
    body = cases.order().to_bytes() + b" " * ORDER_BYTES_MAX
    url = f"{cases.endpoint}/hold-orders"
    head = RequestHead("POST", url, cases.sign(url, body, cases.tools.key))
    return _status(cases.raw(head, body), 413)


def _rubbish(cases: Rehearsal) -> Verdict:
    body, url = b'{"type":"hold-order",', f"{cases.endpoint}/hold-orders"
    head = RequestHead("POST", url, cases.sign(url, body, cases.tools.key))
    reply = cases.raw(head, body)
    document = reply.headers.get("content-type", "").startswith("application/problem+json")
    return reply.status == 400 and document, came(reply)


CASES: Sequence[tuple[str, str, str, Callable[[Rehearsal], Verdict]]] = (
    (
        "order_answered",
        N_("a signed order"),
        N_("200 with a final answer or 202 with an acknowledgement, in form and in time"),
        _order_answered,
    ),
    (
        "answer_signed",
        N_("a signed order"),
        N_("an answer signed by a key of the bank, covering the order's signature"),
        _answer_signed,
    ),
    (
        "held_no_more",
        N_("an order for a small amount"),
        N_("a hold of at most what was ordered"),
        _held_no_more,
    ),
    (
        "name_shown",
        N_("an order with the name that the payer was shown"),
        N_("held as any other, with name_matches true, false or null"),
        _name_shown,
    ),
    ("unsigned_refused", N_("an order without a signature"), N_("refused with 401"), _unsigned),
    (
        "wrongly_signed_refused",
        N_("an order signed with another key"),
        N_("refused with 401"),
        _wrongly_signed,
    ),
    (
        "wrong_digest_refused",
        N_("an order changed after it was signed"),
        N_("refused with 401"),
        _wrong_digest,
    ),
    (
        "old_signature_refused",
        N_("an order signed an hour ago"),
        N_("refused with 401"),
        _expired_signature,
    ),
    ("order_repeated", N_("the same order twice"), N_("the same answer twice"), _order_repeated),
    (
        "order_conflict",
        N_("the same id with another amount"),
        N_("refused with 409"),
        _order_conflict,
    ),
    (
        "unknown_account",
        N_("an order for an account that does not exist"),
        N_("refused, with the reason no_account"),
        _unknown_account,
    ),
    (
        "more_than_balance",
        N_("an order for more than any balance"),
        N_("partly_held, with no more than what is available"),
        _more_than_balance,
    ),
    ("release_part", N_("a release of a part"), N_("the rest is still held"), _release_part),
    ("release_whole", N_("a release of all"), N_("released, with nothing held"), _release_whole),
    ("extension", N_("an extension by an hour"), N_("held as before"), _extension),
    (
        "expired_order",
        N_("an order whose deadline has passed"),
        N_("refused, with the reason expired"),
        _expired_order,
    ),
    ("too_long_refused", N_("an order of more than 64 KiB"), N_("refused with 413"), _too_long),
    (
        "rubbish_refused",
        N_("a signed body that is no order"),
        N_("400 with a problem document"),
        _rubbish,
    ),
)
"""Code, what is sent, what would be right, and the case itself."""
