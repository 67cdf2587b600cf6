r"""Derivations as LaTeX theorems: definitions, hypotheses, statements, and proofs whose steps are those checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symflow.derivation.induction import Induction
from symflow.derivation.statements import Lemma, Statement
from symflow.derivation.typesetting import in_words_of, name_of
from symflow.expr.display import Notation
from symflow.expr.lines import WIDTH, aligned, fits
from symflow.expr.tree import Equation, Expr
from symflow.report.chapters import Chapter, Part, certificate_size, how, standing
from symflow.report.escaping import escape, prose
from symflow.report.labels import Labels, display, listed
from symflow.report.notation import Macros
from symflow.report.recursions import layered, recursion_lines
from symflow.report.references import cited
from symflow.report.rows import Row
from symflow.report.theorems import Theorem

SAID = {"unchecked": "not checked", "error": "not established"}
CLOSING = {
    "refuted": "Refuted.", "undecided": "Neither proved nor refuted.", "error": "Not established.",
    "unchecked": "Not checked.",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """A theorem as the tables at the end show it: label, key, what became of it, the rows of its statements."""

    label: str
    key: str
    standing: str
    rows: tuple[Row, ...]


class TheoremWriter:
    """Writes the derivations of chapters, and remembers which key each statement has and what became of it."""

    def __init__(self, macros: Macros, labels: Labels, chapters: Sequence[Chapter]) -> None:
        self.macros = macros
        self.labels = labels
        self.outcomes: list[Outcome] = []
        # by title and label: a lemma of another file is not the object that was loaded from that file
        self._known: dict[tuple[str, str], str] = {}
        self._keys = {id(p): [self._name(p, t) for t in p.theorems()] for c in chapters for p in c.parts}

    def _name(self, part: Part, theorem: Theorem) -> str:
        key = self.labels.key("thm", theorem.label)
        for label in (theorem.label, *(statement.label for statement in theorem.statements)):
            self._known.setdefault((part.derivation.title, label), key)
        return key

    def part(self, part: Part, names: set[str]) -> Iterator[str]:
        """The lines of a derivation; ``names`` are set as symbols in its texts."""
        yield from self._definitions(part)
        keys: dict[Equation, str] = {}
        for theorem, key in zip(part.theorems(), self._keys[id(part)], strict=True):
            for hypothesis in theorem.hypotheses:
                if hypothesis not in keys:
                    keys[hypothesis] = self.labels.key("hyp", theorem.label)
                    yield f"\\begin{{hypothesis}}\\label{{{keys[hypothesis]}}}We assume"
                    yield self._display(part, (hypothesis.lhs, hypothesis.rhs))
                    yield r"\end{hypothesis}"
            yield from self._theorem(part, theorem, key, [keys[h] for h in theorem.hypotheses], names)

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

    def _theorem(self, part: Part, theorem: Theorem, key: str, under: list[str], names: set[str]) -> Iterator[str]:
        rows = part.rows_of(theorem)
        outcome = standing(rows)
        found = tuple(row for row in rows if row is not None)
        self.outcomes.append(Outcome(theorem.label, key, outcome, found))
        caption = escape(theorem.label) + (f": {prose(theorem.title, names)}" if theorem.title else "")
        kind = "theorem" if outcome == "proved" else "claim"
        yield f"\\begin{{{kind}}}[{{{caption}}}]\\label{{{key}}}\\leavevmode{_in_margin(part, theorem, outcome)}"
        if under:
            many = "Hypotheses" if len(under) > 1 else "Hypothesis"
            yield f"Under {many}~" + listed([rf"\ref{{{k}}}" for k in under]) + ":"
        if theorem.induction is not None:
            yield "For every number of layers,"
            yield self._display(part, theorem.sides, notation=self._layered(theorem.induction), end=",")
            yield "where"
            yield self._recursion(part, theorem.induction)
        else:
            sides = theorem.sides
            yield self._display(part, (sides[0], sides[-1]), relation=theorem.relation)
        yield from self._grounds(part, theorem)
        if theorem.source and theorem.source != part.derivation.source:
            yield f"({cited(theorem.source, names)})"
        yield f"\\end{{{kind}}}"
        yield from self._proof(part, theorem, outcome, rows)

    def _layered(self, induction: Induction) -> Notation:
        return layered(self.macros.notation, induction.recursion)

    def _recursion(self, part: Part, induction: Induction) -> str:
        lines = list(
            recursion_lines(
                induction.recursion, self.macros.notation, lambda expr: in_words_of(part.derivation, expr)
            )
        )  # fmt: skip
        return display(" \\\\\n".join(line for line, _ in lines), wide=any(width > WIDTH for _, width in lines))

    def _grounds(self, part: Part, theorem: Theorem) -> Iterator[str]:
        """What is known of the symbols by other theorems: what they say, where the statement uses it."""
        said = [lemma for lemma in theorem.rests_on if lemma.equation in theorem.statements[0].hypotheses]
        for lemma in dict.fromkeys(said):
            yield f"Here, by {self._reference(lemma)},"
            yield self._display(part, (lemma.equation.lhs, lemma.equation.rhs))
        other = [lemma for lemma in theorem.rests_on if lemma not in said]
        if other:
            yield f"This rests on {self._references(other)}."

    def _references(self, lemmas: Sequence[Lemma]) -> str:
        return listed(list(dict.fromkeys(map(self._reference, lemmas))))

    def _reference(self, lemma: Lemma) -> str:
        key = self._known.get((lemma.derivation.title, lemma.label))
        if key:
            return f"{escape(lemma.label)} (\\ref{{{key}}})"
        return f"{escape(lemma.label)} of ``{escape(lemma.derivation.title)}''"

    def _proof(self, part: Part, theorem: Theorem, outcome: str, rows: list[Row | None]) -> Iterator[str]:
        yield r"\begin{proof}" if outcome == "proved" else f"\\par\\noindent\\emph{{{CLOSING[outcome]}}}"
        if theorem.induction is not None:
            yield from self._induction(part, theorem, theorem.induction, rows)
        else:
            chain = len(theorem.statements) > 1
            if chain:
                yield "Step by step,"
                yield self._display(part, theorem.sides, [rf"\text{{({k})}}" for k, _ in enumerate(rows, start=1)])
            by = theorem.statements[0].by
            if by is not None:
                greater = theorem.statements[0].identity.lhs
                yield "The greater side minus the smaller one is never negative, because"
                yield self._display(part, (greater, by))
            for number, (row, statement) in enumerate(zip(rows, theorem.statements, strict=True), start=1):
                if row is not None:
                    yield (f"({number}) " if chain else "") + _decided(row, statement, alone=not chain)
        yield from self._lemmas(part, theorem, rows)
        yield r"\end{proof}" if outcome == "proved" else r"\par\medskip"

    def _induction(
        self, part: Part, theorem: Theorem, induction: Induction, rows: list[Row | None]
    ) -> Iterator[str]:  # fmt: skip
        for name, row, statement in zip(("Base", "Step"), rows, theorem.statements, strict=True):
            own = [h for h in statement.hypotheses if h not in theorem.statements[0].hypotheses]
            at = r"$\ell=0$" if name == "Base" else r"layer $\ell+1$"
            using = ", with that at layer $\\ell$ put in," if name == "Step" and not own else ""
            yield f"\\emph{{{name}.}} The statement at {at}{using} is"
            layers = self._layered(induction)
            yield self._display(part, (statement.equation.lhs, statement.equation.rhs), notation=layers)
            if own:
                yield "Here the statement at layer $\\ell$ is the hypothesis of the induction."
            if row is not None:
                yield _decided(row, statement) + (r"\par" if name == "Base" else "")

    def _lemmas(self, part: Part, theorem: Theorem, rows: list[Row | None]) -> Iterator[str]:
        used = {label for row in rows if row is not None for label in row.lemmas}
        proved = standing(rows) == "proved"
        for lemma in dict.fromkeys(lemma for s in theorem.statements for lemma in s.lemmas):
            if proved and lemma.label not in used:
                continue
            yield f"It {'uses' if proved else 'may use'} {self._reference(lemma)}, in the form"
            yield self._display(part, (lemma.equation.lhs, lemma.equation.rhs))

    def _display(
        self, part: Part, sides: Sequence[Expr], remarks: Sequence[str] = (), *, notation: Notation | None = None,
        relation: str = "=", end: str = ".",
    ) -> str:  # fmt: skip
        named = [in_words_of(part.derivation, side) for side in sides]
        room = WIDTH - (6 if remarks else 0) - (10 if notation is not None else 0)  # the numbers of the layers
        lines = aligned(*named, notation=notation or self.macros.notation, end=end, remarks=remarks, room=room)
        body = " \\\\\n".join(lines)
        return display(body.replace("&=", f"&{relation}", 1), wide=not fits(named, room))


def _decided(row: Row, statement: Statement, *, alone: bool = False) -> str:
    """A sentence on how a statement was decided; ``alone``, its verdict is said already."""
    detail = escape(how(row, statement))
    if row.verdict != "proved":
        residual = f" What is left of the difference: {escape(row.residual)}." if row.residual else ""
        return f"{'' if alone else row.verdict.capitalize() + ': '}{detail}.{residual}"
    steps = certificate_size(row)
    if steps == 0:
        detail = "Both sides are the same after expansion, which the independent checker accepts"
    elif steps is not None:
        rest = how(row, statement).partition(";")[2].partition(", for example")[0]  # numbers help nobody
        detail = f"A certificate of {steps} step{'s' if steps > 1 else ''} is accepted by the independent checker"
        detail += f"; {escape(rest.strip())}" if rest.strip() else ""
    confirmed = f"; confirmed by {escape(row.confirmation)}" if row.confirmation else ""
    return f"{detail[:1].upper()}{detail[1:]}{confirmed}."


def _in_margin(part: Part, theorem: Theorem, outcome: str) -> str:
    """What became of a theorem and how far it reaches, as the note beside it."""
    row = part.rows.get(theorem.label) or part.rows.get(theorem.statements[-1].label)
    scope = row.scope.removeprefix(outcome).strip(" ,") if row is not None else ""
    reach = prose(scope, set(part.derivation.dimensions)) if scope != outcome else ""
    return f"\\status{{{SAID.get(outcome, outcome)}}}{{{reach}}}"
