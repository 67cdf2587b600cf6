"""pytest with the plugin: what is collected and what is left alone, how failures read, what is imported when."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("autograd", "flint", "hypothesis", "mpmath", "numpy", "sklearn", "sympy", "symflow.proof")

CLAIMS = """
# three claims
format = 1

[symbols]
H = "mask(Q)"
S = "symmetric(Q)"

[[claim]]
id = "idempotent"
statement = "H@H == H"

[[claim]]
id = "commute"
title = "they do not"
statement = "H@S == S@H"

[[claim]]
id = "malformed"
statement = "H@S == "
"""

DERIVATION = """
from symflow import Derivation

d = Derivation("A rotation")
R, x = d.orthogonal("R", "Q"), d.vector("x", "Q")
d.claim("length", (R @ x).T @ (R @ x) == x.T @ x)
d.claim("wrong", R @ x == x)
e = Derivation("Another")
e.claim("length", (R.T @ R) @ x == x)
"""


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "symflow.testing.plugin", "-p", "no:cacheprovider", "--rootdir=."]
    done = subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, env=environment
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for place, text in {
        "papers/claims.toml": CLAIMS,
        "papers/other.toml": '[tool]\nformat = 1\n[[claim]]\nid = "x"\n',
        "papers/notes.py": DERIVATION,  # not in a folder called derivations
        "derivations/rotation.py": DERIVATION,
        "derivations/deep/claims.toml": CLAIMS,
        "derivations/helper.py": "raise SystemExit('never run')  # Derivation( in a comment\n",
        "derivations/broken.py": "from symflow import Derivation\nd = Derivation('Broken')\nd.claim('x', 1 / 0)\n",
        "tests/test_ordinary.py": "from symflow import Derivation\nDerivation('1')\ndef test_ordinary():\n    pass\n",
        "tests/vectors/claims.toml": CLAIMS,
    }.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def collected(folder: Path, *arguments: str) -> list[str]:
    _, output = run(folder, "--collect-only", "-q", *arguments)
    return [line for line in output.splitlines() if "::" in line and not line.startswith(("ERROR", "FAILED"))]


ROTATION = [f"derivations/rotation.py::{label}" for label in ("length", "wrong", "length")]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["papers"], ["idempotent", "commute", "malformed"]),
        (["papers/claims.toml", "-k", "idem"], ["idempotent"]),
        (["papers/notes.py"], ["length", "wrong", "length"]),
        (["tests"], ["test_ordinary"]),
        (["tests/test_ordinary.py"], ["test_ordinary"]),
        (["tests/vectors"], ["idempotent", "commute", "malformed"]),
        (["derivations/rotation.py"], ["length", "wrong", "length"]),
        (["derivations"], ["idempotent", "commute", "malformed", "length", "wrong", "length"]),
        (["derivations/rotation.py::wrong"], ["wrong"]),
    ],
)
def test_what_is_collected(project: Path, arguments: list[str], wanted: list[str]) -> None:
    found = collected(project, *arguments)
    assert sorted(line.split("::")[-1] for line in found) == sorted(wanted)
    assert all(line.startswith(arguments[0].split("::")[0]) for line in found)


def test_failures_are_for_people(project: Path) -> None:
    report = project / "report.xml"
    status, output = run(project, "papers/claims.toml", "derivations/rotation.py", f"--junitxml={report}")
    assert status == 1
    assert "3 failed, 3 passed" in output
    assert "Traceback" not in output and "Error" not in output
    assert "refuted: commute (they do not)\nstatement: H@S == S@H" in output
    assert "residual:\n  + H@S\n  - S@H\n# a counterexample to commute\nfrom fractions import Fraction" in output
    assert "error: malformed" in output and "column" in output
    cases = {case.get("name"): case for case in ET.parse(report).iter("testcase")}
    assert {"idempotent", "commute", "malformed", "length", "wrong"} == set(cases)
    verdicts = {p.get("value") for p in cases["commute"].iter("property") if p.get("name") == "verdict"}
    assert verdicts == {"refuted"}
    failure = cases["wrong"].find("failure")
    assert failure is not None and "refuted: wrong (A rotation)" in str(failure.text)


def test_one_statement_alone(project: Path) -> None:
    status, output = run(project, "derivations/rotation.py", "-k", "wrong", "-v")
    assert status == 1
    assert "derivations/rotation.py::wrong FAILED" in output
    assert "1 failed, 2 deselected" in output
    assert run(project, "papers/claims.toml::idempotent", "--symflow-no-confirm", "--symflow-timeout=9")[0] == 0


def test_a_derivation_that_fails_is_told_by_its_line(project: Path) -> None:
    status, output = run(project, "derivations/broken.py")
    assert status == 2
    assert "broken.py, line 3: ZeroDivisionError" in output
    assert "Traceback" not in output


def test_control_characters_are_shown_not_sent(tmp_path: Path) -> None:
    claims = CLAIMS.replace('title = "they do not"', r'title = "\u001b[2J"')
    (tmp_path / "c.toml").write_text(claims, encoding="utf-8")
    output = run(tmp_path, "c.toml", "-k", "commute")[1]
    assert "\x1b" not in output
    assert r"\x1b[2J" in output


def loaded_after(work: str, folder: Path) -> set[str]:
    """The heavy modules that are loaded in a fresh interpreter after some work."""
    code = f"import sys\n{work}\nprint()\nprint('loaded', *[name for name in {HEAVY!r} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_nothing_heavy_is_imported_before_a_claim_is_decided(project: Path) -> None:
    main = "import pytest; pytest.main({0!r} + ['-q', '-p', 'symflow.testing.plugin', '-p', 'no:cacheprovider'])"
    assert loaded_after("import symflow.testing.plugin", project) == set()
    assert loaded_after(main.format(["papers/claims.toml", "--collect-only"]), project) == set()
    (project / "tests/test_ordinary.py").write_text("def test_ordinary():\n    pass\n", encoding="utf-8")
    assert loaded_after(main.format(["tests"]), project) == set()
    assert "symflow.proof" in loaded_after(main.format(["papers/claims.toml", "-k", "idem"]), project)


def test_the_entry_point_is_the_plugin() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        points = tomllib.load(file)["project"]["entry-points"]["pytest11"]
    assert hasattr(import_module(points["symflow"]), "pytest_collect_file")
