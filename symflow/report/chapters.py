"""What a document is made of: derivation files with their prose, derivations and verdicts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from symflow.derivation.statements import Statement
from symflow.derivation.writing import Derivation
from symflow.report.cleaning import natural_order
from symflow.report.rows import Row
from symflow.report.theorems import Theorem, theorems

_HEADED = re.compile(r"^([A-Z][A-Za-z]+): *")
_THEORY = re.compile(r"\btheory ([A-Z])[0-9]")
_CERTIFICATE = re.compile(r"certificate of ([0-9]+) steps?")
_SECTIONS = {
    "A": "Kinematics", "B": "Gradients in a chamber", "C": "Dynamics of cluster-separated truncations",
    "D": "Dynamics of general truncations", "E": "Standard cost with collapsed clusters", "F": "Beyond the paper",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A derivation with the rows of its statements, by label; without a row a statement was not checked."""

    derivation: Derivation
    rows: Mapping[str, Row] = field(default_factory=dict)

    def theorems(self) -> Iterator[Theorem]:
        """The statements, those of chains of equalities and of inductions put together."""
        return theorems(self.derivation)

    def rows_of(self, theorem: Theorem) -> list[Row | None]:
        """The row of each of its statements."""
        return [self.rows.get(statement.label) for statement in theorem.statements]


@dataclass(frozen=True)
class Chapter:
    """A derivation file: its path, the docstring of the module, its derivations."""

    file: str
    docstring: str
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """That of the derivation if there is one only, else the name of the file without its number."""
        if len(self.parts) == 1:
            return self.parts[0].derivation.title
        name = re.sub(r"^[a-z]?[0-9]+_", "", Path(self.file).stem).replace("_", " ")
        return name[:1].upper() + name[1:]

    @property
    def place(self) -> str:
        """The letter of its section of the theory, if its sources name one; else empty."""
        found = _THEORY.search(self.parts[0].derivation.source) if self.parts else None
        return found[1] if found else ""

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


@dataclass(frozen=True)
class Section:
    """Chapters under one heading: a letter of the theory, or none where a file is a section of its own."""

    title: str
    letter: str
    chapters: tuple[Chapter, ...]


def sections(chapters: Sequence[Chapter]) -> list[Section]:
    """The chapters in sections of the theory, in its order, if most of their sources say where they belong.

    Otherwise each file is a section, in the order given.
    """
    if len(chapters) < 2 or sum(bool(chapter.place) for chapter in chapters) <= len(chapters) / 2:
        return [Section(chapter.title, "", (chapter,)) for chapter in chapters]
    in_order = sorted(chapters, key=lambda chapter: natural_order(Path(chapter.file).stem))
    groups = [(letter, [c for c in in_order if c.place == letter]) for letter in _SECTIONS]
    last = chr(max(ord(letter) for letter, own in groups if own) + 1)
    groups.append((last, [c for c in in_order if c.place not in _SECTIONS]))
    return [Section(_SECTIONS.get(letter, "Further statements"), letter, tuple(own)) for letter, own in groups if own]


def docstring_of(file: Path) -> str:
    """The docstring of a Python file that has been run already; empty where it has none."""
    return ast.get_docstring(ast.parse(file.read_bytes())) or ""


def standing(rows: Sequence[Row | None]) -> str:
    """What is known of statements that are typeset as one: the worst of their verdicts."""
    verdicts = ["unchecked" if row is None else row.verdict for row in rows]
    return next((v for v in ("error", "refuted", "undecided", "unchecked") if v in verdicts), "proved")


def how(row: Row, statement: Statement) -> str:
    """How a statement was decided, without its hypotheses and lemmas, which a document names by number."""
    detail = row.detail.removeprefix(f"under {', '.join(map(repr, statement.hypotheses))}: ")
    return re.sub(r"; (?:lemmas used|may use)[: ].*$", "", detail)


def certificate_size(row: Row) -> int | None:
    """The number of steps of the certificate, if there is one."""
    found = _CERTIFICATE.search(row.detail) if row.verdict == "proved" else None
    return int(found[1]) if found else None
