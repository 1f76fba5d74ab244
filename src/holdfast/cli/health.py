"""`holdfast check` and `holdfast audit verify`: is the installation well, and its record whole?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast check`."""
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.epilog = "example:\n  holdfast check"


def check(arguments: argparse.Namespace) -> int:
    """Say whether the installation is healthy, and what to do where it is not."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.server.clock import wall_us
    from holdfast.server.health import examine
    from holdfast.server.home import this_home

    findings = list(examine(this_home(), wall_us()))
    if arguments.format == "json":
        rows = [
            {"subject": row.subject, "well": row.well, "says": str(row), "remedy": say(row.remedy)}
            for row in findings
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        console = Screen()
        for row in findings:
            console.write(f"{'ok ' if row.well else '!! '} {row.subject:10} {row}")
            if not row.well and row.remedy:
                console.write(f"    {'':10} {say(row.remedy)}")
    return DONE if all(row.well for row in findings) else NOT_WHOLE


def verify_audit_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast audit verify`."""
    parser.add_argument(
        "--heads", type=Path, metavar="FILE", help="a copy of the heads kept elsewhere"
    )
    parser.epilog = "example:\n  holdfast audit verify --heads copy-of-heads.jsonl"


def verify_audit(arguments: argparse.Namespace) -> int:
    """Check every entry of the audit against its seals and the heads outside the database."""
    from holdfast.cli.shell import enter_centre

    enter_centre()
    from holdfast.records.models import SealedEntry
    from holdfast.records.signing_key import public_keys
    from holdfast.records.verify import verify
    from holdfast.server.home import this_home

    home, console = this_home(), Screen()
    count = 0
    for problem in verify(heads=arguments.heads or home.heads, keys=public_keys(home.keys)):
        count += 1
        console.write(f"{problem.code}: {problem}")
    sealed = SealedEntry.objects.count()
    if count:
        console.write(
            say(N_("{count} findings among {sealed} entries"), count=count, sealed=sealed)
        )
        return NOT_WHOLE
    console.write(
        say(N_("{sealed} entries, each as it was written and in its place"), sealed=sealed)
    )
    return DONE
