"""What a document is made of: derivation files with their prose, derivations and verdicts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from symflow.derivation.typesetting import Assertion, assertions
from symflow.derivation.writing import Derivation, Statement
from symflow.expr.printing import to_claims
from symflow.report.rows import Row

_HEADED = re.compile(r"^([A-Z][A-Za-z]+): *")


@dataclass(frozen=True)
class Part:
    """A derivation with the rows of its statements, by label; without a row a statement was not checked."""

    derivation: Derivation
    rows: Mapping[str, Row] = field(default_factory=dict)

    def assertions(self) -> Iterator[Assertion]:
        """The statements, chains of equalities put together."""
        return assertions(self.derivation.statements)


@dataclass(frozen=True)
class Chapter:
    """A derivation file: its path, the docstring of the module, its derivations."""

    file: str
    docstring: str
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """That of the derivation if there is one only, else the name of the file."""
        if len(self.parts) == 1:
            return self.parts[0].derivation.title
        return Path(self.file).stem.replace("_", " ")

    def paragraphs(self) -> Iterator[tuple[str, str]]:
        """The docstring as paragraphs, each with its heading, ``Source`` or ``Hypotheses``, or none."""
        for block in re.split(r"\n\s*\n", self.docstring.strip()):
            heading, lines = "", list[str]()
            for line in block.splitlines():
                found = _HEADED.match(line.strip())
                if found:
                    if lines:
                        yield heading, " ".join(lines)
                    heading, lines = found[1], []
                lines.append(line.strip()[found.end() :] if found else line.strip())
            if any(lines):
                yield heading, " ".join(lines)


def docstring_of(file: Path) -> str:
    """The docstring of a Python file that has been run already; empty where it has none."""
    return ast.get_docstring(ast.parse(file.read_bytes())) or ""


def standing(rows: list[Row | None]) -> str:
    """What is known of statements that are typeset as one: the worst of their verdicts."""
    verdicts = ["unchecked" if row is None else row.verdict for row in rows]
    return next((v for v in ("error", "refuted", "undecided", "unchecked") if v in verdicts), "proved")


def how(row: Row, statement: Statement) -> str:
    """How a statement was decided, without its hypotheses and lemmas, which a document names by number."""
    under = ", ".join(f"{to_claims(h.lhs)} == {to_claims(h.rhs)}" for h in statement.hypotheses)
    lemmas = ", ".join(dict.fromkeys(lemma.label for lemma in statement.lemmas))
    return row.detail.removeprefix(f"under {under}: ").removesuffix(f"; may use {lemmas}")
