"""Waiting for the feed at the door: as long as nothing is new, and not a moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from holdfast.api import long_poll
from holdfast.api.long_poll import PATH, FeedWait


class Behind:
    """The application behind, which notes how far the feed was when it was asked."""

    def __init__(self) -> None:
        self.newest = 5
        self.looks = 0
        self.asked_at: list[int] = []
        self.broken = False

    def look(self) -> int:
        """Return the feed's last number."""
        self.looks += 1
        if self.broken:
            self.broken = False
            raise OSError
        return self.newest

    async def __call__(self, *_: Any) -> None:
        """Answer."""
        self.asked_at.append(self.newest)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_poll, "LOOK_S", 0.001)


async def _never() -> MutableMapping[str, Any]:
    raise AssertionError


async def _nowhere(message: MutableMapping[str, Any]) -> None:
    raise AssertionError(message)


def _question(query: str, path: str = PATH) -> MutableMapping[str, Any]:
    return {"type": "http", "path": path, "query_string": query.encode()}


def test_one_waits_until_the_feed_goes_on() -> None:
    """The answer is given after the new number is there, and one look serves all."""
    behind = Behind()
    door = FeedWait(behind, behind.look)

    async def run() -> None:
        waiting = [
            asyncio.create_task(door(_question("after=5&wait=20"), _never, _nowhere))
            for _ in range(50)
        ]
        while behind.looks < 3:
            await asyncio.sleep(0.001)
        assert behind.asked_at == []
        behind.newest = 6
        await asyncio.gather(*waiting)

    asyncio.run(run())
    assert behind.asked_at == [6] * 50
    assert behind.looks < 50


def test_the_wait_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing new within the time is an answer too."""
    monkeypatch.setattr(long_poll, "WAIT_S_MAX", 0.02)
    behind = Behind()
    asyncio.run(FeedWait(behind, behind.look)(_question("after=5&wait=9"), _never, _nowhere))
    assert behind.asked_at == [5]


@pytest.mark.parametrize(
    "question",
    [
        _question("after=5"),
        _question("after=5&wait=0"),
        _question("after=-1&wait=20"),
        _question("after=5&wait=2e1"),
        _question("after=" + "9" * 20 + "&wait=1"),
        _question("&".join(f"a{n}=1" for n in range(20))),
        _question("\u0e01"),
        _question("after=5&wait=20", "/v1/registry/replicas"),
        {"type": "lifespan"},
    ],
)
def test_who_asks_for_no_wait_gets_none(question: MutableMapping[str, Any]) -> None:
    """Whatever can't be read is handed on at once, to be refused where that is decided."""
    behind = Behind()
    asyncio.run(FeedWait(behind, behind.look)(question, _never, _nowhere))
    assert behind.asked_at == [5]
    assert behind.looks == 0


def test_beyond_the_bound_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who open questions without a key hold up nobody."""
    monkeypatch.setattr(long_poll, "WAITING_MAX", 0)
    behind = Behind()
    asyncio.run(FeedWait(behind, behind.look)(_question("after=5&wait=20"), _never, _nowhere))
    assert behind.looks == 0


def test_a_database_that_is_gone_for_a_moment_ends_no_wait() -> None:
    """A look that fails is made again."""
    behind = Behind()
    behind.broken = True
    asyncio.run(FeedWait(behind, behind.look)(_question("after=4&wait=20"), _never, _nowhere))
    assert behind.looks >= 2
    assert behind.asked_at == [5]
