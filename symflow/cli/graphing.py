"""``symflow graph``: derivation files in, a picture of what rests on what out."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from symflow.cli.statuses import MALFORMED, PROVED, REFUTED, UNDECIDED
from symflow.cli.typesetting import derivation_files
from symflow.derivation import Derivation, load
from symflow.errors import ClaimError, SymflowError
from symflow.proof import Verdict
from symflow.report.cleaning import natural_order, one_line
from symflow.report.dependencies import Graph, Verdicts, dependency_graph
from symflow.report.diagrams import to_dot, to_mermaid
from symflow.report.pictures import to_svg
from symflow.report.saving import save

_BY_SUFFIX = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid"}
_WRITERS: dict[str, Callable[[Graph], str]] = {"svg": to_svg, "dot": to_dot, "mermaid": to_mermaid}


def graph(options: Namespace) -> int:
    """Check what the command line names, draw what rests on what, and return the exit status."""
    output = None if options.output in (None, "-") else Path(options.output)
    form = _format(output, options.format)
    files = [(file.stem, load(file)) for file in derivation_files(options.paths, "graph")]
    files.sort(key=lambda named: natural_order(named[0]))
    if not files:
        print(f"symflow graph: no derivation file in {', '.join(options.paths)}", file=sys.stderr)
        return MALFORMED
    found = dependency_graph(_named_apart(files), _verdicts(options.timeout if options.check else None))
    text = _WRITERS[form](found)
    if output is None:
        sys.stdout.write(text)
    else:
        save(output, text)
        print(f"{one_line(str(output))}: {_counted(found)}")
    return _status(found)


def _format(output: Path | None, wanted: str | None) -> str:
    if wanted is not None:
        return wanted
    if output is None:
        return "mermaid"
    form = _BY_SUFFIX.get(output.suffix.lower())
    if form is None:
        known = ", ".join(_BY_SUFFIX)
        raise ClaimError(f"-o {one_line(str(output))}: what should it be? Give --format, or one of the endings {known}")
    return form


def _named_apart(files: list[tuple[str, list[Derivation]]]) -> list[tuple[str, list[Derivation]]]:
    """The files under different names: a name that is there already gets a number."""
    count: dict[str, int] = {}
    named = []
    for name, derivations in files:
        count[name] = count.get(name, 0) + 1
        named.append((name if count[name] == 1 else f"{name} ({count[name]})", derivations))
    return named


def _verdicts(seconds: float | None) -> Verdicts:
    """What decides a statement, or says that it is not to be decided."""

    def verdict(derivation: Derivation, label: str) -> Verdict | None:
        if seconds is None:
            return None
        try:
            return derivation.verdict(label, seconds=seconds)
        except SymflowError as error:
            return Verdict("error", str(error), 0.0)

    return verdict


def _counted(graph: Graph) -> str:
    """Such as "12 statements in 3 files, 2 arrows, 11 established"."""
    statements = [node for node in graph.nodes.values() if node.status != "assumed"]
    established = sum(node.established for node in statements)
    return f"{len(statements)} statements, {len(graph.edges)} arrows, {established} fully established"


def _status(graph: Graph) -> int:
    found = {node.status for node in graph.nodes.values()}
    for status, code in (("error", MALFORMED), ("refuted", REFUTED), ("undecided", UNDECIDED)):
        if status in found:
            return code
    return PROVED
