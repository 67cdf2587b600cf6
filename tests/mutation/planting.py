"""Mistakes planted in whole statements: in an equation, or in an inequality and what it rests on.

An inequality says which side is greater, and is proved by an identity with something never negative. So there are four
places for a mistake: a side, the order, the expression that the excess equals, and the judgement that this expression
is never negative. The last is tried by claiming ``mutant >= 0`` by itself, where nothing but the rules of signs has a
say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Expr, lift
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.statements import Statement

OPPOSITE = {"<=": ">=", ">=": "<="}


def plant(statement: Statement, sides: tuple[str, ...] = ("rhs",)) -> list[Mutant]:
    """All mutants of a statement in a fixed order; of an inequality, those of what it rests on as well.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> u, v = (variable(Symbol(name, "vector", ("n",))) for name in "uv")
    >>> cross = Statement("cross", 2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u - v))
    >>> sorted({m.side for m in plant(cross)})
    ['by', 'order', 'rhs', 'sign']
    """
    wrong = mutants(statement.equation, sides)
    if not isinstance(statement.equation, Inequality):
        return wrong
    nonnegative = statement.nonnegative
    assert nonnegative is not None
    with_by = [replace(mutant, by=statement.by) for mutant in wrong]
    by_itself = [replace(mutant, by=None, slip=f"{mutant.slip}, by itself") for mutant in wrong if statement.by]
    return [*with_by, *by_itself, *_reversed(statement.equation, nonnegative), *_certificates(statement, nonnegative)]


def _reversed(inequality: Inequality, nonnegative: Expr) -> Iterator[Mutant]:
    """The opposite order, with what the excess equals, with its negative, and without either."""
    turned = Inequality(inequality.lhs, OPPOSITE[inequality.relation], inequality.rhs)
    for by in (nonnegative, -nonnegative, None):
        yield Mutant(turned, "order reversed", "order", by)


def _certificates(statement: Statement, nonnegative: Expr) -> Iterator[Mutant]:
    """Mutants of what the excess equals: under the same inequality, and as claims about their own sign."""
    inequality = statement.equation
    assert isinstance(inequality, Inequality)
    wrong = mutants(Equation(inequality.excess, nonnegative), ("rhs",))
    for mutant in wrong:
        yield Mutant(inequality, mutant.slip, "by", mutant.equation.rhs)
    for mutant in wrong:
        claimed = Inequality(mutant.equation.rhs, ">=", lift(0))
        yield Mutant(claimed, f"{mutant.slip}, then its sign", "sign", None)
