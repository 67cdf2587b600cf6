"""Real linear algebra on mpmath matrices that says where something has no value.

mpmath calls a matrix singular when a pivot is small next to its norm, and takes logarithms of negative numbers into
the complex plane. Here a matrix is singular when elimination meets zeros only, so that diag(1, 1e-60) has an inverse
at 30 digits, and what is not real is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from mpmath import mp

from symflow.errors import UndefinedError


def table_of(rows: int, cols: int, value: Any) -> Any:
    """The matrix with all entries equal to a number."""
    result = mp.matrix(rows, cols)
    for k in range(rows):
        for m in range(cols):
            result[k, m] = value
    return result


def identity(n: int) -> Any:
    """The identity matrix."""
    return mp.eye(n)


def ratio(value: Fraction) -> Any:
    """A rational number at the working precision."""
    return mp.mpf(value.numerator) / value.denominator


def total(numbers: Iterable[Any]) -> Any:
    """The sum of numbers, rounded once; the entries of a matrix may be given by the matrix."""
    return mp.fsum(numbers)


def inverse(a: Any) -> Any:
    """The inverse, by Gauss-Jordan elimination with the largest pivot of each column.

    Raises:
        UndefinedError: the matrix is singular.

    >>> print(inverse(mp.matrix([[2, 1], [1, 1]])))
    [ 1.0  -1.0]
    [-1.0   2.0]
    """
    det, result = _eliminated(a)
    if det == 0:
        what = "a division by zero" if a.rows == 1 else "the inverse of a singular matrix"
        raise UndefinedError(f"{what} has no value")
    return result


def determinant(a: Any) -> Any:
    """The determinant, the product of the pivots; 0 where there is no pivot.

    >>> print(determinant(mp.matrix([[2, 1], [1, 1]])))
    1.0
    """
    return _eliminated(a)[0]


def _eliminated(a: Any) -> tuple[Any, Any]:
    """Determinant and inverse; the second means nothing where the first is zero."""
    n = a.rows
    rows = [[*row, *unit] for row, unit in zip(a.tolist(), mp.eye(n).tolist(), strict=True)]
    det = mp.mpf(1)
    for k in range(n):
        best = max(range(k, n), key=lambda r: abs(rows[r][k]))
        pivot = rows[best][k]
        det *= pivot if best == k else -pivot
        if pivot == 0:
            return mp.mpf(0), a
        rows[k], rows[best] = rows[best], rows[k]
        rows[k] = [x / pivot for x in rows[k]]
        for r in range(n):
            factor = rows[r][k]
            if r != k and factor != 0:
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[k], strict=True)]
    return det, mp.matrix([row[n:] for row in rows])


def entrywise(name: str) -> Callable[[Any], Any]:
    """The real function of one number that the language calls by this name.

    The function raises UndefinedError where it has no real value.

    >>> print(entrywise("relu")(mp.mpf(-1)), entrywise("sqrt")(mp.mpf(4)))
    0.0 2.0
    """
    return _ENTRYWISE[name]


def _log(x: Any) -> Any:
    if x <= 0:
        raise UndefinedError(f"log({mp.nstr(x, 6)}) has no real value")
    return mp.log(x)


def _sqrt(x: Any) -> Any:
    if x < 0:
        raise UndefinedError(f"sqrt({mp.nstr(x, 6)}) has no real value")
    return mp.sqrt(x)


_ENTRYWISE: dict[str, Callable[[Any], Any]] = {
    "exp": mp.exp,
    "log": _log,
    "sqrt": _sqrt,
    "sin": mp.sin,
    "cos": mp.cos,
    "tanh": mp.tanh,
    "relu": lambda x: max(x, mp.mpf(0)),
    "step": lambda x: mp.mpf(int(x > 0)),
}
