"""Rewriting an expression into one that is cheap to evaluate entry by entry, in loops.

The order of multiplication is that of :mod:`symflow.expr.numpy_lowering`. Loops differ from arrays in this:

- an inverse is an argument: whoever integrates a flow has it already, and solving systems is no loop to print;
- a symmetric or antisymmetric part is taken once, of the finished matrix, not of each of its terms;
- data sums of one index are one loop, and matrices that are summed only to be multiplied by a vector are not formed.
"""

from __future__ import annotations

from functools import reduce

from symflow.errors import UnsupportedError
from symflow.expr.numpy_lowering import DIAGONAL_KINDS, Both, applied, lower
from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol

INVERSE = "inverse_of_"
_SYMMETRIC = frozenset({"symmetric", "positive_definite"})


def with_inverses_given(expr: Expr) -> Expr:
    """The expression with the inverse of each matrix W that it inverts as a symbol of its own, ``inverse_of_W``.

    Powers of matrices become products.

    Raises:
        UnsupportedError: something else than a product of symbols is inverted.

    >>> from symflow.expr.language import inv, variable
    >>> V, W = (variable(Symbol(name, "invertible", ("n",))) for name in "VW")
    >>> with_inverses_given(inv(V @ W.T))
    inverse_of_W.T@inverse_of_V
    """
    pushed = bottom_up(expr, _in_products)
    return bottom_up(pushed, lambda node, below: _inverse_symbol(node) or _rebuilt(node, below))


def lower_to_loops(expr: Expr) -> Expr:
    """Rewrite a derivative-free expression as the module says.

    Raises:
        UnsupportedError: a derivative, or an inverse or a power that needs more than products.
    """
    lowered = lower(with_inverses_given(expr), WHOLE_PARTS)
    return bottom_up(lowered, _gathered)


def _rebuilt(node: Expr, below: list[Expr]) -> Expr:
    if all(new is old for new, old in zip(below, node.args, strict=True)):
        return node
    return Expr(node.op, tuple(below), node.data, node.shape, node.free)


def _inverted(a: Expr) -> Expr:
    if a.shape == SCALAR:
        return 1 / a
    match a.op:
        case "transpose":
            return _inverted(a.args[0]).T
        case "matmul" if a.args[0].shape == a.args[1].shape:
            return _inverted(a.args[1]) @ _inverted(a.args[0])
        case "eye":
            return a
        case "symbol" if a.data[0].kind == "orthogonal":
            return a.T
        case "inv":
            return a.args[0]
        case "symbol":
            return Expr("inv", (a,), None, a.shape)
        case _:
            raise UnsupportedError(
                f"inv({a!r}) has no code in loops: only square symbols and their products are inverted there; "
                "give the inverse a symbol of its own"
            )


def _inverse_symbol(node: Expr) -> Expr | None:
    """The symbol for the inverse of a symbol; a diagonal matrix is inverted where it stands."""
    if node.op != "inv" or node.args[0].shape == SCALAR or node.args[0].data[0].kind in DIAGONAL_KINDS:
        return None
    symbol, index = node.args[0].data
    kind = "positive_definite" if symbol.kind in _SYMMETRIC else "invertible"
    inverse = Symbol(f"{INVERSE}{symbol.name}", kind, (symbol.dims[0],), symbol.family)
    return Expr("symbol", (), (inverse, index), node.shape, node.free)


def _in_products(node: Expr, below: list[Expr]) -> Expr:
    """Inverses of symbols only, and no powers of matrices."""
    if node.op == "inv":
        return _inverted(below[0])
    if node.op != "pow" or node.shape == SCALAR:
        return _rebuilt(node, below)
    (base,) = below
    exponent: int = node.data
    if exponent == 0:
        return Expr("eye", (), None, node.shape)
    return reduce(lambda a, b: a @ b, [base if exponent > 0 else _inverted(base)] * abs(exponent))


def _part(node: Expr, below: list[Both]) -> Both:
    """sym and skew."""
    part = Expr(node.op, (below[0].plain,), None, node.shape)
    return Both(part, -part if node.op == "skew" else part)


WHOLE_PARTS = {"sym": _part, "skew": _part}


def _gathered(node: Expr, below: list[Expr]) -> Expr:
    """One node after its arguments: data sums are brought together."""
    if node.op == "outer_sum":
        u, v = below
        return _sum(Expr("outer", (u, v), None, node.shape), node.data)
    if node.op == "neg" and below[0].op == "datasum":
        return _sum(-below[0].args[0], below[0].data)
    if node.op == "add":
        return _one_loop(_rebuilt(node, below))
    if node.op == "matmul" and below[0].op == "datasum" and below[1].shape[1] == 1:
        (body,), index = below[0].args, below[0].data
        if index not in below[1].free and any(part.op in ("matmul", "outer") for part in body.walk()):
            return _sum(applied(body, below[1]), index)
    return _rebuilt(node, below)


def _one_loop(node: Expr) -> Expr:
    """A sum in which each data index has one data sum, at the place of its first."""
    bodies: dict[str, list[Expr]] = {}
    terms: list[Expr | str] = []
    for term in node.args:
        if term.op != "datasum":
            terms.append(term)
            continue
        if term.data not in bodies:
            terms.append(term.data)
        bodies.setdefault(term.data, []).append(term.args[0])
    joined = [_sum(_total(bodies[term]), term) if isinstance(term, str) else term for term in terms]
    return _total(joined)


def _total(terms: list[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Expr("add", tuple(terms), None, terms[0].shape)


def _sum(body: Expr, index: str) -> Expr:
    return Expr("datasum", (body,), index, body.shape, body.free - {index})
