"""Inequalities between scalars: ``a <= b`` and ``a >= b`` as statements."""

from __future__ import annotations

from symflow.errors import KindError
from symflow.expr.shapes import SCALAR, show_shape
from symflow.expr.tree import Equation, Expr

LATEX_RELATIONS = {"<=": r"\le", ">=": r"\ge"}


class Inequality(Equation):
    """A statement ``lhs <= rhs`` or ``lhs >= rhs`` between two real numbers; both sides are kept as written.

    It is an :class:`Equation` in what it offers (sides, symbols, dimensions), not in what it claims: whoever proves
    or refutes asks first which of the two it is.

    Raises KindError where the sides are not scalars.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> sqnorm(x) >= 0
    sqnorm(x) >= 0
    """

    __slots__ = ("relation",)

    relation: str

    def __init__(self, lhs: Expr, relation: str, rhs: Expr) -> None:
        if relation not in LATEX_RELATIONS:
            raise KindError(f"{relation!r} is not an order; write <= or >=")
        for side in (lhs, rhs):
            if side.shape == SCALAR:
                continue
            raise KindError(
                f"{relation} compares real numbers; {side!r} is {show_shape(side.shape)} "
                "(say that a matrix is positive semidefinite by u.T @ M @ u >= 0 for an arbitrary vector u)"
            )
        super().__init__(lhs, rhs)
        self.relation = relation

    @property
    def excess(self) -> Expr:
        """The greater side minus the smaller one: the number that is claimed not to be negative."""
        greater, smaller = (self.lhs, self.rhs) if self.relation == ">=" else (self.rhs, self.lhs)
        if smaller.op == "number" and not smaller.data:
            return greater
        return -smaller if greater.op == "number" and not greater.data else greater - smaller

    def __bool__(self) -> bool:
        raise KindError("an inequality between expressions is a statement, not a truth value; claim it")

    def __hash__(self) -> int:
        return hash((self.lhs, self.relation, self.rhs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inequality) and self.relation == other.relation and super().__eq__(other)

    def __repr__(self) -> str:
        return f"{self.lhs!r} {self.relation} {self.rhs!r}"

    def to_latex(self) -> str:
        """The statement as LaTeX, without surrounding dollar signs."""
        return f"{self.lhs.to_latex()} {LATEX_RELATIONS[self.relation]} {self.rhs.to_latex()}"
