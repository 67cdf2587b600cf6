"""Prefix sums whose error does not grow with their length.

Event times are sums of up to N logarithms. A running sum rounds at every step, and where its terms are alike the
roundings all point the same way: a million terms cost up to six of sixteen digits. But each of those roundings is
itself a float, found without error by Knuth's two-sum from neighbouring entries of the running sum, so that a second
running sum, of the roundings, repairs the first. Terms are made and summed in blocks that stay in the cache, where
all this is little beside a sort.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 8192


def prefix_sums(count: int, terms: Callable[[int, int], Floats]) -> Floats:
    """(s_0, …, s_n), s_j = t_1 + … + t_j with s_0 = 0, each to about one rounding for n = ``count`` terms ≥ 0.

    ``terms(i, j)`` are t_{i+1}, …, t_j; shape (j − i,). Equal neighbours stay equal: a zero repeats the sum before it.

    >>> tenths = prefix_sums(1000, lambda begin, end: np.full(end - begin, 0.1))
    >>> float(tenths[-1]), bool(np.cumsum(np.full(1000, 0.1))[-1] == 100)
    (100.0, False)
    """
    result = np.empty(count + 1)
    result[0] = carried = repair = 0.0
    for begin in range(0, count, BLOCK):
        end = min(begin + BLOCK, count)
        added = terms(begin, end)
        sums = np.empty(end - begin + 1)
        sums[0], sums[1:] = carried, added
        np.cumsum(sums, out=sums)
        before, after = sums[:-1], sums[1:]
        taken = after - before  # the part of the term that arrived in the sum
        lost = before - (after - taken)
        lost += added - taken
        lost[0] += repair
        np.cumsum(lost, out=lost)
        np.add(after, lost, out=result[begin + 1 : end + 1])
        carried, repair = after[-1], lost[-1]
    return result


def prefix_sums_of(terms: Floats) -> Floats:
    """The same for terms that are there already, shape (n,).

    >>> prefix_sums_of(np.array([1.0, 2.0])).tolist()
    [0.0, 1.0, 3.0]
    """
    return prefix_sums(terms.size, lambda begin, end: terms[begin:end])
