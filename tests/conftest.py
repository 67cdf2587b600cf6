"""What all tests share: how Hypothesis looks for examples, and where the files from outside the project lie.

The gate is deterministic, here and in continuous integration: the same commit gives the same answer. Looking for what
it misses is ``pytest --hypothesis-profile explore``, with fresh examples each time and many more of them.

The inner loops of the flows are compiled at their first use, for a minute or two. With several workers (``-n``) that is
done once, beside the tests of other things, which come first; workers that reach the flows earlier wait, else every one
would compile for itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
COMPILE = """
import pathlib, sys
try:
    from symflow.flow import batched_gradients, chamber_flow, rotation_flow
    data, biases, rotations = ([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]]), [[0.5]], [[[1.0]]]
    chamber_flow(*data, biases, rotations, t_max=1.0), rotation_flow(*data, biases, rotations, t_max=1.0)
    batched_gradients(*data, [biases], rotations)
finally:
    pathlib.Path(sys.argv[1]).touch()
"""
COMPILED = pytest.StashKey[Path]()  # the file that is there from when the loops are compiled
WITH_FLOWS = ("flow", "tests/test_benchmarks", "tests/test_documents", "tests/test_notebooks")

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


def pytest_configure(config: pytest.Config) -> None:
    """Let programs that tests start run this checkout; begin to compile, in the process that hands out the tests."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    several = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if several and find_spec("numba") is not None:
        place = tempfile.TemporaryDirectory()
        config.stash[COMPILED] = Path(place.name, "compiled")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        compiling = subprocess.Popen([sys.executable, "-c", COMPILE, config.stash[COMPILED]], **quiet)
        config.add_cleanup(lambda: (compiling.kill(), compiling.wait(), place.cleanup()))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where to look."""
    node.workerinput["compiled"] = str(node.config.stash.get(COMPILED, ""))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Wait, before a test of flows."""
    compiled = getattr(item.config, "workerinput", {}).get("compiled")
    if compiled and of_flows(item):
        until = time.monotonic() + 600
        while not Path(compiled).exists() and time.monotonic() < until:
            time.sleep(0.2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the compiled loops comes last."""
    items.sort(key=of_flows)


def of_flows(item: pytest.Item) -> bool:
    """Whether a test needs the compiled loops."""
    return any(part in item.nodeid for part in WITH_FLOWS)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of files from outside the project; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("there is no folder ../shared beside this checkout")
    return SHARED
