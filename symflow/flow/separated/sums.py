"""Prefix sums whose error does not grow with their length.

Event times are sums of up to N logarithms. A running sum rounds at every step, and where its terms are alike the
roundings all point the same way: a million terms cost up to six of sixteen digits. But each of those roundings is
itself a float, found without error from neighbouring entries of the running sum, so that a second running sum, of the
roundings, repairs the first. Terms are made and summed in blocks that stay in the cache, where all this is little
beside a sort.

NumPy does this in some ten passes over a block, numba in one, with the same additions in the same order and hence the
same results. To load numba takes as long as a few million terms, so that it is used where it is loaded already, or
where there are more terms than that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# (terms, sums, running sum so far, its repair so far) -> both of them after the last term; fills ``sums``.
Adder = Callable[[Floats, Floats, float, float], tuple[float, float]]

BLOCK = 5120
WORTH_COMPILING = 50_000_000


def prefix_sums(count: int, terms: Callable[[int, int], Floats]) -> Floats:
    """(s_0, …, s_n), s_j = t_1 + … + t_j with s_0 = 0, each to about one rounding for n = ``count`` terms ≥ 0.

    ``terms(i, j)`` are t_{i+1}, …, t_j, needed until the next call; shape (j − i,). Equal neighbours stay equal: a zero
    repeats the sum before it.

    >>> tenths = prefix_sums(1000, lambda begin, end: np.full(end - begin, 0.1))
    >>> float(tenths[-1]), bool(np.cumsum(np.full(1000, 0.1))[-1] == 100)
    (100.0, False)
    """
    result = np.empty(count + 1)
    result[0] = running = repair = 0.0
    add = adder(count)
    for begin in range(0, count, BLOCK):
        end = min(begin + BLOCK, count)
        running, repair = add(terms(begin, end), result[begin + 1 : end + 1], running, repair)
    return result


def prefix_sums_of(terms: Floats) -> Floats:
    """The same for terms that are there already, shape (n,).

    >>> prefix_sums_of(np.array([1.0, 2.0])).tolist()
    [0.0, 1.0, 3.0]
    """
    return prefix_sums(terms.size, lambda begin, end: terms[begin:end])


def adder(count: int) -> Adder:
    """What adds ``count`` terms fastest, block after block."""
    if sys.modules.get("numba") is not None or (count > WORTH_COMPILING and find_spec("numba") is not None):
        from symflow.flow.separated.compiled_sums import add_block

        return add_block
    return plain_adder(min(count, BLOCK))


def plain_adder(size: int) -> Adder:
    """The additions by NumPy, for blocks of at most ``size`` terms; two arrays serve all blocks."""
    all_corners, all_lost = np.empty(size + 1), np.empty(size)

    def add(terms: Floats, sums: Floats, running: float, repair: float) -> tuple[float, float]:
        corners, lost = all_corners[: terms.size + 1], all_lost[: terms.size]
        corners[0], corners[1:] = running, terms
        corners.cumsum(out=corners)
        before, after = corners[:-1], corners[1:]
        np.subtract(after, before, out=lost)  # the part of the term that arrived in the sum
        if running >= terms.max():  # Dekker's two-sum will do: in all blocks but the first ones
            np.subtract(terms, lost, out=lost)
        else:  # Knuth's
            lost[:] = (before - (after - lost)) + (terms - lost)
        lost[0] += repair
        lost.cumsum(out=lost)
        np.add(after, lost, out=sums)
        return float(after[-1]), float(lost[-1])

    return add
