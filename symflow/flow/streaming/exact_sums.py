"""Sums of floats that come out the same bit by bit, whatever the blocks and whoever adds them.

A term t is cut into three pieces, each a multiple of one fixed power of two: with σ = 1.5·2^e,

    p = (t + σ) − σ     is t rounded to a multiple of 2^{e−52}, and t − p is a float,

and e is so large that n pieces together still fit into a float: sums of pieces round nowhere, so that they may be
added, taken away and merged in any order. What lies below the last piece, 2^{−159} n² of the largest term for n terms,
is dropped. This is how reproducible sums are made (Demmel and Nguyen, 2013; Rump, Ogita and Oishi, 2008).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = 3
SMALLEST = 1e-120  # bounds below this are raised to it, so that no scale leaves the normal floats


def scales(bounds: Floats, count: int) -> Floats:
    """The σ of each level for M columns of ``count`` terms with |t| ≤ ``bounds`` (M,); shape (LEVELS, M).

    >>> bool((scales(np.array([1.0]), 1000)[0] == 1.5 * 2048).all())
    True
    """
    result = np.empty((LEVELS, len(bounds)))
    reach = np.maximum(bounds, SMALLEST)
    for level in range(LEVELS):
        exponent = np.ceil(np.log2(reach)) + np.ceil(np.log2(max(count, 1))) + 1
        result[level] = 1.5 * np.exp2(exponent)
        reach = np.exp2(exponent - 53)
    return result


def sum_by_group(terms: Floats, starts: NDArray[np.intp], sigma: Floats) -> Floats:
    """Σ of ``terms`` (n, M) over the rows of each group, which begin at ``starts`` (G,): exact, (LEVELS, G, M).

    >>> parts = np.array([[1.0], [1e-9], [-1.0]])
    >>> float(total(sum_by_group(parts, np.array([0]), scales(np.array([1.0]), 3)))[0, 0])
    1e-09
    """
    result = np.empty((LEVELS, len(starts), terms.shape[1]))
    rest = terms
    for level in range(LEVELS):
        piece = (rest + sigma[level]) - sigma[level]
        result[level] = np.add.reduceat(piece, starts, axis=0)
        rest = rest - piece
    return result


def total(sums: Floats) -> Floats:
    """The sums as floats, from their pieces along the first axis."""
    return np.asarray(sums[0] + (sums[1] + sums[2]))
