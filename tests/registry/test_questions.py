"""The question log: what was kept is read again; cut short, changed, or on a full disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.core.errors import CentreError
from holdfast.registry import group_commit, questions
from holdfast.registry.group_commit import GroupCommit
from holdfast.registry.questions import Question, QuestionFiles, read_questions, verify_questions


def question(number: int) -> Question:
    """Return a question, unlike others."""
    return Question(
        id=f"q-{number}",
        at_us=number,
        asker="key:TH.THCBC.004/k1",
        purpose="payment",
        reference=f"E2E{number}",
        customer="",
        kind="account",
        data_version=7,
        hashes=number.to_bytes(16, "little"),
        values=bytes(8),
    )


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make files that few questions fill."""
    monkeypatch.setattr(questions, "SEGMENT_BYTES", 2000)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[QuestionFiles]:
    """Return a process's files, closed in the end."""
    opened = QuestionFiles(tmp_path, "w1", key_name=5)
    yield opened
    opened.close()


def flaws(folder: Path) -> list[str]:
    """Return what is wrong with a log."""
    return [flaw.code for flaw in verify_questions(folder)]


def test_what_is_kept_is_read_again(tmp_path: Path, files: QuestionFiles) -> None:
    """All questions come back in their order, over several files, and the log is whole."""
    asked = [question(number) for number in range(60)]
    for begin in range(0, 60, 3):
        files.write([one.encoded() for one in asked[begin : begin + 3]])
    assert list(read_questions(tmp_path)) == asked
    assert flaws(tmp_path) == ["open"]
    files.close()
    assert list(read_questions(tmp_path)) == asked
    assert not flaws(tmp_path)
    assert len(list(tmp_path.iterdir())) > 2


def test_a_group_larger_than_a_file_has_a_file_of_its_own(
    tmp_path: Path, files: QuestionFiles
) -> None:
    """A batch of any size is on record whole."""
    asked = [question(number) for number in range(100)]
    files.write([one.encoded() for one in asked])
    assert list(read_questions(tmp_path)) == asked


@pytest.mark.parametrize("left", [1, 39, 41, 100])
def test_a_torn_tail_is_left_out(tmp_path: Path, files: QuestionFiles, left: int) -> None:
    """Of a group that a crash cut anywhere nothing is read, all before it is; and the log says so."""
    files.write([question(1).encoded()])
    [file] = tmp_path.iterdir()
    begin = files._at
    files.write([question(2).encoded()])
    files._abandon()
    data = file.read_bytes()
    file.write_bytes(data[: begin + left] + bytes(len(data) - begin - left))
    assert list(read_questions(tmp_path)) == [question(1)]
    assert flaws(tmp_path) == ["cut_short"]


def test_every_change_is_found(tmp_path: Path, files: QuestionFiles) -> None:
    """Whichever byte of a closed file is changed, or how much of it cut off, the log tells it."""
    files.write([question(1).encoded()])
    files.write([question(2).encoded()])
    files.close()
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert flaws(tmp_path), place
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert flaws(tmp_path), length
    file.write_bytes(whole[:150] + bytes([whole[150] ^ 1]) + whole[151:])
    with pytest.raises(CentreError) as caught:
        list(read_questions(tmp_path))
    assert caught.value.code == "question_log_damaged"


def test_a_full_disk_answers_nothing(
    tmp_path: Path, files: QuestionFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be written is refused and leaves no file; with space it goes on."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full_disk)
        for _ in range(3):
            with pytest.raises(CentreError) as caught:
                files.write([question(1).encoded()])
            assert caught.value.code == "question_log_unwritable"
    assert not list(tmp_path.iterdir())
    files.write([question(2).encoded()])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", full_disk)
        with pytest.raises(CentreError):
            files.write([question(3).encoded()])
    files.write([question(4).encoded()])
    assert [one.id for one in read_questions(tmp_path)] == ["q-2", "q-3", "q-4"]


def test_many_wait_for_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everyone's record is on the disk when they go on, with far fewer syncs than records."""
    syncs = 0
    sync = os.fdatasync

    def counted(handle: int) -> None:
        nonlocal syncs
        syncs += 1
        sync(handle)

    monkeypatch.setattr(os, "fdatasync", counted)
    monkeypatch.setattr(questions, "SEGMENT_BYTES", 1 << 20)
    log = GroupCommit(QuestionFiles(tmp_path, "w1", key_name=5))

    async def one(number: int) -> None:
        await log.keep(question(number).encoded())
        assert question(number) in set(read_questions(tmp_path))

    async def all_at_once() -> None:
        await asyncio.gather(*(one(number) for number in range(40)))
        await one(99)

    asyncio.run(all_at_once())
    log.close()
    assert {one.at_us for one in read_questions(tmp_path)} == {*range(40), 99}
    assert syncs < 10
    assert not flaws(tmp_path)


def test_who_comes_a_turn_later_shares_the_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group waits as long as each turn of the loop brings somebody, and not for its whole time."""
    monkeypatch.setattr(group_commit, "GATHERS_S_MAX", 60)
    files = QuestionFiles(tmp_path, "w1", key_name=5)
    groups: list[int] = []
    write = files.write

    def counted(records: list[bytes]) -> None:
        groups.append(len(records))
        write(records)

    monkeypatch.setattr(files, "write", counted)
    log = GroupCommit(files)

    async def later(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await log.keep(question(turns).encoded())

    async def one_after_another() -> None:
        await asyncio.gather(*(later(turns) for turns in range(20)))

    asyncio.run(one_after_another())
    log.close()
    assert groups == [20]


def test_who_waits_is_told_that_nothing_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk refuses, each that waits gets the error; so does who comes after the end."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full_disk)
    log = GroupCommit(QuestionFiles(tmp_path, "w1", key_name=5))

    async def all_at_once() -> list[object]:
        kept = (log.keep(question(number).encoded()) for number in range(5))
        return list(await asyncio.gather(*kept, return_exceptions=True))

    found = asyncio.run(all_at_once())
    assert [getattr(error, "code", None) for error in found] == 5 * ["question_log_unwritable"]
    log.close()
    with pytest.raises(CentreError) as caught:
        asyncio.run(log.keep(b""))
    assert caught.value.code == "question_log_behind"
