"""What all tests share: how Hypothesis looks for examples, and where the files from outside the project lie.

The gate is deterministic, here and in continuous integration: the same commit gives the same answer. Looking for what
it misses is ``pytest --hypothesis-profile explore``, with fresh examples each time and many more of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).resolve().parents[2] / "shared"  # beside the checkout; claims files that other programs use too

# Hypothesis takes its own profile where CI is set, so everything that matters is said here.
settings.register_profile(
    "gate",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", derandomize=False, deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of files from outside the project; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("there is no folder ../shared beside this checkout")
    return SHARED
