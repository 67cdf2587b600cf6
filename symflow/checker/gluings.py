"""The multilinear operations, as data: which rows and columns of the arguments are glued to which.

A :class:`Gluing` is one product: the small numbers are labels for rows and columns, and what is not kept is summed
over. One table serves both the value of a node (multiply and glue) and its derivative (the product rule), so that
the two cannot drift apart.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from symflow.checker.placing import Rational
from symflow.expr.tree import Expr, Symbol

Pair = tuple[int, int]


class Gluing(NamedTuple):
    """A coefficient, the labels of row and column, and per factor the number of the argument and its labels."""

    coefficient: Rational
    kept: Pair
    parts: tuple[tuple[int, Pair], ...]


_HALF = Fraction(1, 2)
_ITSELF, _FLIPPED = ((0, (0, 1)),), ((0, (1, 0)),)
_ENTRYWISE_PRODUCT = ((0, (0, 1)), (1, (0, 1)))

_GLUINGS: dict[str, tuple[Gluing, ...]] = {
    "eye": (Gluing(1, (0, 0), ()),),
    "ones": (Gluing(1, (0, 1), ()),),
    "neg": (Gluing(-1, (0, 1), _ITSELF),),
    "transpose": (Gluing(1, (0, 1), _FLIPPED),),
    "sym": (Gluing(_HALF, (0, 1), _ITSELF), Gluing(_HALF, (0, 1), _FLIPPED)),
    "skew": (Gluing(_HALF, (0, 1), _ITSELF), Gluing(-_HALF, (0, 1), _FLIPPED)),
    "mul": (Gluing(1, (0, 1), _ENTRYWISE_PRODUCT),),
    "hadamard": (Gluing(1, (0, 1), _ENTRYWISE_PRODUCT),),
    "matmul": (Gluing(1, (0, 1), ((0, (0, 2)), (1, (2, 1)))),),
    "comm": (Gluing(1, (0, 1), ((0, (0, 2)), (1, (2, 1)))), Gluing(-1, (0, 1), ((1, (0, 2)), (0, (2, 1))))),
    "outer": (Gluing(1, (0, 1), ((0, (0, 2)), (1, (1, 2)))),),
    "dot": (Gluing(1, (2, 3), _ENTRYWISE_PRODUCT),),
    "sqnorm": (Gluing(1, (2, 3), ((0, (0, 1)), (0, (0, 1)))),),
    "tr": (Gluing(1, (2, 3), ((0, (0, 0)),)),),
    "diag": (Gluing(1, (0, 0), ((0, (0, 1)),)),),
    "diagpart": (Gluing(1, (0, 1), ((0, (0, 0)),)),),
    "datasum": (Gluing(1, (0, 1), _ITSELF),),  # times the weight
    "div": (Gluing(1, (0, 1), _ITSELF),),  # times the reciprocal
}


def gluings(node: Expr) -> tuple[Gluing, ...] | None:
    """The products whose sum the node is; None for an operation that is not multilinear.

    >>> from symflow.expr.language import dot, exp, variable
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> gluings(dot(x, x)), gluings(exp(x))
    ((Gluing(coefficient=1, kept=(2, 3), parts=((0, (0, 1)), (1, (0, 1)))),), None)
    """
    if node.op == "add":
        return tuple([Gluing(1, (0, 1), ((k, (0, 1)),)) for k in range(len(node.args))])
    return _GLUINGS.get(node.op)


def is_polynomial(node: Expr, symbol: Symbol) -> bool:
    """Whether multilinear operations alone lead from the symbol to the node; so it is where the symbol does not occur.

    >>> from symflow.expr.language import exp, inv, sqnorm, tr, variable
    >>> A = Symbol("A", "matrix", ("n",))
    >>> a, b = variable(A), variable(Symbol("B", "matrix", ("n",)))
    >>> [is_polynomial(e, A) for e in (sqnorm(a + exp(b)), tr(a) / tr(b), tr(b) / tr(a), tr(inv(a)))]
    [True, True, False, False]
    """
    return _reached(node, symbol) is not False


def _reached(node: Expr, symbol: Symbol) -> bool | None:
    """None where the symbol does not occur, else whether multilinear operations alone lead from it to the node."""
    if node.op == "symbol":
        return True if node.data[0] == symbol else None
    below = [_reached(arg, symbol) for arg in node.args]
    if all(one is None for one in below):
        return None
    return False not in below and gluings(node) is not None and (node.op != "div" or below[1] is None)
