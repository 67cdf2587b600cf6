"""Random orthogonal matrices: Haar distributed in floats, products of rational reflections exactly.

A Cayley transform never has the eigenvalue −1, so it misses det = −1. A signed permutation times a few Householder
reflections 1 − 2 v vᵀ/|v|² with small integer v reaches both components and keeps denominators small.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symflow.network.arrays import Array, as_fractions

REFLECTIONS = 3  # more would only lengthen the denominators


def draw_orthogonal(rng: np.random.Generator, size: int, *, exact: bool = False) -> Array:
    """A random size x size orthogonal matrix of either determinant; Fractions when ``exact``.

    >>> R = draw_orthogonal(np.random.default_rng(0), 3, exact=True)
    >>> (R.T @ R == np.eye(3, dtype=int)).all()
    np.True_
    """
    if not exact:
        factor, upper = np.linalg.qr(rng.normal(size=(size, size)))
        # Without the signs, QR's convention would skew the distribution.
        return np.asarray(factor * np.where(np.diag(upper) < 0, -1.0, 1.0))
    while True:
        result = _rational_orthogonal(rng, size)
        # An axis that R maps to an axis would let R commute with masks by accident, and a false formula pass.
        if size == 1 or (np.abs(result) != 1).all():
            return result


def _rational_orthogonal(rng: np.random.Generator, size: int) -> Array:
    signs = rng.choice([-1, 1], size=size)
    result = as_fractions(np.diag(signs)[rng.permutation(size)].astype(float))
    for _ in range(min(size, REFLECTIONS)):
        vector = rng.choice([-3, -2, -1, 1, 2, 3], size=size)
        outer = np.outer(vector, vector).astype(object) * Fraction(2, int(vector @ vector))
        result = result - outer @ result
    return result
