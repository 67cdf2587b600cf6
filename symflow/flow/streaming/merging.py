"""Sorted runs made one: the second half of a sort of more than fits into memory.

In each round every run offers its next few entries; what is below the least of the last offers is complete, and is
sorted in memory. At most ``block`` entries are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def merged(keys: Sequence[Array], companions: Sequence[Sequence[Array]], block: int) -> Iterator[tuple[Array, ...]]:
    """Blocks (key, companion, …) of the union of sorted runs, in order; equal keys in the order of the runs.

    ``keys``: r sorted arrays; ``companions``: r lists of arrays as long as the keys, carried along.

    >>> runs = [np.array([1.0, 4.0, 4.0]), np.array([2.0, 4.0])]
    >>> np.concatenate([part for part, in merged(runs, [[], []], 2)]).tolist()
    [1.0, 2.0, 4.0, 4.0, 4.0]
    """
    at = [0] * len(keys)
    step = max(1, block // max(1, len(keys)))
    while True:
        offers = [run[place + step] for run, place in zip(keys, at, strict=True) if place + step < len(run)]
        if not offers:  # the rest fits
            yield from _emitted(keys, companions, at, [len(run) for run in keys])
            return
        bound = min(offers)
        ends = [_first_from(run, place, step, bound, "left") for run, place in zip(keys, at, strict=True)]
        if ends == at:  # so many entries are equal to the bound that one offer is full of them
            yield from _ties(keys, companions, at, bound, block)
            continue
        yield from _emitted(keys, companions, at, ends)
        at = ends


def _first_from(run: Array, place: int, step: int, bound: Any, side: Any) -> int:
    return place + int(np.searchsorted(run[place : place + step], bound, side=side))


def _emitted(
    keys: Sequence[Array], companions: Sequence[Sequence[Array]], at: list[int], ends: list[int]
) -> Iterator[tuple[Array, ...]]:
    parts = [np.concatenate([run[i:j] for run, i, j in zip(keys, at, ends, strict=True)])]
    if not len(parts[0]):
        return
    width = len(companions[0])
    if width == 0:
        parts[0].sort()
        yield (parts[0],)
        return
    parts += [
        np.concatenate([own[number][i:j] for own, i, j in zip(companions, at, ends, strict=True)])
        for number in range(width)
    ]
    order = np.argsort(parts[0], kind="stable")
    yield tuple(part[order] for part in parts)


def _ties(
    keys: Sequence[Array], companions: Sequence[Sequence[Array]], at: list[int], value: Any, block: int
) -> Iterator[tuple[Array, ...]]:
    """The entries equal to a value, run after run; moves ``at`` past them."""
    for number, (run, own) in enumerate(zip(keys, companions, strict=True)):
        end = at[number] + int(np.searchsorted(run[at[number] :], value, side="right"))
        for begin in range(at[number], end, block):
            rows = slice(begin, min(begin + block, end))
            yield tuple(np.array(array[rows]) for array in (run, *own))
        at[number] = end
