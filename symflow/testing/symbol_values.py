"""A strategy for every symbol kind of the language, so that a formula can be run on whatever its symbols may be.

One table from kind to strategy, kept complete by a test against :data:`symflow.expr.kinds.KINDS`.
"""
# ruff: noqa: ARG005 (the functions of a table have one signature)

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from symflow.errors import ShapeError, UnsupportedError
from symflow.expr.shapes import Dim
from symflow.expr.tree import Symbol
from symflow.testing import structured
from symflow.testing.entries import numbers, positive_numbers, rationals

Draw = Callable[[tuple[int, ...], bool], st.SearchStrategy[Any]]
MOST_COEFFICIENTS = 4


@dataclass(frozen=True, slots=True)
class Polynomial:
    """c_0 + c_1 x + c_2 x² + ..., applied entry by entry to numbers and arrays, exactly on Fractions.

    >>> from fractions import Fraction
    >>> Polynomial((Fraction(1), Fraction(0), Fraction(3)))(Fraction(1, 2))
    Fraction(7, 4)
    """

    coefficients: tuple[Any, ...]

    def __call__(self, x: Any) -> Any:
        """The value at x."""
        value = x * 0
        for coefficient in reversed(self.coefficients):
            value = value * x + coefficient
        return value

    def derivative(self) -> Polynomial:
        """Of a constant: the constant 0."""
        return Polynomial(tuple(k * c for k, c in enumerate(self.coefficients) if k) or (0 * self.coefficients[0],))


def functions(*, exact: bool = False) -> st.SearchStrategy[tuple[Polynomial, Polynomial, Polynomial]]:
    """(f, f', f'') for a cubic f: R → R, the form in which compiled formulas take a symbol of kind ``function``."""
    coefficients: st.SearchStrategy[list[Any]] = st.lists(rationals(-2, 2), min_size=1, max_size=MOST_COEFFICIENTS)
    if not exact:
        coefficients = coefficients.map(lambda found: [float(c) for c in found])
    return coefficients.map(lambda found: Polynomial(tuple(found))).map(
        lambda f: (f, f.derivative(), f.derivative().derivative())
    )


STRATEGIES: dict[str, Draw] = {
    "scalar": lambda sizes, exact: numbers(exact=exact),
    "positive_scalar": lambda sizes, exact: positive_numbers(exact=exact),
    "vector": lambda sizes, exact: structured.vectors(*sizes, exact=exact),
    "matrix": lambda sizes, exact: structured.matrices(*sizes, exact=exact),
    "symmetric": lambda sizes, exact: structured.symmetric_matrices(*sizes, exact=exact),
    "antisymmetric": lambda sizes, exact: structured.antisymmetric_matrices(*sizes, exact=exact),
    "diagonal": lambda sizes, exact: structured.diagonal_matrices(*sizes, exact=exact),
    "positive_diagonal": lambda sizes, exact: structured.diagonal_matrices(*sizes, positive=True, exact=exact),
    "invertible": lambda sizes, exact: structured.invertible_matrices(*sizes, exact=exact),
    "positive_definite": lambda sizes, exact: structured.positive_definite_matrices(*sizes, exact=exact),
    "orthogonal": lambda sizes, exact: structured.orthogonal_matrices(*sizes, exact=exact),
    "mask": lambda sizes, exact: structured.masks(*sizes, exact=exact),
    "projector": lambda sizes, exact: structured.projectors(*sizes, exact=exact),
    "idempotent": lambda sizes, exact: structured.idempotents(*sizes, exact=exact),
    "function": lambda sizes, exact: functions(exact=exact),
}


def instance(
    symbol: Symbol, sizes: Mapping[Dim, int] | None = None, *, points: int = 1, exact: bool = False
) -> st.SearchStrategy[Any]:
    """Values that keep the promise of a symbol's kind.

    A number for a scalar, an array of shape (n,) for a vector and (n, m) for a matrix, of Fractions when ``exact``;
    for a family, ``points`` of them along a first axis; for a function (f, f', f''). ``sizes`` gives the dimensions
    that are names. Raises ShapeError for a dimension without a size, UnsupportedError for a kind without a strategy.

    >>> R = instance(Symbol("R", "orthogonal", ("Q",)), {"Q": 2}, exact=True)
    >>> from hypothesis import find
    >>> find(R, lambda R: R[0, 1] != 0).tolist()  # the smallest rotation or reflection that is not diagonal
    [[Fraction(0, 1), Fraction(-1, 1)], [Fraction(-1, 1), Fraction(0, 1)]]
    """
    try:
        strategy = STRATEGIES[symbol.kind]
    except KeyError:
        raise UnsupportedError(f"{symbol.name}: no strategy is known for the kind {symbol.kind!r}") from None
    one = strategy(tuple(_size(dim, symbol, sizes or {}) for dim in symbol.dims), exact)
    if not symbol.family:
        return one
    if points < 1:
        raise ShapeError(f"{symbol.name}: a family needs at least one data point; got {points}")
    return st.lists(one, min_size=points, max_size=points).map(np.array)


def _size(dim: Dim, symbol: Symbol, sizes: Mapping[Dim, int]) -> int:
    if isinstance(dim, int):
        return dim
    if dim not in sizes:
        raise ShapeError(f"{symbol.name}: the dimension {dim} has no size; give sizes={{{dim!r}: 3}}")
    return sizes[dim]
