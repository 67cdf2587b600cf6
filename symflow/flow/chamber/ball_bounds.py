"""Bounds of balls as floats that are certain: the small numbers with which the ball replay decides.

A bound is a float that was moved outwards by a share of 2^-40. Between two such moves at most some hundred operations
on nonnegative floats are done, whose roundoff is below 2^-45 in relation to the result: the bound remains one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import flint
import numpy as np

from symflow.network.arrays import Array

OUT = 2.0**-40
TINY = 1e-290  # covers what is lost below the range of floats


def above(x: Any) -> float:
    """An upper bound of |x|."""
    return float(x.abs_upper()) * (1.0 + OUT) + TINY


def below(x: Any) -> float:
    """A lower bound of x."""
    low = float(x.lower())
    return low - abs(low) * OUT - TINY


def norm(column: Any) -> float:
    """An upper bound of the Euclidean length of a column."""
    return math.sqrt(above((column.transpose() * column)[0, 0])) * (1.0 + OUT)


def spill(column: Any) -> float:
    """How far from its midpoint a column may be."""
    return norm(column - column.mid())


@cache
def identity(n: int) -> Any:
    """The identity matrix."""
    return flint.arb_mat([[int(row == column) for column in range(n)] for row in range(n)])


def column_of(values: list[float]) -> Any:
    """A column of floats, exactly."""
    return flint.arb_mat(len(values), 1, values)


def floats(matrix: Any) -> list[float]:
    """The midpoints, row by row."""
    return list(map(float, matrix.entries()))


@cache
def bernstein(order: int) -> Array:
    """The matrix from the coefficients of Σ_j c_j s^j, 0 <= s <= 1, to those in Bernstein's basis.

    The polynomial lies between the smallest and the largest of these. Entries are in [0, 1].
    """
    return np.array([[math.comb(i, j) / math.comb(order, j) for j in range(order + 1)] for i in range(order + 1)])
