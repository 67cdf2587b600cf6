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

    _require_no_capture(expr, values)

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


def _require_no_capture(expr: Expr, values: Mapping[Expr, Expr]) -> None:
    """Raise KindError where a replacement would come to depend on what a sum or a derivative around it binds.

    The pull-out of a constant, datasum(a*x[i], i) == a*datasum(x[i], i), says nothing about a = b[i]; and what is
    held constant while another symbol varies may not be replaced by something that contains that symbol.
    """
    table = {key.data: value for key, value in values.items()}
    families = {key.data[0]: key.data[1] for key in values if key.data[1] is not None}
    for node in expr.walk():
        if node.op == "symbol" and node.data[0] in families and families[node.data[0]] != node.data[1]:
            raise KindError(f"{node!r} stands with another data index than what is replaced; use one index for it")
        if node.op == "datasum":
            _require_apart(node.args[0], table, node.data)
        elif node.op == "along":
            for X, velocity in zip(node.args[1::2], node.args[2::2], strict=True):
                _require_apart(velocity, table, X.data[1])
                _require_constant(node.args[0], table, X)
        elif node.op in ("grad", "liegrad", "jac", "diff"):
            _require_constant(node.args[0], table, node.args[1])


def _require_apart(body: Expr, table: Mapping[object, Expr], index: str | None) -> None:
    for node in body.walk():
        value = table.get(node.data) if node.op == "symbol" else None
        if value is not None and index in value.free and node.data[1] != index:
            raise KindError(
                f"{value!r} depends on the data index {index}, over which is summed where {node!r} stands; "
                "give it another index"
            )


def _require_constant(body: Expr, table: Mapping[object, Expr], variable: Expr) -> None:
    for node in body.walk():
        value = table.get(node.data) if node.op == "symbol" else None
        if value is not None and any(part.op == "symbol" and part.data[0] == variable.data[0] for part in value.walk()):
            raise KindError(
                f"{node!r} is constant where is differentiated by {variable!r}; it cannot be replaced by {value!r}"
            )


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
