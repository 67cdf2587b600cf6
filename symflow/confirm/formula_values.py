"""Values of derivative-free expressions in three arithmetics: rationals, floats, and mpmath's many digits.

Each arithmetic has its own evaluator: the refuter's over the rationals, compiled NumPy in floats, compiled mpmath for
digits. Arrays go in and come out as NumPy arrays of the numbers of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

import mpmath
import numpy as np
from flint import fmpq_mat

from symflow.expr.kinds import KINDS
from symflow.expr.mpmath_code import compile_mpmath
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import Equation, Expr, Symbol
from symflow.network.arrays import Array
from symflow.refutation import Point, prepare
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.numbers import RATIONALS, to_fmpq, to_fraction

Arithmetic = Literal["exact", "floats", "digits"]


def value_of(expression: Expr, values: Mapping[str, Array], weights: Array, Q: int, arithmetic: Arithmetic) -> Array:
    """The value of an expression all of whose dimensions are Q: (), (Q,) or (Q, Q) as its shape says.

    Families have a leading axis of data points, as many as there are weights. In ``"digits"`` numbers may be
    Fractions or mpf, and the precision is that of ``mpmath.mp``. Raises UnsupportedError for derivatives.

    >>> from symflow.expr.language import sqnorm, variable
    >>> x = variable(Symbol("x", "vector", ("Q",)))
    >>> value_of(x / 3, {"x": np.array([Fraction(1), Fraction(2)])}, np.array([Fraction(1)]), 2, "exact").tolist()
    [Fraction(1, 3), Fraction(2, 3)]
    """
    if arithmetic == "exact":
        return _rational(expression, values, weights, Q)
    compiled: Any = compile_numpy(expression) if arithmetic == "floats" else compile_mpmath(expression)
    given: dict[str, Any] = {name: values[name] for name in compiled.symbols}
    given |= dict.fromkeys(compiled.dimensions, Q)
    if any(node.op == "datasum" for node in expression.walk()):
        given["weights"] = weights
    found = compiled(**given)
    if arithmetic == "floats":
        return np.asarray(found)
    if not isinstance(found, mpmath.matrix):
        return np.array(found, dtype=object)
    array = np.array([found[i, j] for i in range(found.rows) for j in range(found.cols)], dtype=object)
    return array if expression.shape[1] == 1 else array.reshape(found.rows, found.cols)


def _rational(expression: Expr, values: Mapping[str, Array], weights: Array, Q: int) -> Array:
    """Over the rationals, by the evaluator that the refuter uses."""
    equation = Equation(expression, expression)
    matrices = {name: _matrices(symbol, values[name], Q) for name, symbol in equation.symbols().items()}
    sizes = dict.fromkeys(equation.dimensions(), Q)
    point = Point(sizes, matrices, tuple(to_fmpq(weight) for weight in weights))
    result = Evaluator(point, RATIONALS).value(prepare(equation).sides[0][0])
    rows = [[to_fraction(result[i, j]) for j in range(result.ncols())] for i in range(result.nrows())]
    array = np.array(rows, dtype=object)
    if expression.shape == (1, 1):
        return array.reshape(())
    return array[:, 0] if expression.shape[1] == 1 else array


def _matrices(symbol: Symbol, value: Array, Q: int) -> tuple[fmpq_mat, ...]:
    members = value if symbol.family else [value]
    return tuple(_matrix(symbol, np.asarray(member, dtype=object), Q) for member in members)


def _matrix(symbol: Symbol, array: Array, Q: int) -> fmpq_mat:
    if KINDS[symbol.kind].linear == "diagonal" and array.ndim == 1:
        array = np.array([[array[i] if i == j else 0 for j in range(Q)] for i in range(Q)], dtype=object)
    flat = [to_fmpq(Fraction(entry)) for entry in array.reshape(-1)]
    rows = array.shape[0] if array.ndim else 1
    return fmpq_mat(rows, array.shape[1] if array.ndim == 2 else 1, flat)
