"""How all tests run: Hypothesis without a stopwatch, and the same examples on every CI run.

A deadline would fail a test because a machine is busy. On a developer's machine examples are
new each time; CI repeats its own, so that chance decides about no submission.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "holdfast",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("holdfast")
