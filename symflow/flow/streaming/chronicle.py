"""The logs of the windows joined into one, as if the flow had run in one piece, with the numbers of the data.

A window begins in the middle of a segment of the one before. So its first segment is left out, and the one before goes
on until the next event: the two are the same function but for roundoff. The log grows by half a kilobyte an event, so
it is written to files. Sliding walls are numbered anew in a window;
the numbers are carried over from a datum that both windows keep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.history import SLIDES, STOPS, Log
from symflow.flow.streaming.scratch import Scratch

Integers = NDArray[np.int64]
Place = tuple[int, int, int]  # layer, datum, component


class Chronicle:
    """Rows of segments and changes so far, and what slides at their end."""

    def __init__(self, scratch: Scratch) -> None:
        self._files = [scratch.writer() for _ in ("begin", "theta", "hessian", "velocity", "size")]
        self._shapes: list[tuple[int, ...]] = []
        self._changes, self._first = scratch.writer(np.int64), scratch.writer(np.int64)
        self.held: dict[Place, int] = {}  # what slides, and the number of its wall
        self.rows = 0

    def append(self, log: Log, rows: int, numbers: Integers, members: Callable[[int], Integers], shift: Any) -> None:
        """The first ``rows`` segments of a window.

        ``numbers`` (n,) of the kept data; ``members(m)`` those of the data behind the m-th replaced one; ``shift`` (n,)
        is added to θ.
        """
        count = int(log.counts[0])
        ends = np.append(log.first[1:count], log.counts[1])[:rows]
        changes = log.changes[: int(ends[-1]) if rows else 0]
        sizes = np.diff(ends, prepend=0)
        begin = 0
        if self.rows and rows:
            opening, changes = changes[: sizes[0]], changes[sizes[0] :]
            renumbered = self._continued(opening, numbers)
            if renumbered is None:  # the walls were settled differently: this is an event
                stop = [[layer, i, k, STOPS] for layer, i, k in self.held]
                opening, _ = _expanded(opening, np.array([len(opening)]), numbers, members)
                first = np.array(stop, dtype=np.int64).reshape(-1, 4)
                self._write_changes(np.concatenate((first, opening)), np.array([len(stop) + len(opening)]))
                sizes = sizes[1:]
            else:
                begin, sizes = 1, sizes[1:]
                slides = changes[:, 3] >= SLIDES
                changes = changes.copy()
                changes[slides, 3] = SLIDES + renumbered[changes[slides, 3] - SLIDES]
        changes, sizes = _expanded(changes, sizes, numbers, members)
        self._write_changes(changes, sizes)
        chosen = slice(begin, rows)
        flows = log.hessian[chosen], log.velocity[chosen], log.size[chosen]
        arrays = log.begin[chosen], log.theta[chosen] + shift, *flows
        for file, array in zip(self._files, arrays, strict=True):
            file.append(array.ravel())
        self._shapes = [array.shape[1:] for array in arrays]
        self.rows += max(0, rows - begin)

    def log(self) -> Log:
        """All of it, mapped from the files."""
        begin, theta, hessian, velocity, size = (
            file.array().reshape(-1, *shape) for file, shape in zip(self._files, self._shapes, strict=True)
        )
        changes, first = self._changes.array().reshape(-1, 4), self._first.array()
        counts = np.array([self.rows, len(changes), len(changes)])
        return Log(begin, theta, hessian, velocity, size, first, changes, counts)

    def _write_changes(self, changes: Integers, sizes: Integers) -> None:
        self._first.append(self._changes.size // 4 + np.cumsum(sizes) - sizes)
        self._changes.append(changes.ravel())
        for layer, i, k, entry in changes[(changes[:, 3] < 0) | (changes[:, 3] > 1)].tolist():
            self.held.pop((layer, i, k), None)
            if entry >= SLIDES:
                self.held[layer, i, k] = entry - SLIDES

    def _continued(self, opening: Integers, numbers: Integers) -> Integers | None:
        """The old number of each new one, a permutation, if the kept data slide on as before; None if they do not."""
        slides = opening[opening[:, 3] >= SLIDES]
        renumbered: dict[int, int] = {}
        for layer, datum, k, entry in slides.tolist():
            if datum >= len(numbers):
                continue
            old = self.held.get((layer, int(numbers[datum]), k))
            if old is None or renumbered.setdefault(entry - SLIDES, old) != old:
                return None
        if set(renumbered.values()) != set(self.held.values()) or len(set(renumbered.values())) != len(renumbered):
            return None
        most = 1 + max([*renumbered, *renumbered.values(), 64])
        free = [number for number in range(most) if number not in set(renumbered.values())]
        return np.array([renumbered[n] if n in renumbered else free.pop(0) for n in range(most)], dtype=np.int64)


def _expanded(
    changes: Integers, sizes: Integers, numbers: Integers, members: Callable[[int], Integers]
) -> tuple[Integers, Integers]:
    """The changes with the numbers of the data, one row for each datum behind a replaced one."""
    replaced = changes[:, 1] >= len(numbers)
    if not replaced.any():
        result = changes.copy()
        result[:, 1] = numbers[changes[:, 1]]
        return result, sizes
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    behind = {int(m): members(int(m)) for m in np.unique(changes[replaced, 1] - len(numbers))}
    parts = []
    for layer, datum, k, entry in changes.tolist():
        who = numbers[datum : datum + 1] if datum < len(numbers) else behind[datum - len(numbers)]
        part = np.empty((len(who), 4), dtype=np.int64)
        part[:, 0], part[:, 1], part[:, 2], part[:, 3] = layer, who, k, entry
        parts.append(part)
    lengths = np.array([len(part) for part in parts])
    longer = np.bincount(row_of, weights=lengths, minlength=len(sizes)).astype(np.int64)
    return np.concatenate(parts), longer
