"""TeX run on a document that was written: the PDF beside it, or the first error in words.

TeX works in a folder of its own, so that no half-made file and no log is left beside the document.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from symflow.errors import ClaimError
from symflow.report.cleaning import one_line

_SECONDS = 300
_RUNS = 3  # pdflatex by itself: longtable settles its columns in the third run
_FLAGS = ["-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "-no-shell-escape"]
_ERROR = re.compile(r"^(?:! .*|\S*:[0-9]+: .*)$", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:Overfull .*|LaTeX Warning: .*undefined.*)$", re.MULTILINE)


def tex_program() -> str | None:
    """The program that makes a PDF: latexmk, or pdflatex by itself; None where TeX is not installed."""
    if shutil.which("pdflatex") is None:
        return None
    return shutil.which("latexmk") or shutil.which("pdflatex")


def make_pdf(document: Path, program: str) -> tuple[Path, list[str]]:
    """Run TeX on a document; returns the PDF, which stands beside it, and what TeX complains of.

    Raises ClaimError with TeX's first error where it fails; the document stays, and an older PDF too.
    """
    folder = document.parent.resolve()
    target = document.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as made:
        environment = {**os.environ, "TEXINPUTS": f"{folder}:{os.environ.get('TEXINPUTS', '')}"}
        log = _run(program, document.resolve(), Path(made), environment)
        made_pdf = Path(made, document.stem + ".pdf")
        if not made_pdf.exists():
            raise ClaimError(f"{document}: TeX made no PDF: {_first_error(log)}")
        neighbour = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            shutil.copyfile(made_pdf, neighbour)
            neighbour.replace(target)
        except OSError as error:
            raise ClaimError(f"{target} cannot be written: {error.strerror}") from error
        finally:
            neighbour.unlink(missing_ok=True)
    return target, [one_line(complaint) for complaint in _LEFT_OVER.findall(log)]


def _run(program: str, document: Path, folder: Path, environment: dict[str, str]) -> str:
    """The log of the last run."""
    if Path(program).name.startswith("latexmk"):
        commands = [[program, "-pdf", "-norc", *_FLAGS, f"-outdir={folder}", str(document)]]
    else:
        commands = [[program, *_FLAGS, f"-output-directory={folder}", str(document)]] * _RUNS
    for command in commands:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace",
                stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ClaimError(f"{document}: TeX was still running after {_SECONDS} s") from error
        except OSError as error:
            raise ClaimError(f"{program} cannot be run: {error.strerror}") from error
        log = folder / f"{document.stem}.log"
        text = log.read_text(encoding="latin-1") if log.exists() else done.stdout + done.stderr
        if done.returncode:
            raise ClaimError(f"{document}: TeX failed: {_first_error(text)}; the document itself is written")
    return text


def _first_error(log: str) -> str:
    """TeX's first error, with the line of the document, or how its report ends."""
    found = _ERROR.search(log)
    if found is None:
        lines = log.strip().splitlines()
        return one_line(lines[-1], 200) if lines else "it said nothing"
    place = re.search(r"^l\.([0-9]+)", log[found.end() :], re.MULTILINE)
    line = f" (line {place[1]})" if place and found[0].startswith("!") else ""
    return one_line(found[0], 200) + line
