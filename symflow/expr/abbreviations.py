"""Named expressions: where a tree holds one, its name can stand for it.

A derivation names expressions, ``tau = R.T @ H @ R @ (x + b) - b``, and uses them as they are: the tree does not know
the name. For a reader it is put back, from the tree alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from symflow.expr.shapes import SCALAR, Dim, Shape
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol


def abbreviate(expr: Expr, names: Mapping[str, Expr], taken: Container[str] = ()) -> Expr:
    """The expression with every part that is identical to a named one replaced by a symbol of that name.

    The largest part wins. A name has the data indices that are free in its expression. Names in ``taken`` are those of
    other objects and are not used; nor are names of single symbols and numbers, which need none.

    >>> from symflow.expr.language import sqnorm, variable
    >>> A, x, y = (variable(Symbol(n, k, d)) for n, k, d in
    ...            (("A", "matrix", ("n",)), ("x", "vector", ("n",)), ("y", "vector", ("n",))))
    >>> abbreviate(sqnorm(A @ x - x - y) + sqnorm(A @ x), {"u": A @ x, "v": A @ x - x})
    sqnorm(v - y) + sqnorm(u)
    """
    known = [(named, _symbol(name, named)) for name, named in names.items() if name not in taken and named.args]

    def visit(node: Expr, below: list[Expr]) -> Expr:
        for named, symbol in known:
            if named.same(node):
                return symbol
        if node.op == "add":
            below = _with_leading_sum(node, below, known)
        if all(new is old for new, old in zip(below, node.args, strict=False)) and len(below) == len(node.args):
            return node
        return Expr(node.op, tuple(below), node.data, node.shape, node.free)

    return bottom_up(expr, visit) if known else expr


def _with_leading_sum(node: Expr, below: list[Expr], known: list[tuple[Expr, Expr]]) -> list[Expr]:
    """A sum that begins with a named sum: ``tau - y`` is one sum in the tree, since sums are kept flat."""
    fitting = [(named, symbol) for named, symbol in known if named.op == "add" and len(named.args) < len(node.args)]
    for named, symbol in sorted(fitting, key=lambda pair: -len(pair[0].args)):
        if all(a.same(b) for a, b in zip(named.args, node.args, strict=False)):
            return [symbol, *below[len(named.args) :]]
    return below


def _symbol(name: str, named: Expr) -> Expr:
    index = ",".join(sorted(named.free)) or None
    kind, dims = _kind(named.shape)
    return Expr("symbol", (), (Symbol(name, kind, dims, index is not None), index), named.shape, named.free)


def _kind(shape: Shape) -> tuple[str, tuple[Dim, ...]]:
    if shape == SCALAR:
        return "scalar", ()
    return ("vector", shape[:1]) if shape[1] == 1 else ("matrix", shape)
