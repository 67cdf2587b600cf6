"""``symflow code``: a derivation file in, a Python module of its proved right sides out."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections import Counter
from pathlib import Path

from symflow.cli.statuses import status_of
from symflow.cli.typesetting import derivation_files
from symflow.derivation import load
from symflow.derivation.python_modules import Style, module_text
from symflow.derivation.reports import Report, Step
from symflow.derivation.scope import scope
from symflow.errors import ClaimError, SymflowError
from symflow.proof import Verdict
from symflow.report.cleaning import one_line
from symflow.report.saving import save


def code(options: Namespace) -> int:
    """Prove what the command line names, write it as a module, and return the exit status.

    Statements that are named and not proved leave everything unwritten; without names, those that are proved are
    written, whatever the status says of the others.
    """
    output = None if options.output in (None, "-") else Path(options.output)
    style = Style(options.form, options.weighted, options.selected)
    file = _file(options.path)
    report = _report(file, options.labels, options.timeout)
    for step in report.steps:
        if step.verdict.status != "proved":
            print(f"{step.verdict.status:<10} {one_line(step.label)}  {one_line(step.verdict.detail)}", file=sys.stderr)
    counts = Counter({"error": 0, "refuted": 0, "undecided": 0, "proved": 0})
    counts.update(step.verdict.status for step in report.steps)
    if options.labels and not report.proved:
        print("symflow code: nothing is written, because not all of these statements are proved", file=sys.stderr)
        return status_of(counts)
    text = module_text(report.title, report.steps, options.labels, style, _origin(file, options))
    if output is None:
        sys.stdout.write(text)
    else:
        save(output, text)
        count = text.count("\ndef ")
        print(f"{one_line(str(output))}: {count} function{'s' * (count != 1)}")
    return status_of(counts)


def _file(path: str) -> Path:
    if Path(path).is_dir():
        raise ClaimError(f"{path} is a folder; symflow code writes a module for one derivation file")
    (file,) = derivation_files([path], "code")
    return file


def _report(file: Path, labels: list[str], seconds: float) -> Report:
    """The statements of a file with these labels, or all, with their verdicts; the derivations of a file are one."""
    derivations = load(file)
    known = [statement.label for derivation in derivations for statement in derivation.everything()]
    for label in labels:
        if label not in known:
            raise ClaimError(f"{file}: no statement is labelled {one_line(label)}; there are: {', '.join(known)}")
    steps = []
    titles = []
    for derivation in derivations:
        for statement in derivation.everything():
            if labels and statement.label not in labels:
                continue
            titles.append(derivation.title)
            try:
                verdict = derivation.verdict(statement.label, seconds=seconds)
            except SymflowError as error:
                verdict = Verdict("error", str(error), 0.0)
            steps.append(
                Step(
                    statement.label, statement.title, statement.source, statement.equation, verdict,
                    statement.hypotheses, scope(statement, verdict),
                )
            )  # fmt: skip
    return Report("; ".join(dict.fromkeys(titles)), tuple(steps))


def _origin(file: Path, options: Namespace) -> str:
    """How to write the module again."""
    words = ["symflow", "code", file.as_posix(), *options.labels]
    words += ["--as", options.form] * (options.form != "loops")
    words += ["--no-weights"] * (not options.weighted) + ["--selected"] * options.selected
    return f"Do not edit: change the derivation, and write this file again with\n\n    {shlex.join(words)}"
