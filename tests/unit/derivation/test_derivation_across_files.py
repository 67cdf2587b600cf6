"""Lemmas of other files: found beside the file, proved there, and never in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from symflow.derivation import load
from symflow.errors import ClaimError

HEAD = "from symflow import Derivation\n"
FIRST = HEAD + 'd = Derivation("First")\nR = d.orthogonal("R", "Q")\nd.claim("inverse", R @ R.T @ R == R)\n'
SECOND = (
    HEAD
    + 'e = Derivation("Second")\nS = e.orthogonal("S", "Q")\nR = e.orthogonal("R", "Q")\n'
    + 'e.lemma("inverse", of="first.py", values={R: S})\ne.claim("uses", 2 * S @ S.T @ S == 2 * S)\n'
)


def test_a_lemma_of_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(FIRST)
    (tmp_path / "second.py").write_text(SECOND)
    (second,) = load(tmp_path / "second.py")
    assert second.verdict("uses").status == "proved"
    (lemma,) = second.statement("uses").lemmas
    assert Path(lemma.derivation.file).name == "first.py"


def test_a_false_statement_of_another_file_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(FIRST.replace("R @ R.T @ R == R", "R @ R.T @ R == -R"))
    (tmp_path / "second.py").write_text(SECOND.replace("== 2 * S)", "== -2 * S)"))
    (second,) = load(tmp_path / "second.py")
    assert second.verdict("uses").status == "undecided"


def test_what_a_statement_rests_on_stands_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(FIRST)
    text = 'e = Derivation("Third")\nA = e.matrix("A", "Q")\n'
    text += 'e.claim("own", A + A == 2 * A, rests_on=["first.py:inverse"])\n'
    (tmp_path / "third.py").write_text(HEAD + text)
    (third,) = load(tmp_path / "third.py")
    assert third.verdict("own").status == "proved"
    (tmp_path / "first.py").write_text(FIRST.replace("R @ R.T @ R == R", "R @ R.T @ R == -R"))
    (third,) = load(tmp_path / "third.py")
    assert third.verdict("own").status == "undecided"
    assert "rests on inverse" in third.verdict("own").detail


def test_files_that_are_missing_or_go_round_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "second.py").write_text(SECOND)
    with pytest.raises(ClaimError, match=r"first\.py: No such file"):
        load(tmp_path / "second.py")
    (tmp_path / "first.py").write_text(FIRST + 'd.lemma("uses", of="second.py")\n')
    with pytest.raises(ClaimError, match="in a circle"):
        load(tmp_path / "second.py")
    (tmp_path / "first.py").write_text(FIRST.replace('"inverse"', '"other"'))
    with pytest.raises(ClaimError, match="it has: other"):
        load(tmp_path / "second.py")
