r"""Derivations as a LaTeX document: notation, definitions, hypotheses, theorems with their proofs, status.

Only amsmath, amssymb, amsthm, geometry, graphicx and longtable are used. The document reads verdicts and recomputes
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symflow.derivation.typesetting import Assertion, in_words_of, name_of, new_hypotheses
from symflow.expr.display import show
from symflow.expr.lines import WIDTH, aligned, fits
from symflow.expr.tree import Equation, Expr
from symflow.report.chapters import Chapter, Part, how, standing
from symflow.report.escaping import escape, prose
from symflow.report.notation import Macros
from symflow.report.rows import Row
from symflow.report.tables import notation_table, status_table

PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath,amssymb,amsthm,graphicx,longtable}
\allowdisplaybreaks
\emergencystretch=4em
\newtheorem{theorem}{Theorem}[section]
\newtheorem{claim}[theorem]{Claim}
\theoremstyle{definition}
\newtheorem{definition}[theorem]{Definition}
\newtheorem{hypothesis}[theorem]{Hypothesis}
% A formula that no line is wide enough for is made smaller as a whole.
\newsavebox{\formula}
\newcommand{\fitted}[1]{\sbox{\formula}{$\displaystyle#1$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}
"""

_CLOSING = {
    "refuted": "Refuted.", "undecided": "Neither proved nor refuted.", "error": "Not established.",
    "unchecked": "Not checked.",
}  # fmt: skip


class Labels:
    r"""Keys for ``\label`` that are safe and unique, whatever the labels of the derivations are."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def key(self, prefix: str, label: str) -> str:
        """A new key."""
        stem = f"{prefix}:{re.sub(r'[^A-Za-z0-9.]+', '-', label)}"
        key, count = stem, 1
        while key in self._taken:
            count += 1
            key = f"{stem}-{count}"
        self._taken.add(key)
        return key


def to_document(
    chapters: Sequence[Chapter], *, title: str = "Checked derivations", macros: Macros | None = None,
    macro_file: str | None = None,
) -> str:  # fmt: skip
    r"""A complete LaTeX document, with one section for each derivation file.

    ``macros`` collects the notation; it stands in the preamble, unless ``macro_file`` names the file to read it from.
    """
    used = macros if macros is not None else Macros()
    writer = _Writer(used, chapters)
    sections = [line for chapter in chapters for line in writer.chapter(chapter)]
    table = list(notation_table(chapters, writer.section_keys, used))
    status = status_table(writer.outcomes)
    notation = used.preamble() if macro_file is None else f"\\input{{{macro_file}}}\n"
    head = [f"\\title{{{escape(title)}}}", r"\author{}", r"\date{}", r"\begin{document}", r"\maketitle"]
    return PREAMBLE + notation + "\n".join([*head, *table, *sections, *status, r"\end{document}", ""])


class _Writer:
    def __init__(self, macros: Macros, chapters: Sequence[Chapter]) -> None:
        self.macros = macros
        self.labels = Labels()
        # by title and label: a lemma of another file is not the object that was loaded from that file
        self.theorem_keys: dict[tuple[str, str], str] = {}
        self.section_keys: list[str] = []
        self.outcomes: list[tuple[str, str, str, list[Row]]] = []  # label, key, standing, rows
        self.keys = {id(part): [self._name(part, a) for a in part.assertions()] for c in chapters for part in c.parts}

    def _name(self, part: Part, assertion: Assertion) -> str:
        key = self.labels.key("thm", assertion.label)
        for label in (assertion.label, *(statement.label for statement in assertion.statements)):
            self.theorem_keys.setdefault((part.derivation.title, label), key)
        return key

    def chapter(self, chapter: Chapter) -> Iterator[str]:
        names = {name for part in chapter.parts for name in (*part.derivation.symbols, *part.derivation.definitions)}
        names |= {dim for part in chapter.parts for dim in part.derivation.dimensions}
        key = self.labels.key("sec", chapter.file.rpartition("/")[2].removesuffix(".py"))
        self.section_keys.append(key)
        yield f"\n\\section{{{prose(chapter.title, names)}}}\\label{{{key}}}"
        headings = set()
        for heading, text in chapter.paragraphs():
            headings.add(heading)
            yield (f"\\par\\noindent\\emph{{{heading}:}} " if heading else "") + prose(text, names) + "\n"
        for part in chapter.parts:
            if len(chapter.parts) > 1:
                yield f"\\subsection{{{prose(part.derivation.title, names)}}}"
            if part.derivation.source and "Source" not in headings:
                yield f"\\par\\noindent\\emph{{Source:}} {escape(part.derivation.source)}\n"
            yield from self._part(part, names)

    def _part(self, part: Part, names: set[str]) -> Iterator[str]:
        yield from self._definitions(part)
        hypotheses = new_hypotheses(part.derivation)
        keys: dict[Equation, str] = {}
        place = 0
        for assertion, key in zip(part.assertions(), self.keys[id(part)], strict=True):
            place += len(assertion.statements)
            for hypothesis, first in hypotheses.items():
                if first < place and hypothesis not in keys:
                    keys[hypothesis] = self.labels.key("hyp", assertion.label)
                    yield f"\\begin{{hypothesis}}\\label{{{keys[hypothesis]}}}We assume"
                    yield self._display(part, (hypothesis.lhs, hypothesis.rhs))
                    yield r"\end{hypothesis}"
            under = [keys[h] for h in assertion.statements[0].hypotheses]
            yield from self._assertion(part, assertion, key, under, names)

    def _definitions(self, part: Part) -> Iterator[str]:
        shown = [(name, e) for name, e in part.derivation.definitions.items() if e.args]
        if not shown:
            return
        yield f"\\begin{{definition}}\\label{{{self.labels.key('def', part.derivation.title)}}}We write"
        lines: list[str] = []
        wide = False
        for name, expression in shown:
            sides = name_of(name, expression), in_words_of(part.derivation, expression, before=name)
            rows = aligned(*sides, notation=self.macros.notation, end="." if name == shown[-1][0] else ",")
            lines.append(" \\\\\n".join(rows).replace("&=", "&:=", 1))
            wide = wide or not fits(sides)
        yield display(" \\\\\n".join(lines), wide=wide)
        yield r"\end{definition}"

    def _assertion(
        self, part: Part, assertion: Assertion, key: str, under: list[str], names: set[str]
    ) -> Iterator[str]:  # fmt: skip
        rows = [part.rows.get(s.label) for s in assertion.statements]
        outcome = standing(rows)
        self.outcomes.append((assertion.label, key, outcome, [row for row in rows if row is not None]))
        first = assertion.statements[0]
        caption = escape(assertion.label) + (f": {prose(first.title, names)}" if first.title else "")
        kind = "theorem" if outcome == "proved" else "claim"
        yield f"\\begin{{{kind}}}[{{{caption}}}]\\label{{{key}}}"
        if under:
            many = "Hypotheses" if len(under) > 1 else "Hypothesis"
            yield f"Under {many}~" + ", ".join(rf"\ref{{{k}}}" for k in under) + ":"
        sides = assertion.sides
        yield self._display(part, (sides[0], sides[-1]))
        if first.source and first.source != part.derivation.source:
            yield f"({escape(first.source)})"
        yield f"\\end{{{kind}}}"
        yield from self._proof(part, assertion, outcome, rows)

    def _proof(self, part: Part, assertion: Assertion, outcome: str, rows: list[Row | None]) -> Iterator[str]:
        decided = [(row, s) for row, s in zip(rows, assertion.statements, strict=True) if row is not None]
        yield r"\begin{proof}" if outcome == "proved" else f"\\par\\noindent\\emph{{{_CLOSING[outcome]}}}"
        chain = len(assertion.statements) > 1
        if chain:
            yield "Step by step,"
            yield self._display(part, assertion.sides, [rf"\text{{({k})}}" for k, _ in enumerate(rows, start=1)])
        if outcome == "proved":
            yield "Proved in every dimension" + (", each equality by itself." if chain else ":")
        for number, (row, statement) in enumerate(decided, start=1):
            which = f"({number}) " if chain else ""
            detail = escape(how(row, statement))
            if row.verdict == "proved":
                confirmed = f"; confirmed by {escape(row.confirmation)}" if row.confirmation else ""
                yield f"{which}{'' if outcome == 'proved' else 'Proved: '}{detail}{confirmed}."
            else:
                residual = f" What is left of the difference: {escape(row.residual)}." if row.residual else ""
                verdict = f"{row.verdict.capitalize()}: " if chain else ""
                yield f"{which}{verdict}{detail}.{residual}"
        yield from self._lemmas(part, assertion)
        yield r"\end{proof}" if outcome == "proved" else r"\par\medskip"

    def _lemmas(self, part: Part, assertion: Assertion) -> Iterator[str]:
        for lemma in assertion.statements[0].lemmas:
            key = self.theorem_keys.get((lemma.derivation.title, lemma.label))
            where = f"Statement~\\ref{{{key}}}" if key else f"of ``{escape(lemma.derivation.title)}''"
            yield f"It may use {escape(lemma.label)}, {where}, in the form"
            yield self._display(part, (lemma.equation.lhs, lemma.equation.rhs))

    def _display(self, part: Part, sides: Sequence[Expr], remarks: Sequence[str] = ()) -> str:
        named = [in_words_of(part.derivation, side) for side in sides]
        room = WIDTH - (6 if remarks else 0)
        lines = aligned(*named, notation=self.macros.notation, end=".", remarks=remarks, room=room)
        return display(" \\\\\n".join(lines), wide=not fits(named, room))


def display(lines: str, *, wide: bool) -> str:
    r"""Lines aligned at their ``&`` as a display; what is ``wide`` is fitted to the line."""
    body = f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"
    return f"\\[\n\\fitted{{{body}}}\n\\]" if wide else f"\\[\n{body}\n\\]"


def to_equations(chapters: Sequence[Chapter], wanted: Sequence[str], macros: Macros) -> str:
    """The statements with these labels as numbered equations, to be put into a paper; those not found are left out."""
    labels = Labels()
    written: list[str] = []
    for label in dict.fromkeys(wanted):
        for chapter in chapters:
            for part in chapter.parts:
                written += [_equation(part, a, labels, macros) for a in find(part, label)]
    return "\n".join(written)


def find(part: Part, label: str) -> Iterator[Assertion]:
    """The statements of that label: a chain as a whole, one of its links, or a single statement."""
    for assertion in part.assertions():
        if assertion.label == label:
            yield assertion
        elif len(assertion.statements) > 1:
            yield from (Assertion(label, (s,)) for s in assertion.statements if s.label == label)


def _equation(part: Part, assertion: Assertion, labels: Labels, macros: Macros) -> str:
    named = [in_words_of(part.derivation, side) for side in assertion.sides]
    lines = " \\\\\n".join(aligned(*named, notation=macros.notation))
    outcome = standing([part.rows.get(s.label) for s in assertion.statements])
    remark = f"% {_comment(assertion.label)}: {outcome}"
    for hypothesis in assertion.statements[0].hypotheses:
        sides = (in_words_of(part.derivation, side) for side in (hypothesis.lhs, hypothesis.rhs))
        remark += "\n% under " + " = ".join(show(side, macros.notation) for side in sides)
    key = labels.key("eq", assertion.label)
    begin, end = f"\\begin{{equation}}\\label{{{key}}}\n\\begin{{aligned}}", "\\end{aligned}\n\\end{equation}"
    return f"{remark}\n{begin}\n{lines}\n{end}\n"


def _comment(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else " " for c in text)
