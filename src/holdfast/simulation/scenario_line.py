"""One line of a scenario, read word by word: each error names line, column and what is right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import NoReturn, TypeVar

from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.core.words import N_, say

BAHT_MAX = 10**9
DAYS_MAX = 60
NAME_LENGTH_MAX = 40
RESERVED = ("bank", "begins", "centre", "day", "people", "the")
"""Words that a line can begin with, which therefore name nobody; `Bank` may."""
SHOWN_MAX = 20
"""Words listed in an error as what would be right."""
LENGTHS_US = {"second": SECOND_US, "minute": 60 * SECOND_US, "hour": HOUR_US}
LENGTH_MAX_US = 7 * DAY_US

_WORD = re.compile(r"\d[\d,.:-]*|[^\s,]+|,")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII).fullmatch
_BAHT = re.compile(r"(\d{1,10}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?", re.ASCII).fullmatch
_WHOLE = re.compile(r"\d{1,6}", re.ASCII).fullmatch
Right = TypeVar("Right")


class Line:
    """A cursor over the words of one line; a comma is a word of its own."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self._words = list(_words(text.partition("#")[0]))
        self._end = len(text) + 1
        self._place = 0

    def __bool__(self) -> bool:
        return self._place < len(self._words)

    @property
    def column(self) -> int:
        """Where the next word begins, counted in characters from 1."""
        return self._words[self._place][0] if self else self._end

    @property
    def word(self) -> str:
        """The next word, or nothing at the end of the line."""
        return self._words[self._place][1] if self else ""

    @property
    def mark(self) -> int:
        """The place of the next word, at which an error can be told of later."""
        return self._place

    def skip(self, *words: str) -> bool:
        """Pass the next words if they are these, and say whether they were."""
        following = self._words[self._place : self._place + len(words)]
        if [word.lower() for _, word in following] != list(words):
            return False
        self._place += len(words)
        return True

    def want(self, word: str) -> None:
        """Pass a word that has to stand here.

        Raises:
            Refused: `scenario_word_unknown`.
        """
        if not self.skip(word):
            self.unknown([word])

    def choose(self, choices: Mapping[str, Right]) -> Right:
        """Pass one of the phrases, and return what it stands for; a longer one goes first.

        Raises:
            Refused: `scenario_word_unknown`, listing the phrases.
        """
        longest_first = sorted(choices, key=len, reverse=True)
        found = next((words for words in longest_first if self.skip(*words.split())), None)
        if found is None:
            self.unknown(choices)
        return choices[found]

    def end(self) -> None:
        """Let the line pass if no word is left.

        Raises:
            Refused: `scenario_word_unknown`.
        """
        if self:
            self.unknown([say(N_("the end of the line"))])

    def name(self, known: Iterable[str] | None = None) -> str:
        """Pass the name of a person or firm, one of those `known` if they are given.

        Raises:
            Refused: `scenario_name` or `scenario_person_unknown`.
        """
        if known is not None:
            known = list(known)
            if self.word not in known:
                self.refuse(
                    "scenario_person_unknown",
                    N_(
                        "line {line}, column {column}: nobody is called {value!r}; known are "
                        "{right}; a line such as 'people mule Nok at 006' makes others known"
                    ),
                    right=_listed(known),
                )
        elif not _is_name(self.word):
            self.refuse(
                "scenario_name",
                N_(
                    "line {line}, column {column}: {value!r} is no name; at most {most} letters, "
                    "digits, - and _ are, beginning with a letter, and none of {reserved}"
                ),
                most=NAME_LENGTH_MAX,
                reserved=_listed(RESERVED),
            )
        return self._pass()

    def bank(self, codes: Iterable[str]) -> str:
        """Pass the code of a bank.

        Raises:
            Refused: `scenario_bank_unknown`.
        """
        codes = list(codes)
        if self.word not in codes:
            self.refuse(
                "scenario_bank_unknown",
                N_("line {line}, column {column}: there is no bank {value!r}; there are {right}"),
                right=_listed(codes),
            )
        return self._pass()

    def amount_minor(self) -> int:
        """Pass an amount in baht, as `50,000` or `605.72`, and return it in satang.

        Raises:
            Refused: `scenario_amount`.
        """
        found = _BAHT(self.word)
        whole, part = found.groups("") if found else ("", "")
        satang = int(whole.replace(",", "") or 0) * 100 + int(part.ljust(2, "0"))
        if not 0 < satang <= BAHT_MAX * 100:
            self.refuse(
                "scenario_amount",
                N_(
                    "line {line}, column {column}: {value!r} is no amount; baht are written as "
                    "50,000 or 605.72, more than nothing and at most {most}"
                ),
                most=f"{BAHT_MAX:,}",
            )
        self._pass()
        self.skip("baht")
        return satang

    def time_us(self, day: int) -> int:
        """Pass `HH:MM`, `HH:MM:SS` or `day N HH:MM`; return how long after day 1 began it is.

        Without a day, it is `day`.

        Raises:
            Refused: `scenario_time_unreadable` or `scenario_number`.
        """
        if self.skip("day"):
            mark, day = self.mark, self._whole()
            if not 1 <= day <= DAYS_MAX:
                self._number_unfit(mark)
        found = _CLOCK(self.word)
        if found is None:
            self.refuse(
                "scenario_time_unreadable",
                N_(
                    "line {line}, column {column}: {value!r} is no time; write 10:05, 10:05:30 or "
                    "day 2 10:05"
                ),
            )
        hours, minutes, seconds = found.groups("0")
        self._pass()
        return (
            (day - 1) * DAY_US
            + int(hours) * HOUR_US
            + (int(minutes) * 60 + int(seconds)) * SECOND_US
        )

    def length_us(self) -> int:
        """Pass a length of time, such as `20 minutes`.

        Raises:
            Refused: `scenario_number` or `scenario_word_unknown`.
        """
        mark, count = self.mark, self._whole()
        units = {
            form: unit_us for unit, unit_us in LENGTHS_US.items() for form in (unit, f"{unit}s")
        }
        length_us = count * self.choose(units)
        if not 0 < length_us <= LENGTH_MAX_US:
            self._number_unfit(mark)
        return length_us

    def day(self) -> date:
        """Pass a date, such as `2026-03-02`.

        Raises:
            Refused: `scenario_date_unreadable`.
        """
        try:
            day = date.fromisoformat(self.word)
        except ValueError:
            day = date.min
        if not 2020 <= day.year <= 2100:
            self.refuse(
                "scenario_date_unreadable",
                N_(
                    "line {line}, column {column}: {value!r} is no date; write 2026-03-02, with "
                    "the year of the common era"
                ),
            )
        self._pass()
        return day

    def unknown(self, right: Iterable[str]) -> NoReturn:
        """Refuse the next word, because only `right` can stand here."""
        self.refuse(
            "scenario_word_unknown",
            N_("line {line}, column {column}: {value!r} is not understood; right would be {right}"),
            right=_listed(right),
        )

    def refuse(
        self, code: str, sentence: str, *, at: int | None = None, **fields: object
    ) -> NoReturn:
        """Refuse the line at the next word, or at a mark."""
        if at is not None:
            self._place = at
        value = self.word[:NAME_LENGTH_MAX]
        raise Refused(
            code, sentence, **({"value": value} | fields), line=self.number, column=self.column
        )

    def _pass(self) -> str:
        word = self.word
        self._place += 1
        return word

    def _whole(self) -> int:
        if _WHOLE(self.word) is None:
            self._number_unfit(self.mark)
        return int(self._pass())

    def _number_unfit(self, mark: int) -> NoReturn:
        self.refuse(
            "scenario_number",
            N_(
                "line {line}, column {column}: {value!r} is no number that fits here; a day is "
                "1 to {days}, a length of time 1 second to 168 hours, such as 20 minutes"
            ),
            at=mark,
            days=DAYS_MAX,
        )


def words_of(text: str) -> set[str]:
    """Return the words of a line, without its comment."""
    return {word for _, word in _words(text.partition("#")[0])}


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words with their columns; a comma at the end of a number parts it from others."""
    for found in _WORD.finditer(text):
        word = found.group()
        if word[0].isdigit() and word.endswith(","):
            bare = word.rstrip(",")
            yield found.start() + 1, bare
            yield found.start() + 1 + len(bare), ","
        else:
            yield found.start() + 1, word


def _is_name(word: str) -> bool:
    return (
        0 < len(word) <= NAME_LENGTH_MAX
        and word not in RESERVED
        and word[0].isalpha()
        and all(sign in "-_" or unicodedata.category(sign)[0] in "LMN" for sign in word)
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(islice(words, SHOWN_MAX)) or "-"
