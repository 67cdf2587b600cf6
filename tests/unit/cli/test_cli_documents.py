"""``symflow graph`` and ``symflow latex --pdf``: what is written, and what is said where TeX is missing or fails."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from symflow.cli import main
from symflow.cli.tex_running import make_pdf, tex_program
from symflow.errors import ClaimError
from tests.snapshot.comparing import HERE

EXAMPLE = str(HERE / "examples/bias.py")
FAKE = """#!/bin/sh
for last; do :; done
{script}
"""


def fake_tex(folder: Path, script: str, *, name: str = "pdflatex") -> str:
    """A program that stands for TeX."""
    program = folder / name
    program.write_text(FAKE.format(script=script))
    program.chmod(0o755)
    return str(program)


def test_graph_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", EXAMPLE]) == 0
    assert capsys.readouterr().out.startswith('flowchart LR\n  subgraph g0["bias"]\n    s0["P · B3<br/>')
    assert main(["graph", EXAMPLE, "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph dependencies {\n")


@pytest.mark.parametrize(("name", "start"), [("g.svg", "<svg"), ("g.dot", "digraph"), ("g.mmd", "flowchart")])
def test_graph_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, start: str) -> None:
    output = tmp_path / name
    assert main(["graph", EXAMPLE, "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}: 3 statements, 0 arrows, 3 fully established\n"
    text = output.read_text(encoding="utf-8")
    assert text.startswith(start) and list(tmp_path.iterdir()) == [output]
    if start == "<svg":
        ET.fromstring(text)


def test_graph_says_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", EXAMPLE, "-o", str(tmp_path / "g.png")]) == 2
    assert "Give --format, or one of the endings .svg, .dot" in capsys.readouterr().err
    assert main(["graph", str(tmp_path / "absent.py")]) == 2
    assert main(["graph", str(tmp_path)]) == 2
    assert "no derivation file in" in capsys.readouterr().err


def test_graph_status_is_that_of_the_worst(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from symflow import Derivation\nd = Derivation('x')\nA = d.matrix('A', 'n')\nd.claim('c', A == A.T)\n"
    )
    assert main(["graph", str(wrong)]) == 1
    assert "R · c" in capsys.readouterr().out
    assert main(["graph", str(wrong), "--no-check"]) == 0
    assert "N · c" in capsys.readouterr().out


def test_without_tex_the_document_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    output = tmp_path / "paper.tex"
    assert main(["latex", EXAMPLE, "-o", str(output), "--no-check", "--pdf"]) == 0
    assert "no PDF, because pdflatex is not installed" in capsys.readouterr().err
    assert output.read_text().startswith(r"\documentclass") and list(tmp_path.iterdir()) == [output]


def test_pdf_needs_a_document_with_a_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["latex", EXAMPLE, "--pdf"]) == 2
    assert main(["latex", EXAMPLE, "--pdf", "-o", str(tmp_path / "a.txt")]) == 2
    assert capsys.readouterr().err.count("ends in .tex, with -o") == 2
    assert not list(tmp_path.iterdir())


def test_the_first_error_of_tex_is_told(tmp_path: Path) -> None:
    document = tmp_path / "paper.tex"
    document.write_text("x")
    (tmp_path / "paper.pdf").write_text("old")
    log = "echo '! Undefined control sequence.' > paper.log; echo 'l.7 \\\\oops' >> paper.log; exit 1"
    with pytest.raises(ClaimError, match=r"TeX failed: ! Undefined control sequence\. \(line 7\); the document itself"):
        make_pdf(document, fake_tex(tmp_path, log))
    assert (tmp_path / "paper.pdf").read_text() == "old"
    with pytest.raises(ClaimError, match="TeX made no PDF: quiet"):
        make_pdf(document, fake_tex(tmp_path, "echo quiet", name="latexmk"))
    with pytest.raises(ClaimError, match="cannot be run"):
        make_pdf(document, str(tmp_path / "absent"))


def test_what_tex_complains_of_is_told(tmp_path: Path) -> None:
    document = tmp_path / "paper.tex"
    document.write_text("x")
    script = "echo 'Overfull \\\\hbox (3.0pt too wide) in paragraph' > paper.log; echo made > paper.pdf"
    pdf, complaints = make_pdf(document, fake_tex(tmp_path, script))
    assert pdf.read_text() == "made\n" and complaints == [r"Overfull \hbox (3.0pt too wide) in paragraph"]


@pytest.mark.skipif(tex_program() is None, reason="pdflatex is not installed (Debian: texlive-latex-recommended)")
def test_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, notation, bib = (tmp_path / name for name in ("paper.tex", "notation.tex", "paper.bib"))
    layers = str(HERE / "examples/layers.py")
    arguments = ["latex", layers, EXAMPLE, "-o", str(output), "--macros", str(notation), "--bib", str(bib)]
    assert main([*arguments, "--no-check", "--pdf"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [str(output.with_suffix(".pdf"))]
    assert output.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notation.tex", "paper.bib", "paper.pdf", "paper.tex"]
    assert "@software{symflow," in bib.read_text()
    output.unlink()
    assert shutil.which("pdflatex")
