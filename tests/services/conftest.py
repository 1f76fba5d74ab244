"""What these tests share."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.services.judging")

from tests.services.fixtures import processes, running, template, town  # noqa: E402

__all__ = ["processes", "running", "template", "town"]
