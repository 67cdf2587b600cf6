"""Replacing symbols in a tree by expressions."""

from __future__ import annotations

from collections.abc import Mapping

from symflow.errors import KindError
from symflow.expr.order import Inequality
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Equation, Expr


def substitute(expr: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """The expression with symbols replaced by expressions of the same shape, all at once.

    A symbol with a data index is replaced where it stands with that index. Raises KindError for a symbol by which is
    differentiated: the derivative by an expression is another question.

    >>> from symflow.expr.language import variable
    >>> from symflow.expr.tree import Symbol
    >>> A, x, y = (variable(Symbol(n, k, d)) for n, k, d in
    ...            (("A", "matrix", ("n",)), ("x", "vector", ("n",)), ("y", "vector", ("n",))))
    >>> substitute(A @ x + x, {x: A @ y})
    A@(A@y) + A@y
    """
    table = {key.data: value for key, value in values.items()}
    for key, value in values.items():
        if key.op != "symbol":
            raise KindError(f"only symbols can be replaced; {key!r} is an expression")
        if key.shape != value.shape:
            raise KindError(f"{key!r} and what replaces it have different shapes")

    def visit(node: Expr, below: list[Expr]) -> Expr:
        if node.op == "symbol":
            return table.get(node.data, node)
        if node.op in ("grad", "liegrad", "jac", "diff", "along"):
            for variable in node.args[1:2] if node.op != "along" else node.args[1::2]:
                if variable.data in table:
                    raise KindError(f"{variable!r} cannot be replaced where it is differentiated by")
        if all(new is old for new, old in zip(below, node.args, strict=True)):
            return node
        free = None if node.op not in ("datasum", "along") else _free(node, below)
        return Expr(node.op, tuple(below), node.data, node.shape, free)

    return bottom_up(expr, visit)


def substitute_in(equation: Equation, values: Mapping[Expr, Expr]) -> Equation:
    """The equation or inequality with symbols replaced on both sides."""
    lhs, rhs = substitute(equation.lhs, values), substitute(equation.rhs, values)
    return Inequality(lhs, equation.relation, rhs) if isinstance(equation, Inequality) else Equation(lhs, rhs)


def _free(node: Expr, below: list[Expr]) -> frozenset[str]:
    """The free data indices after replacement, where the node binds some."""
    if node.op == "datasum":
        return below[0].free - {node.data}
    free = set(below[0].free)
    for X, velocity in zip(below[1::2], below[2::2], strict=True):
        free |= velocity.free - {X.data[1]}
    return frozenset(free)
