"""``symflow latex``: derivation files in, a LaTeX document or single equations out."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from symflow.cli.finding import find_files
from symflow.cli.selecting import Selection
from symflow.cli.statuses import MALFORMED, PROVED, status_of
from symflow.cli.tex_running import make_pdf, tex_program
from symflow.confirm.checking import load_and_check
from symflow.derivation import load
from symflow.errors import ClaimError
from symflow.report.chapters import Chapter, Part, docstring_of
from symflow.report.cleaning import one_line
from symflow.report.document import to_document
from symflow.report.equations import find, to_equations
from symflow.report.notation import Macros
from symflow.report.plain import summary_line
from symflow.report.references import bibtex
from symflow.report.rows import Row, summary
from symflow.report.saving import save

_TEX_NAME = re.compile(r"[A-Za-z0-9_./+-]+")


def latex(options: Namespace) -> int:
    """Check what the command line names, write it as LaTeX, and return the exit status."""
    output = None if options.output in (None, "-") else Path(options.output)
    macro_file = None if options.macros is None else _macro_file(Path(options.macros), output)
    if options.pdf and (output is None or output.suffix != ".tex" or options.equations is not None):
        raise ClaimError("--pdf: give the document a name that ends in .tex, with -o, and no --equations")
    chapters = [_chapter(file, options) for file in derivation_files(options.paths, "latex")]
    if not chapters:
        print(f"symflow latex: no derivation file in {', '.join(options.paths)}", file=sys.stderr)
        return MALFORMED
    macros = Macros(named=options.equations is None or macro_file is not None)
    if options.equations is None:
        text = to_document(chapters, title=options.title, macros=macros, macro_file=macro_file)
    else:
        _require(options.equations, chapters)
        text = to_equations(chapters, options.equations, macros)
    if options.macros is not None:
        _save_macros(Path(options.macros), macros)
    if options.bib is not None:
        save(Path(options.bib), bibtex())
    if output is None:
        sys.stdout.write(text)
    else:
        save(output, text)
    rows = [row for chapter in chapters for part in chapter.parts for row in part.rows.values()]
    if output is not None:
        print(f"{one_line(str(output))}: {summary_line(summary(rows))}")
    if options.pdf and output is not None:
        _typeset(output)
    return status_of(summary(rows)) if rows else PROVED


def _typeset(document: Path) -> None:
    """Make the PDF of a document, or say what is missing for it."""
    program = tex_program()
    if program is None:
        print(
            f"symflow latex: no PDF, because pdflatex is not installed (Debian: texlive-latex-recommended and "
            f"texlive-latex-extra); {one_line(str(document))} is written",
            file=sys.stderr,
        )
        return
    pdf, complaints = make_pdf(document, program)
    print(one_line(str(pdf)) + "".join(f"\n    {complaint}" for complaint in complaints))


def derivation_files(paths: Sequence[str], command: str) -> Iterator[Path]:
    """The derivation files among what is named; claims files are passed over where they are not named themselves."""
    for file in find_files(paths):
        if file.suffix == ".py":
            yield file
        elif str(file) in paths or not file.exists():
            raise ClaimError(f"{file}: not a derivation file; symflow {command} reads derivations, which are .py files")


def _chapter(file: Path, options: Namespace) -> Chapter:
    derivations = load(file)
    rows: list[Row] = []
    if options.check:
        selected = None if options.equations is None else _labelled(options.equations)
        checked = load_and_check(file, seconds=options.timeout, select=selected, confirm=options.confirm)
        rows = [Row.of(str(file), statement) for statement in checked]
    parts = []
    for derivation in derivations:
        labels = {statement.label for statement in derivation.everything()}
        # Rows come in the order of the derivations, and labels are unique in each.
        own: dict[str, Row] = {}
        while rows and rows[0].label in labels and rows[0].label not in own:
            row = rows.pop(0)
            own[row.label] = row
        parts.append(Part(derivation, own))
    return Chapter(str(file), docstring_of(file), tuple(parts))


def _labelled(wanted: Sequence[str]) -> Selection:
    """Statements of these labels and the links of chains of these labels, from the text "label title"."""
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, wanted))})(?:\.(?:[0-9]+|base|step))? ")
    return lambda subject: pattern.match(subject) is not None


def _require(wanted: Sequence[str], chapters: Sequence[Chapter]) -> None:
    parts = [part for chapter in chapters for part in chapter.parts]
    for label in wanted:
        if not any(True for part in parts for _ in find(part, label)):
            known = ", ".join(theorem.label for part in parts for theorem in part.theorems())
            raise ClaimError(f"--equations {one_line(label)}: no such label; there are: {one_line(known)}")


def _macro_file(macros: Path, output: Path | None) -> str:
    """The macro file as the document names it: relative to the folder of the document."""
    folder = Path() if output is None else output.parent
    name = Path(os.path.relpath(macros, folder)).as_posix()
    if not _TEX_NAME.fullmatch(name):
        raise ClaimError(f"--macros {one_line(name)}: TeX reads names of letters, digits and . _ + - / only")
    return name


def _save_macros(path: Path, macros: Macros) -> None:
    try:
        existing = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ClaimError(f"--macros {path}: {error}") from error
    save(path, macros.added_to(existing))
