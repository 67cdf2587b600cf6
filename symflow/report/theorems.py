"""Statements as a reader counts them: a chain of equalities is one theorem, and so is an induction over layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symflow.derivation.induction import Induction
from symflow.derivation.statements import Lemma, Statement
from symflow.derivation.typesetting import assertions
from symflow.derivation.writing import Derivation
from symflow.expr.order import LATEX_RELATIONS, Inequality
from symflow.expr.tree import Equation, Expr


@dataclass(frozen=True)
class Theorem:
    """Statements typeset as one: a single equation, a chain of equalities, or base and step of an induction."""

    label: str
    statements: tuple[Statement, ...]
    induction: Induction | None = None

    @property
    def sides(self) -> tuple[Expr, ...]:
        """The expressions that are equal, in order; those of an induction are at layer l."""
        if self.induction is not None:
            return self.induction.equation.lhs, self.induction.equation.rhs
        return (self.statements[0].equation.lhs, *(s.equation.rhs for s in self.statements))

    @property
    def relation(self) -> str:
        """Between the sides, as TeX."""
        claimed = self.statements[0].equation
        return LATEX_RELATIONS[claimed.relation] if isinstance(claimed, Inequality) else "="

    @property
    def title(self) -> str:
        """What is claimed, in words; may be empty."""
        return self.statements[0].title if self.induction is None else self.induction.title

    @property
    def source(self) -> str:
        """Where it comes from; may be empty."""
        return self.statements[0].source

    @property
    def hypotheses(self) -> tuple[Equation, ...]:
        """Those under which it is stated: neither that of an induction, nor theorems about what its symbols are."""
        known = [lemma.equation for lemma in self.rests_on]
        return tuple(h for h in self.statements[0].hypotheses if h not in known)

    @property
    def lemmas(self) -> tuple[Lemma, ...]:
        """The statements that its proof may use."""
        return self.statements[0].lemmas

    @property
    def rests_on(self) -> tuple[Lemma, ...]:
        """The theorems that say what its symbols are."""
        return self.statements[0].rests_on


def theorems(derivation: Derivation) -> Iterator[Theorem]:
    """The statements of a derivation in order, those of chains and inductions put together.

    >>> from symflow.expr.language import eye
    >>> d = Derivation("Two links")
    >>> R, x = d.orthogonal("R", "n"), d.vector("x", "n")
    >>> d.chain("length", (R @ x).T @ (R @ x), x.T @ R.T @ R @ x, x.T @ x)
    >>> [(theorem.label, len(theorem.sides)) for theorem in theorems(d)]
    [('length', 3)]
    """
    inductions = derivation.inductions
    members = {part: label for label in inductions for part in (f"{label}.base", f"{label}.step", label)}
    statements = {statement.label: statement for statement in derivation.statements}
    rest: list[Statement] = []
    for statement in derivation.statements:
        label = members.get(statement.label)
        if label is None:
            rest.append(statement)
        elif statement.label == f"{label}.base":
            yield from _chains(rest)
            rest = []
            base_and_step = (statement, statements[f"{label}.step"])
            yield Theorem(label, base_and_step, inductions[label])
    yield from _chains(rest)


def _chains(statements: Sequence[Statement]) -> Iterator[Theorem]:
    return (Theorem(assertion.label, assertion.statements) for assertion in assertions(statements))
