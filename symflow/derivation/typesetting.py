r"""Derivations and reports as LaTeX: definitions, hypotheses and statements, one below the other.

A whole document, with theorem environments and proofs, is written by :mod:`symflow.report.document`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symflow.expr.abbreviations import abbreviate
from symflow.expr.lines import aligned
from symflow.expr.tree import Equation, Expr, Symbol

if TYPE_CHECKING:
    from symflow.derivation.reports import Report
    from symflow.derivation.statements import Statement
    from symflow.derivation.writing import Derivation

_TEXT = str.maketrans({
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\^{}", "~": r"\~{}",
})  # fmt: skip


@dataclass(frozen=True)
class Assertion:
    """Statements that are typeset as one: a single equation, or the links of a chain of equalities."""

    label: str
    statements: tuple[Statement, ...]

    @property
    def sides(self) -> tuple[Expr, ...]:
        """The expressions that are equal, in order."""
        return (self.statements[0].equation.lhs, *(s.equation.rhs for s in self.statements))


def assertions(statements: Sequence[Statement]) -> Iterator[Assertion]:
    """The statements in order, with the links of each chain of equalities put together again."""
    rest = list(statements)
    while rest:
        links = [rest.pop(0)]
        label, dot, number = links[0].label.rpartition(".")
        if dot and number == "1":
            while rest and rest[0].label == f"{label}.{len(links) + 1}" and _follows(links[-1], rest[0]):
                links.append(rest.pop(0))
        yield Assertion(label if len(links) > 1 else links[0].label, tuple(links))


def _follows(first: Statement, second: Statement) -> bool:
    return first.equation.rhs.same(second.equation.lhs) and first.hypotheses == second.hypotheses


def in_words_of(derivation: Derivation, expr: Expr, *, before: str | None = None) -> Expr:
    """The expression with the derivation's definitions put by name; those ``before`` a definition, if one is given."""
    names = derivation.definitions
    if before is not None:
        names = {name: names[name] for name in list(names)[: list(names).index(before)]}
    return abbreviate(expr, names, derivation.symbols)


def name_of(name: str, expression: Expr) -> Expr:
    """A definition's name as an expression, with the data indices that are free in what it names."""
    index = ",".join(sorted(expression.free)) or None
    return Expr("symbol", (), (Symbol(name, "scalar", (), index is not None), index), expression.shape, expression.free)


def derivation_to_latex(derivation: Derivation) -> str:
    """The definitions, hypotheses and statements of a derivation, in ``aligned``, without dollar signs."""
    rows = []
    for name, expression in derivation.definitions.items():
        sides = name_of(name, expression), in_words_of(derivation, expression, before=name)
        rows.append(" \\\\\n".join(aligned(*sides)).replace("&=", "&:=", 1))
    rows += [_row(derivation, (h.lhs, h.rhs), "assumed") for h in new_hypotheses(derivation)]
    rows += [_row(derivation, a.sides, f"({a.label})") for a in assertions(derivation.statements)]
    return _environment(rows)


def report_to_latex(report: Report) -> str:
    """The steps of a report with their verdicts, in ``aligned``, without dollar signs."""
    rows = []
    for step in report.steps:
        under = "".join(f" && \\text{{under }} {h.to_latex()}" for h in step.hypotheses[:1])
        under += "".join(f",\\; {h.to_latex()}" for h in step.hypotheses[1:])
        lines = aligned(step.equation.lhs, step.equation.rhs)
        lines[-1] += f" && {_text(f'({step.label}) {step.verdict.status}')}{under}"
        rows.append(" \\\\\n".join(lines))
    return _environment(rows)


def _row(derivation: Derivation, sides: Sequence[Expr], remark: str) -> str:
    remarks = [""] * (len(sides) - 2) + [_text(remark)]
    lines = aligned(*(in_words_of(derivation, side) for side in sides), remarks=remarks)
    return " \\\\\n".join(lines)


def _environment(rows: Sequence[str]) -> str:
    if not rows:
        return ""
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _text(text: str) -> str:
    return f"\\text{{{text.translate(_TEXT)}}}"


def new_hypotheses(derivation: Derivation) -> dict[Equation, int]:
    """Every hypothesis of the derivation's statements, with the place of the first statement under it."""
    found: dict[Equation, int] = {}
    for place, statement in enumerate(derivation.statements):
        for hypothesis in statement.hypotheses:
            found.setdefault(hypothesis, place)
    return found
