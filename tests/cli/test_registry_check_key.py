"""`holdfast registry renew-check-key`: begins to renew the key by which citizens ask."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from tests.workflows.feed_kit import Feeding

from holdfast.cli import registry_check_key, shell
from holdfast.core.errors import Conflict
from holdfast.server import runtime
from holdfast.workflows.check_keys import coming_key


def test_it_begins_to_renew_the_key(
    tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says what comes of it; once, until that is over."""
    feeding = Feeding(tmp_path)
    monkeypatch.setattr(shell, "enter_centre", lambda: None)
    monkeypatch.setattr(runtime, "centre", lambda: feeding.centre)
    parser = argparse.ArgumentParser()
    registry_check_key.renew_arguments(parser)
    assert registry_check_key.renew(parser.parse_args([])) == 0
    assert "key 1 is made" in capsys.readouterr().out
    assert coming_key() == 1
    with pytest.raises(Conflict):
        registry_check_key.renew(parser.parse_args([]))
