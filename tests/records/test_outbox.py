"""The outbox: posted once, sent at least once, in nobody's hands twice."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.core.errors import Conflict
from holdfast.records import outbox
from holdfast.records.models import OutboxMessage
from holdfast.records.waits import WAIT_US_MAX, wait_us

pytestmark = pytest.mark.django_db


def _post(number: int, destination: str = "TH.A", due_us: int | None = None) -> OutboxMessage:
    return outbox.post(
        message_id=f"m{number}",
        kind="hold-order",
        destination=destination,
        subject=f"order:{number}",
        body=f"body {number}",
        now_us=100,
        due_us=due_us,
    )


def _take(now_us: int = 100, limit: int = 10, **words: object) -> list[str]:
    taken = outbox.take(now_us=now_us, lease_us=50, limit=limit, **words)  # type: ignore[arg-type]
    return [message.message_id for message in taken]


def test_a_message_posted_again_is_one_message() -> None:
    """The same content changes nothing, not even when it is due."""
    first = _post(1)
    again = _post(1, due_us=7)
    assert (again.id, again.due_us, OutboxMessage.objects.count()) == (first.id, 100, 1)


@pytest.mark.parametrize("field", ["kind", "destination", "subject", "body"])
def test_an_id_with_other_content_is_refused(field: str) -> None:
    """Whoever receives it would take the second for the first."""
    said = {"kind": "k", "destination": "d", "subject": "s", "body": "b"}
    outbox.post(message_id="m", now_us=1, **said)  # type: ignore[arg-type]
    with pytest.raises(Conflict) as caught:
        outbox.post(message_id="m", now_us=1, **(said | {field: "other"}))  # type: ignore[arg-type]
    assert caught.value.code == "message_id_reused"
    assert getattr(OutboxMessage.objects.get(), field) == said[field]


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused() -> None:
    """It must come and go with its change."""
    with pytest.raises(transaction.TransactionManagementError):
        _post(1)


def test_only_what_is_due_is_taken_and_the_longest_due_first() -> None:
    """A message of the future waits."""
    for number, due_us in enumerate([90, 101, 80, 100]):
        _post(number, f"TH.{number}", due_us)
    assert _take() == ["m2", "m0", "m3"]
    assert _take(101) == ["m1"]


def test_a_message_in_hand_is_not_taken_until_its_lease_ends() -> None:
    """The worker that died loses it; each taking is counted."""
    _post(1)
    assert _take(100) == ["m1"]
    assert _take(149) == []
    assert _take(150) == ["m1"]
    assert OutboxMessage.objects.get().attempts == 2


def test_one_destination_has_few_in_hand() -> None:
    """What was taken before counts, until it is done or its lease ends."""
    for number in range(5):
        _post(number, "TH.A" if number < 4 else "TH.B")
    assert _take(per_destination=2) == ["m0", "m1", "m4"]
    assert _take(per_destination=2) == []
    assert _take(per_destination=3) == ["m2"]
    outbox.done(OutboxMessage.objects.get(message_id="m0"), 101)
    assert _take(per_destination=3) == ["m3"]


def test_destinations_can_be_left_out() -> None:
    """Those known not to answer, or all but some."""
    for number, name in enumerate(["TH.A", "TH.B", "TH.C"]):
        _post(number, name)
    assert _take(not_to=["TH.A"], limit=1) == ["m1"]
    assert _take(to=["TH.A"]) == ["m0"]
    assert _take(to=[]) == []


def test_a_limit_takes_the_longest_due() -> None:
    """And none at a limit of none."""
    for number in range(5):
        _post(number, f"TH.{number}", 50 - number)
    assert _take(limit=0) == []
    assert _take(limit=-1) == []
    assert _take(limit=2) == ["m4", "m3"]


def test_a_message_given_back_waits() -> None:
    """It is due again after the wait, and tells its fault."""
    _post(1)
    [message] = outbox.take(now_us=100, lease_us=50, limit=1)
    assert outbox.again(message, now_us=110, fault="timeout", wait_us=1000)
    assert _take(1109) == []
    assert outbox.waiting(now_us=1109).tried == 1
    assert _take(1110) == ["m1"]


def test_who_lost_the_lease_can_not_give_back() -> None:
    """The one who has it now goes on undisturbed."""
    _post(1)
    [late] = outbox.take(now_us=100, lease_us=50, limit=1)
    [now] = outbox.take(now_us=150, lease_us=50, limit=1)
    assert not outbox.again(late, now_us=160, fault="timeout", wait_us=0)
    assert not outbox.give_up(late, now_us=160, fault="timeout")
    assert _take(161) == []
    assert outbox.again(now, now_us=170, fault="timeout", wait_us=0)


def test_who_lost_the_lease_can_still_say_it_arrived() -> None:
    """It did; nobody sends it again, and the other's fault comes too late."""
    _post(1)
    [late] = outbox.take(now_us=100, lease_us=50, limit=1)
    [now] = outbox.take(now_us=150, lease_us=50, limit=1)
    assert outbox.done(late, 160)
    assert not outbox.done(now, 165)
    assert not outbox.again(now, now_us=170, fault="timeout", wait_us=0)
    assert _take(10_000) == []
    assert OutboxMessage.objects.get().done_us == 160


def test_what_was_given_up_waits_for_a_person() -> None:
    """It is counted apart, and is taken again once somebody revived it."""
    _post(1)
    [message] = outbox.take(now_us=100, lease_us=50, limit=1)
    assert outbox.give_up(message, now_us=110, fault="unknown_account")
    assert _take(10_000) == []
    assert outbox.waiting(now_us=10_000).given_up == 1
    assert outbox.revive("m1", now_us=10_000)
    assert not outbox.revive("m1", now_us=10_000)
    assert _take(10_000) == ["m1"]


def test_what_waits_is_counted() -> None:
    """By what can be taken, what is in hand, and what failed; of all or of one destination."""
    empty = outbox.Waiting(open=0, due=0, taken=0, tried=0, given_up=0, oldest_us=None)
    assert outbox.waiting(now_us=100) == empty
    for number in range(4):
        _post(number, f"TH.{number % 2}", 100 if number < 3 else 500)
    assert _take(limit=1) == ["m0"]
    assert outbox.waiting(now_us=100) == outbox.Waiting(
        open=4, due=2, taken=1, tried=0, given_up=0, oldest_us=100
    )
    assert outbox.waiting(now_us=100, destination="TH.1").open == 2


def test_the_next_time_is_told() -> None:
    """The earliest of all that is open: when it is due, or when its lease ends."""
    assert outbox.next_due_us() is None
    assert not outbox.is_any_due(100)
    _post(1)
    _post(2, "TH.B", 500)
    assert outbox.next_due_us() == 100
    assert outbox.is_any_due(100)
    _take()
    assert outbox.next_due_us() == 150
    assert not outbox.is_any_due(149)
    outbox.done(OutboxMessage.objects.get(message_id="m1"), 101)
    assert outbox.next_due_us() == 500


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["post", "take", "done", "again"]), max_size=25),
    st.integers(1, 3),
)
def test_no_story_loses_a_message_or_gives_it_to_two(db: None, story: list[str], few: int) -> None:
    """Whatever workers do in whatever order: one holder at a time, and each is open or done."""
    OutboxMessage.objects.all().delete()
    now_us, posted = 100, 0
    hands: dict[str, tuple[OutboxMessage, int]] = {}
    for word in story:
        now_us += 10
        if word == "post":
            posted += 1
            _post(posted, f"TH.{posted % 2}")
        elif word == "take":
            taken = outbox.take(now_us=now_us, lease_us=35, limit=2, per_destination=few)
            for message in taken:
                assert message.message_id not in hands or hands[message.message_id][1] <= now_us
                hands[message.message_id] = (message, now_us + 35)
        elif hands:
            name = min(hands)
            message, _ = hands.pop(name)
            if word == "done":
                outbox.done(message, now_us)
            else:
                outbox.again(message, now_us=now_us, fault="f", wait_us=5)
        held = [m.destination for m, until_us in hands.values() if until_us > now_us]
        assert all(held.count(name) <= few for name in held)
    done = OutboxMessage.objects.exclude(done_us=None).count()
    assert outbox.waiting(now_us=now_us).open + done == posted


def test_waits_grow_to_ten_minutes() -> None:
    """2 s, 4 s, 8 s …, and stay there, however often."""
    waits = [wait_us(attempts) for attempts in range(1, 12)]
    assert waits[:3] == [2_000_000, 4_000_000, 8_000_000]
    assert waits[8:] == [512_000_000, WAIT_US_MAX, WAIT_US_MAX]
    assert wait_us(10**9) == WAIT_US_MAX == 600_000_000
    assert wait_us(0) == wait_us(-5) == 2_000_000


@given(st.integers(1, 100), st.floats(0, 1))
def test_jitter_takes_at_most_half(attempts: int, jitter: float) -> None:
    """So that waits neither meet nor vanish."""
    assert wait_us(attempts) // 2 <= wait_us(attempts, jitter) <= wait_us(attempts)


def _new(number: int, due_us: int = 100) -> OutboxMessage:
    return OutboxMessage(
        message_id=f"m{number}",
        kind="hold-order",
        destination=f"TH.{number}",
        subject=f"order:{number}",
        body="body",
        created_us=100,
        due_us=due_us,
    )


def test_new_messages_are_posted_at_once_and_taken_as_others() -> None:
    """Each at its own time, in nobody's hands; none changes nothing."""
    outbox.post_new([_new(1, due_us=120), _new(2)])
    outbox.post_new([])
    assert _take() == ["m2"]
    assert _take(120) == ["m1"]


def test_an_id_that_was_used_before_is_no_new_message() -> None:
    """Nobody's message is replaced, and none of those with it is posted."""
    _post(2)
    with pytest.raises(IntegrityError), transaction.atomic():
        outbox.post_new([_new(1), _new(2)])
    assert [row.body for row in OutboxMessage.objects.all()] == ["body 2"]


@pytest.mark.django_db(transaction=True)
def test_new_messages_outside_a_transaction_are_refused() -> None:
    """They must come and go with their change."""
    with pytest.raises(transaction.TransactionManagementError):
        outbox.post_new([_new(1)])
    assert not OutboxMessage.objects.exists()


def test_several_have_arrived_at_once() -> None:
    """Whoever has them by now; the time at which one was known to have arrived stays."""
    outbox.post_new([_new(1), _new(2), _new(3)])
    messages = list(OutboxMessage.objects.order_by("id"))
    outbox.done(messages[0], 110)
    outbox.give_up(messages[1], now_us=111, fault="gone")
    outbox.done_all(messages[:2], 120)
    rows = OutboxMessage.objects.order_by("id").values_list("done_us", "given_up_us", "last_fault")
    assert list(rows) == [(110, None, ""), (120, None, ""), (None, None, "")]
