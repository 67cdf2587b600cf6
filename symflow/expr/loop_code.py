"""Expressions as source text of loops over plain arrays of floats: what a compiler of numerical Python wants.

``lambdify`` gives functions that are called once for many data. An inner loop calls a function for a few numbers, many
times; there a batched product costs a hundred times what it computes. The text printed here has loops and output
arguments, is the same whenever it is printed, and runs as it stands as well as under ``numba.njit``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symflow.errors import UnsupportedError
from symflow.expr.loop_emission import PLACES, Emission
from symflow.expr.loop_lowering import lower_to_loops
from symflow.expr.loop_writing import OUT
from symflow.expr.numpy_emission import WEIGHTS
from symflow.expr.python_functions import RESERVED, Parameter, axes_of, plain_function, text_of
from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr

DEEPEST = 200  # levels of an expression that is written by recursion


def to_loops(
    expr: Expr, name: str = "f", arguments: Iterable[str] | None = None, *, weighted: bool = True,
    selected: bool = False, doc: Sequence[str] = (),
) -> str:  # fmt: skip
    """Source text of a function that evaluates a derivative-free expression in loops over its entries.

    Its arguments are those of :func:`~symflow.expr.numpy_code.compile_numpy`, arrays of float64 with just these axes:

    ============================================  ==============================
    scalar, vector, matrix                        float, (n,), (n, m)
    mask, diagonal, positive_diagonal             (n,) the diagonal
    data family ``x[i]``                          the same with a leading axis N
    inverse of a symbol W                         ``inverse_of_W``, like W
    symbol called ``lambda``, ``out``, …          ``lambda_``, ``out_``, …
    dimension, N, that no argument's shape tells  int
    ============================================  ==============================

    then ``places``, ``weights`` and ``out``. A scalar is returned; a vector (n,) or a matrix (n, m) is written into
    ``out``, which must not share memory with an argument. ``weighted=False`` leaves the weights of the data out: all
    are 1. ``selected`` adds the argument ``places``, numbers of data: sums are over these only. ``doc`` are lines of
    the docstring. The text needs ``numpy as np``, ``Floats`` and ``Places`` (types of arrays of floats, of integers).

    Raises:
        UnsupportedError: a derivative, a determinant, a function symbol, an inverse of a sum: what is no short loop.
        KindError: ``arguments`` lacks a symbol of the expression, or names cannot be told apart.

    >>> from symflow.expr.language import datasum, outer, skew, variable
    >>> from symflow.expr.tree import Symbol
    >>> u, v = (variable(Symbol(name, "vector", ("Q",), family=True), "i") for name in "uv")
    >>> print(to_loops(skew(datasum(outer(u, v), "i")), "turn", weighted=False))
    def turn(u: Floats, v: Floats, out: Floats) -> None:
        N, Q = u.shape[0], u.shape[1]
        m1 = np.empty((Q, Q))
        m1[:] = 0.0
        for i in range(N):
            for a in range(Q):
                for b in range(Q):
                    m1[a, b] += u[i, a] * v[i, b]
        for a in range(Q):
            for b in range(Q):
                out[a, b] = 0.5 * (m1[a, b] - m1[b, a])
    """
    function = plain_function(expr, arguments)
    lowered = lower_to_loops(function.expr)
    if bottom_up(lowered, lambda _node, below: 1 + max(below, default=0)) > DEEPEST:
        raise UnsupportedError(f"an expression nested deeper than {DEEPEST} levels has no code in loops")
    sums = any(node.op in ("datasum", "total_weight") for node in lowered.walk())
    emission = Emission(function.taken | RESERVED, function.count, weighted=weighted, selected=selected and sums)
    emission.finish(lowered)
    parameters = function.parameters()
    if sums and selected:
        parameters.append(Parameter(PLACES, "Places"))
    if sums and weighted:
        parameters.append(Parameter(WEIGHTS, "Floats", (function.count,)))
    if emission.counts and not any(function.count in p.axes for p in parameters):
        parameters.append(Parameter(function.count, "int"))
    if expr.shape != SCALAR:
        parameters.append(Parameter(OUT, "Floats", axes_of(expr.shape)))
    returned = "float" if expr.shape == SCALAR else "None"
    return text_of(name, parameters, returned, doc, [*emission.arrays, *emission.lines])
