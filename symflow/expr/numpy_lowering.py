"""Rewriting an expression into one that is cheap to evaluate on arrays, before any array exists.

What costs in numerical linear algebra is the order of multiplication: ``(1 - R.T@H@R)@v`` is three products with a
vector, not two products of matrices; ``sum_i w_i A@x_i`` is one weighted column sum followed by one product.
The rewrites here are the identities of linear algebra that say so:

- rows are transposes of columns, so ``u.T@A@v`` is ``dot(A.T@u, v)`` and every product ends in a vector as early as
  it can; transposes stand on leaves only;
- ``outer(u, v)`` stays of rank one under products, traces and inner products;
- ``inv(A)@v`` is the solution of a linear system;
- what does not depend on the data index leaves the data sum.

They hold for real matrices without any property of the symbols except symmetry, and change the rounding only.
Three operations join those of the tree: ``solve`` (A, v), ``outer_sum`` (u, v) over a data index, and
``total_weight``, the sum of the data weights.
"""

# ruff: noqa: ARG001  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from symflow.errors import UnsupportedError
from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import DERIVATIVES, ENTRYWISE, Expr

DIAGONAL_KINDS = frozenset({"diagonal", "positive_diagonal", "mask"})
MAX_RANK = 4  # terms of a sum of outer products over which multiplication is distributed
_SYMMETRIC_KINDS = DIAGONAL_KINDS | {"symmetric", "positive_definite", "projector"}


class Both(NamedTuple):
    """A lowered expression and its lowered transpose."""

    plain: Expr
    flipped: Expr


Rule = Callable[[Expr, list[Both]], Both]


def lower(expr: Expr, rules: Mapping[str, Rule] | None = None) -> Expr:
    """Rewrite a derivative-free expression as the module says; ``rules`` take the place of those of some operations.

    Raises:
        UnsupportedError: the expression contains a derivative.
    """
    both: Both = bottom_up(expr, partial(_lower, {**_RULES, **(rules or {})}))
    return both.plain


def _lower(rules: Mapping[str, Rule], node: Expr, below: list[Both]) -> Both:
    if node.op in DERIVATIVES:
        raise UnsupportedError(
            f"{node.op} has no NumPy code: carry the differentiation out first (symflow grad), or take the other side"
        )
    if node.op in rules:
        return rules[node.op](node, below)
    raise UnsupportedError(f"{node.op} has no NumPy code")


def _is_row(shape: tuple[object, object]) -> bool:
    return shape[0] == 1 and shape[1] != 1


def _canonical(plain: Expr, flipped: Expr) -> Both:
    """Rows become transposes of columns, and scalars their own transposes."""
    if plain.shape == SCALAR:
        return Both(plain, plain)
    if _is_row(plain.shape):
        return Both(flipped.T, flipped)
    if plain.shape[1] == 1:
        return Both(plain, plain.T)
    return Both(plain, flipped)


def _leaf(node: Expr, below: list[Both]) -> Both:
    if node.shape == SCALAR:
        return Both(node, node)
    if _is_row(node.shape):
        column = Expr(node.op, (), node.data, (node.shape[1], 1), node.free)
        return Both(column.T, column)
    if node.op in ("zeros", "ones"):
        return _canonical(node, Expr(node.op, (), None, (node.shape[1], node.shape[0])))
    symmetric = node.op == "eye" or node.data[0].kind in _SYMMETRIC_KINDS
    return Both(node, node if symmetric else node.T)


def _transpose(node: Expr, below: list[Both]) -> Both:
    return Both(below[0].flipped, below[0].plain)


def _entry_by_entry(node: Expr, below: list[Both]) -> Both:
    """Operations that commute with transposition: sums, multiples, entrywise functions."""
    plain, flipped = zip(*below, strict=True)
    turned = (node.shape[1], node.shape[0])
    if _is_row(node.shape):
        column = Expr(node.op, flipped, node.data, turned)
        return Both(column.T, column)
    return _canonical(Expr(node.op, plain, node.data, node.shape), Expr(node.op, flipped, node.data, turned))


def _square(node: Expr, below: list[Both]) -> Both:
    """inv and pow, which commute with transposition."""
    ((plain, flipped),) = below
    return Both(Expr(node.op, (plain,), node.data, node.shape), Expr(node.op, (flipped,), node.data, node.shape))


def _self_transposed(node: Expr, below: list[Both]) -> Both:
    """Scalars of matrices and ``diag``."""
    result = Expr(node.op, tuple(b.plain for b in below), node.data, node.shape)
    return Both(result, result)


def _diagpart(node: Expr, below: list[Both]) -> Both:
    result = Expr("diagpart", (below[0].plain,), None, node.shape)
    return Both(result, result if result.shape == SCALAR else result.T)


def _matmul(node: Expr, below: list[Both]) -> Both:
    left, right = below
    return _canonical(_times(left, right), _times(Both(*reversed(right)), Both(*reversed(left))))


def _times(left: Both, right: Both) -> Expr:
    """The product of two lowered factors; a row comes back as the transpose of a column."""
    a, b = left.plain, right.plain
    if SCALAR in (a.shape, b.shape):
        if _is_row(a.shape) or _is_row(b.shape):
            return _scaled(left.flipped, right.flipped).T
        return _scaled(a, b)
    if _is_row(a.shape):
        column = left.flipped
        return _dot(column, b) if b.shape[1] == 1 else applied(right.flipped, column).T
    if a.shape[1] == 1:  # a column times a row
        return Expr("outer", (a, right.flipped), None, (a.shape[0], b.shape[1]))
    if b.shape[1] == 1:
        return applied(a, b)
    shape = (a.shape[0], b.shape[1])
    if _is_low_rank(b):
        return _each_outer(b, lambda u, v: Expr("outer", (applied(a, u), v), None, shape))
    if _is_low_rank(a):
        return _each_outer(a, lambda u, v: Expr("outer", (u, applied(right.flipped, v)), None, shape))
    return b if a.op == "eye" else a if b.op == "eye" else a @ b


def _is_low_rank(e: Expr) -> bool:
    """Whether the matrix is written as a short sum of multiples of outer products."""
    if e.op == "add":
        return len(e.args) <= MAX_RANK and all(map(_is_low_rank, e.args))
    while e.op in ("neg", "div", "mul"):
        e = e.args[0] if e.op != "mul" or e.args[1].shape == SCALAR else e.args[1]
    return e.op == "outer"


def _each_outer(e: Expr, change: Callable[[Expr, Expr], Expr]) -> Expr:
    """The matrix of low rank with each of its outer products replaced."""
    if e.op == "outer":
        return change(*e.args)
    args = [a if a.shape == SCALAR else _each_outer(a, change) for a in e.args]
    return Expr(e.op, tuple(args), None, next(a.shape for a in args if a.shape != SCALAR))


def _scaled(a: Expr, b: Expr) -> Expr:
    return a * b


def _dot(u: Expr, v: Expr) -> Expr:
    return Expr("dot", (u, v))


def applied(a: Expr, v: Expr) -> Expr:
    """The matrix a times the column v, without forming products or data-dependent sums of matrices."""
    match a.op:
        case "eye":
            return v
        case "outer":
            return _scaled(a.args[0], _dot(a.args[1], v))
        case "matmul":
            return applied(a.args[0], applied(a.args[1], v))
        case "neg":
            return -applied(a.args[0], v)
        case "inv":
            return Expr("solve", (a.args[0], v), None, v.shape)
        case "div":
            return applied(a.args[0], v) / a.args[1]
        case "mul":
            matrix, factor = a.args if a.args[1].shape == SCALAR else reversed(a.args)
            return _scaled(factor, applied(matrix, v))
        case "add" if a.free or not v.free:
            # a sum without data is formed once where the vectors are many
            return Expr("add", tuple(applied(term, v) for term in a.args), None, (a.shape[0], 1))
        case _:
            return a @ v


def _outer(node: Expr, below: list[Both]) -> Both:
    u, v = below
    return _canonical(_times(u, Both(v.flipped, v.plain)), _times(v, Both(u.flipped, u.plain)))


def _comm(node: Expr, below: list[Both]) -> Both:
    a, b = below
    at, bt = Both(*reversed(a)), Both(*reversed(b))
    return _canonical(_times(a, b) - _times(b, a), _times(bt, at) - _times(at, bt))


def _sym(node: Expr, below: list[Both]) -> Both:
    a, at = below[0]
    return _canonical((a + at) / 2, (a + at) / 2)


def _skew(node: Expr, below: list[Both]) -> Both:
    a, at = below[0]
    return _canonical((a - at) / 2, (at - a) / 2)


def _trace(node: Expr, below: list[Both]) -> Both:
    return _twice(_traced(below[0].plain))


def _traced(a: Expr) -> Expr:
    if a.op == "outer":
        return _dot(*a.args)
    if a.op == "matmul":
        # tr(BC) is the sum of B.T * C, which needs no product
        return Expr("dot", (a.args[0].T if a.args[0].op != "transpose" else a.args[0].args[0], a.args[1]))
    if a.op in ("add", "neg"):
        return Expr(a.op, tuple(map(_traced, a.args)))
    return a if a.shape == SCALAR else Expr("tr", (a,))


def _inner(node: Expr, below: list[Both]) -> Both:
    """dot and sqnorm."""
    first, second = below[0], below[-1]
    if _is_row(first.plain.shape):
        return _twice(_dot(first.flipped, second.flipped))
    a, b = first.plain, second.plain
    if a.shape[1] != 1 and b.op == "outer":
        first, second, a, b = second, first, b, a
    if a.shape[1] != 1 and a.op == "outer":
        return _twice(_dot(a.args[0], applied(b, a.args[1])))
    return _twice(_dot(a, b))


def _twice(scalar: Expr) -> Both:
    return Both(scalar, scalar)


def _datasum(node: Expr, below: list[Both]) -> Both:
    ((plain, flipped),) = below
    index: str = node.data
    if _is_row(plain.shape):
        column = sum_over(flipped, index)
        return Both(column.T, column)
    return _canonical(sum_over(plain, index), sum_over(flipped, index))


def sum_over(body: Expr, index: str) -> Expr:
    """The data sum of a lowered expression, with everything that does not depend on the index outside."""
    if index not in body.free:
        return _scaled(Expr("total_weight"), body)
    a = body.args[0] if body.args else body
    b = body.args[-1] if body.args else body
    match body.op:
        case "add":
            return Expr("add", tuple(sum_over(term, index) for term in body.args), None, body.shape)
        case "neg" | "transpose" | "diag" | "diagpart" | "tr":
            return Expr(body.op, (sum_over(a, index),), None, body.shape)
        case "div" | "mul" | "matmul" | "hadamard" | "dot" | "outer" if index not in b.free:
            if body.op == "matmul" and b.shape[1] == 1 and a.op not in ("symbol", "transpose", "diag"):
                return _sum(body, index)  # to sum matrices that are not data costs more than to sum vectors
            return Expr(body.op, (sum_over(a, index), b), None, body.shape)
        case "mul" | "matmul" | "hadamard" | "dot" | "outer" if index not in a.free:
            return Expr(body.op, (a, sum_over(b, index)), None, body.shape)
        case "outer":
            return Expr("outer_sum", (a, b), index, body.shape, body.free - {index})
        case _:
            return _sum(body, index)


def _sum(body: Expr, index: str) -> Expr:
    return Expr("datasum", (body,), index, body.shape, body.free - {index})


_RULES: dict[str, Rule] = {
    "symbol": _leaf, "number": _leaf, "eye": _leaf, "zeros": _leaf, "ones": _leaf,
    "add": _entry_by_entry, "neg": _entry_by_entry, "mul": _entry_by_entry, "div": _entry_by_entry,
    "hadamard": _entry_by_entry, "apply": _entry_by_entry, **dict.fromkeys(ENTRYWISE, _entry_by_entry),
    "transpose": _transpose, "matmul": _matmul, "inv": _square, "pow": _square, "det": _self_transposed,
    "logdet": _self_transposed, "diag": _self_transposed, "diagpart": _diagpart, "outer": _outer, "comm": _comm,
    "sym": _sym, "skew": _skew, "tr": _trace, "dot": _inner, "sqnorm": _inner, "datasum": _datasum,
}  # fmt: skip
