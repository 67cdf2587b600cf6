"""The equations that the flows compute are those that are proved: every file of them is proved and written again."""

from __future__ import annotations

import ast
import shlex
from pathlib import Path

import pytest

from symflow.cli import main

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "symflow" / "flow" / "equations"
FILES = sorted(file for file in FOLDER.glob("*.py") if file.name != "__init__.py")


def command_of(text: str) -> list[str]:
    """The command in the docstring of a file that writes it."""
    docstring = ast.get_docstring(ast.parse(text)) or ""
    (line,) = [line for line in docstring.splitlines() if line.startswith("    symflow ")]
    return shlex.split(line)[1:]


def test_there_are_files() -> None:
    assert {"chamber_maps.py", "chamber_sums.py", "rotation_turns.py"} <= {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_file_is_what_is_proved(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    written = tmp_path / file.name
    assert main([*command_of(file.read_text(encoding="utf-8")), "-o", str(written)]) == 0
    assert written.read_bytes() == file.read_bytes()
