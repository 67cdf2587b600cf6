"""Answering ``--version`` and ``--help`` costs little more than starting Python: nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("autograd", "flint", "hypothesis", "mpmath", "numpy", "pytest", "rich", "scipy", "sklearn", "sympy")

# Run in a fresh interpreter: what this one has imported says nothing. The last line printed lists what was loaded.
REPORT = f"""
import sys
try:
    {{work}}
finally:
    sys.stdout.write("\\n" + " ".join(name for name in {HEAVY!r} if name in sys.modules) + "\\n")
"""


def loaded_by(work: str) -> set[str]:
    finished = subprocess.run(
        [sys.executable, "-c", REPORT.format(work=work)], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "work",
    [
        "import symflow",
        "import symflow; symflow.__version__; dir(symflow)",
        "from symflow.cli import main; main(['--version'])",
        "from symflow.cli import main; main(['--help'])",
        "from symflow.cli import main; main(['check', '--help'])",
        "from symflow.cli import main; main(['prove', '--help'])",
        "from symflow.cli import main; main(['grad', '--help'])",
    ],
)
def test_nothing_heavy_is_imported(work: str) -> None:
    assert loaded_by(work) == set()


def test_the_look_at_modules_can_tell() -> None:
    assert "numpy" in loaded_by("import numpy")


def test_module_and_function_answer_alike() -> None:
    command = [sys.executable, "-m", "symflow", "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    from symflow import __version__

    assert (finished.returncode, finished.stdout) == (0, f"symflow {__version__}\n")
