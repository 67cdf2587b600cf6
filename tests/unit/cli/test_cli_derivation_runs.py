"""Derivation files side by side: the order of the files, and files that take their process down with them."""

from __future__ import annotations

from pathlib import Path

from symflow.cli.derivation_runs import FEW, Manner, rows_of_files

TRUE = 'from symflow import Derivation\nd = Derivation("D")\nA = d.matrix("A", "n")\nd.claim("twice", A + A == 2 * A)\n'
MANNER = Manner(seconds=10.0, select=None, confirm=False, deep=False)


def files(folder: Path, texts: list[str]) -> list[Path]:
    found = []
    for number, text in enumerate(texts):
        file = folder / f"{number}.py"
        file.write_text(text)
        found.append(file)
    return found


def test_rows_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    texts = [TRUE] * (FEW + 1)
    texts[1] = TRUE.replace("2 * A", "3 * A")
    texts[2] = "x = 1\n"
    named = files(tmp_path, texts)
    rows = list(rows_of_files(named, MANNER, 2))
    assert [row.file for row in rows] == [str(file) for file in named]
    assert [row.verdict for row in rows] == ["proved", "refuted", "error", *["proved"] * (FEW - 2)]
    alone = [(row.verdict, row.id) for row in rows_of_files(named, MANNER, 1)]
    assert [(row.verdict, row.id) for row in rows] == alone


def test_a_file_that_ends_its_process_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    texts = [TRUE] * FEW
    texts[1] = "import os\nos._exit(7)\n"
    rows = list(rows_of_files(files(tmp_path, texts), MANNER, 2))
    assert [row.verdict for row in rows] == ["proved", "error", *["proved"] * (FEW - 2)]
    assert "ended without a word" in rows[1].detail


def test_a_selection_reaches_the_processes(tmp_path: Path) -> None:
    manner = Manner(seconds=10.0, select="nothing", confirm=False, deep=False)
    assert list(rows_of_files(files(tmp_path, [TRUE] * FEW), manner, 2)) == []
