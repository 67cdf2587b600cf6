"""Single statements as numbered equations, to be put into a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symflow.derivation.typesetting import in_words_of
from symflow.expr.display import show
from symflow.expr.lines import aligned
from symflow.report.chapters import Chapter, Part, standing
from symflow.report.labels import Labels
from symflow.report.notation import Macros
from symflow.report.recursions import layered, recursion_lines
from symflow.report.theorems import Theorem


def to_equations(chapters: Sequence[Chapter], wanted: Sequence[str], macros: Macros) -> str:
    """The statements with these labels as numbered equations, to be put into a paper; those not found are left out."""
    labels = Labels()
    written: list[str] = []
    for label in dict.fromkeys(wanted):
        for chapter in chapters:
            for part in chapter.parts:
                written += [_equation(part, theorem, labels, macros) for theorem in find(part, label)]
    return "\n".join(written)


def find(part: Part, label: str) -> Iterator[Theorem]:
    """The statements of that label: a chain or an induction as a whole, one of their parts, or a single statement."""
    for theorem in part.theorems():
        if theorem.label == label:
            yield theorem
        elif len(theorem.statements) > 1:
            yield from (Theorem(label, (s,)) for s in theorem.statements if s.label == label)


def _equation(part: Part, theorem: Theorem, labels: Labels, macros: Macros) -> str:
    notation = macros.notation
    if theorem.induction is not None:
        notation = layered(notation, theorem.induction.recursion)
    lines = aligned(*(in_words_of(part.derivation, side) for side in theorem.sides), notation=notation)
    remark = [f"% {_comment(theorem.label)}: {standing(part.rows_of(theorem))}"]
    for hypothesis in theorem.hypotheses:
        sides = (in_words_of(part.derivation, side) for side in (hypothesis.lhs, hypothesis.rhs))
        remark.append("% under " + " = ".join(show(side, notation) for side in sides))
    if theorem.induction is not None:
        remark.append("% for every number of layers, where")
        states = recursion_lines(
            theorem.induction.recursion, macros.notation, lambda expr: in_words_of(part.derivation, expr)
        )
        remark += [f"%   {line.replace('&= ', '= ').replace('& ', '')}" for line, _ in states]
    body = " \\\\\n".join(lines).replace("&=", f"&{theorem.relation}", 1)
    key = labels.key("eq", theorem.label)
    begin, end = f"\\begin{{equation}}\\label{{{key}}}\n\\begin{{aligned}}", "\\end{aligned}\n\\end{equation}"
    return "\n".join([*remark, begin, body, end, ""])


def _comment(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else " " for c in text)
