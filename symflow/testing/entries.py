"""Numbers that entries are drawn from: small rationals, which shrink well, exactly or rounded to float64.

Every array of this package is built exactly and, for the float variant, rounded once at the end. So both variants
have their structure (orthogonality, idempotence, ...) to the last digit, and shrink to the same readable examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from symflow.errors import LimitError, ShapeError

Array = NDArray[Any]

LARGEST_DENOMINATOR = 16
LARGEST_SIZE = 64  # entries of exact matrices grow with the size; beyond it a test would hang rather than fail


def rationals(low: int | Fraction, high: int | Fraction) -> st.SearchStrategy[Fraction]:
    """Fractions in [low, high] with denominators up to 16."""
    return st.fractions(min_value=low, max_value=high, max_denominator=LARGEST_DENOMINATOR)


def numbers(*, bound: int = 4, exact: bool = False) -> st.SearchStrategy[Any]:
    """Numbers in [-bound, bound]: Fractions when ``exact``, else floats.

    Raises ShapeError (a ValueError) unless the bound is positive.
    """
    if bound <= 0:
        raise ShapeError(f"the bound of numbers must be positive; got {bound}")
    return rationals(-bound, bound) if exact else rationals(-bound, bound).map(float)


def positive_numbers(*, bound: int = 4, exact: bool = False) -> st.SearchStrategy[Any]:
    """Numbers in [1/bound, bound]: Fractions when ``exact``, else floats.

    Raises ShapeError (a ValueError) unless the bound is an integer between 1 and 16.
    """
    if not 1 <= bound <= LARGEST_DENOMINATOR:
        raise ShapeError(f"the bound of positive numbers must be in 1..{LARGEST_DENOMINATOR}; got {bound}")
    found = rationals(Fraction(1, bound), bound)
    return found if exact else found.map(float)


def require_sizes(**sizes: int) -> None:
    """Raise ShapeError for a size below 1 and LimitError for one above the bound."""
    for name, size in sizes.items():
        if size < 1:
            raise ShapeError(f"{name} must be at least 1; got {size}")
        if size > LARGEST_SIZE:
            raise LimitError(f"{name} = {size} is too large for exact draws; the bound is {LARGEST_SIZE}")


def array_of(entries: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """An object array of Fractions."""
    flat = np.empty(len(entries), dtype=object)
    for place, entry in enumerate(entries):
        flat[place] = Fraction(entry)
    return flat.reshape(shape)


def diagonal_of(entries: Sequence[Any]) -> Array:
    """The diagonal matrix of some entries, as Fractions."""
    size = len(entries)
    matrix = array_of([0] * size**2, (size, size))
    for place, entry in enumerate(entries):
        matrix[place, place] = Fraction(entry)
    return matrix


def rounded(array: Array, exact: bool) -> Array:
    """The array itself when ``exact``, else the nearest float64 numbers."""
    return array if exact else array.astype(np.float64)
