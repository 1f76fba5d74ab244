"""`holdfast registry questions verify`: is the record of what was asked as it was written?"""

from __future__ import annotations

import argparse

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say

SHOWN_MAX = 100
_SENTENCES = {
    "damaged": N_("{file}: was changed since it was written, from byte {place} on"),
    "cut_short": N_("{file}: ends in the middle, at byte {place}: its process died while writing"),
    "open": N_("{file}: has no end, after byte {place}: its process still writes, or died"),
}
"""By the code of a flaw; the last two are what a crash leaves, and no finding."""


def questions_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast registry questions`."""
    parser.add_argument(
        "what", choices=("verify",), help="verify: read all of it; it changes nothing"
    )
    parser.epilog = "example:\n  holdfast registry questions verify"


def questions(arguments: argparse.Namespace) -> int:  # noqa: ARG001  (there is one thing to do)
    """Check that no question on record was changed or taken out of the middle since."""
    from holdfast.registry.question_keeping import question_folder
    from holdfast.registry.questions import files_of, verify_questions
    from holdfast.server.home import this_home

    folder, console = question_folder(this_home().folder), Screen()
    damaged = 0
    for place, flaw in enumerate(verify_questions(folder)):
        damaged += flaw.code == "damaged"
        if place < SHOWN_MAX:
            sentence = _SENTENCES[flaw.code]
            console.write(say(sentence, file=flaw.file.name, place=flaw.at_byte))
    count = len(files_of(folder))
    if damaged:
        console.write(
            say(N_("{damaged} of {count} files were changed"), damaged=damaged, count=count)
        )
        return NOT_WHOLE
    console.write(say(N_("{count} files, each as it was written"), count=count))
    return DONE
