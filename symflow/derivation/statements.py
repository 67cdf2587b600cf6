"""What a derivation claims: statements, the lemmas that they may use, and the record of a verdict's reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Expr

if TYPE_CHECKING:
    from symflow.derivation.induction import Induction
    from symflow.derivation.writing import Derivation


@dataclass(frozen=True)
class Statement:
    """One thing to prove: its label, the equation or inequality, and what a report says about it."""

    label: str
    equation: Equation
    title: str = ""
    source: str = ""
    confirm: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    hypotheses: tuple[Equation, ...] = ()  # those assumed before it
    lemmas: tuple[Lemma, ...] = ()  # statements proved elsewhere that it may use
    rests_on: tuple[Lemma, ...] = ()  # theorems that say what its symbols are, without which it says less
    by: Expr | None = None  # of an inequality: what its excess equals, of a form that is never negative
    induction: Induction | None = None  # of a theorem for every number of layers, at layer l

    @property
    def identity(self) -> Equation:
        """The equation that is proved: the statement itself, or the excess of an inequality against ``by``."""
        if not isinstance(self.equation, Inequality):
            return self.equation
        excess = self.equation.excess
        return Equation(excess, excess if self.by is None else self.by)


@dataclass(frozen=True)
class Lemma:
    """A statement used by name: where it stands, and the equation as it is used here."""

    derivation: Derivation
    label: str
    equation: Equation

    def proved(self, seconds: float) -> bool:
        """Whether the statement is proved where it stands, with all that it rests on."""
        return self.derivation.verdict(self.label, seconds=seconds).status == "proved"
