"""Problems of files as commands tell them: the first on the screen, all in a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.cli.screen import Screen
from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.core.words import N_, say
from holdfast.documents.visible_text import visible

PROBLEMS_SHOWN_MAX = 20


class ProblemList:
    """Shows the first problems of a file, and writes all of them to another if asked."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._write: Callable[[Problem], None] = lambda _: None
        self._shown: list[Problem] = []
        self._count = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the file open in which all problems are written.

        Raises:
            Refused: `problems_file_unwritable`.
        """
        if self._file is None:
            yield
            return
        try:
            file = self._file.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise Refused(
                "problems_file_unwritable",
                N_("problems cannot be written to {file} ({why}); name a new file"),
                file=self._file,
                why=error.strerror,
            ) from None
        with file:
            writer = csv.writer(file)
            writer.writerow(["file", "row", "column", "code", "problem"])
            self._write = lambda p: writer.writerow(
                [p.file, p.row, p.fields.get("column", ""), p.code, visible(str(p), words=True)]
            )
            yield

    def tell(self, problem: Problem) -> None:
        """Take a problem in."""
        self._count += 1
        if len(self._shown) < PROBLEMS_SHOWN_MAX:
            self._shown.append(problem)
        self._write(problem)

    def show(self, console: Screen) -> None:
        """Print the first problems, and how many more there are."""
        for problem in self._shown:
            where = f"{problem.file}:{problem.row}" if problem.row else problem.file
            if "column" in problem.fields:
                where += f": {problem.fields['column']}"
            console.write(f"{where}: {problem.code}: {problem}")
        if self._count > len(self._shown):
            sentence = N_("… and {count} more; --problems FILE writes all of them.")
            console.print(say(sentence, count=f"{self._count - len(self._shown):,}"))
