"""A pass over the data of a flow of moving weights: those nearest to walls as they are, the moments of all others.

Nearest means: which could meet a wall after the shortest path of the parameters (``rotation.reach.free_path``). The
others keep their patterns on a path as long as the shortest of theirs, and until then the flow sees of them only the
second moments of (x, 1)√ω for each pattern and class: the triangular factor of a QR decomposition (``grouping``).
How data are looked at is up to the flow: a ``Look`` gives their patterns and free paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.problem import Background
from symflow.flow.rotation.reach import Reach, free_path
from symflow.flow.streaming.prefix_maps import preactivations
from symflow.flow.streaming.sources import Block, Source

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ROUNDED = 0.99  # of a free path, against rounding
WIDER = 4  # by how much more data are kept where the others would be free for a short path only
SHORT = 1 / 16  # of the longest, so short: many tied data come near one wall
AT_WALL = 1e-9  # of the extent: data with a shorter free path are kept however many they are
Key = tuple[bytes, int]  # a pattern as bytes, and a class
Group = tuple[int, Floats]  # how many data, and their factor
Look = Callable[[Floats], tuple[NDArray[np.bool_], Floats]]  # points (n, Q) to patterns (n, …) and free paths (n,)


class Data(NamedTuple):
    """Data one by one, n of them: numbers, points (n, Q), labels, masses, patterns (n, …), free paths (n,)."""

    numbers: Integers
    points: Floats
    labels: Integers
    masses: Floats
    active: NDArray[np.bool_]
    free: Floats

    def taken(self, rows: NDArray[np.intp]) -> Data:
        """Some of them."""
        return Data._make(array[rows] for array in self)


@dataclass(frozen=True, eq=False)
class Sorted:
    """The nearest data, groups of all others, and the shortest free path of any of those."""

    near: Data
    groups: dict[Key, Group]
    reach: float

    def counts(self, patterns: NDArray[np.bool_]) -> dict[Key, int]:
        """How many data have which pattern and class, when the nearest have these patterns (n, …)."""
        found = {key: count for key, (count, _) in self.groups.items()}
        for pattern, label in zip(patterns, self.near.labels.tolist(), strict=True):
            key = pattern.tobytes(), label
            found[key] = found.get(key, 0) + 1
        return found

    def background(self, targets: Floats, extent: float) -> Background | None:
        """The groups as a problem of the rotation flow takes them; targets (K, Q)."""
        if not self.groups:
            return None
        L, Q = self.near.active.shape[1:]
        factors = [factor for _, factor in self.groups.values()]
        goals = [factor[:, -1:] * targets[label] for (_, label), (_, factor) in self.groups.items()]
        masks = [
            np.broadcast_to(np.frombuffer(pattern, dtype=bool).reshape(L, 1, Q), (L, len(factor), Q))
            for (pattern, _), factor in zip(self.groups, factors, strict=True)
        ]
        rows = np.concatenate(factors)
        return Background(
            np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, -1]), np.concatenate(goals),
            np.concatenate(masks, axis=1).astype(np.float64), float(rows[:, -1] @ rows[:, -1]), extent,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sorting:
    """The task, at some parameters: ``explicit`` data are kept, and all nearer than ``least``.

    ``look`` says what a path is; ``masses`` (K,) of a datum of each class where the data have none of their own.
    """

    look: Look
    masses: Floats
    explicit: int
    least: float

    def __call__(self, block: Block) -> Sorted:
        """One block."""
        assert block.labels is not None
        active, free = self.look(block.points)
        data = Data(
            block.first + np.arange(len(block.points)),
            block.points,
            block.labels,
            block.masses(self.masses),
            active,
            ROUNDED * free,
        )
        return self.merge([Sorted(data, {}, np.inf)])

    def merge(self, parts: Sequence[Sorted]) -> Sorted:
        """One of several: the nearest data of all; the others join the groups."""
        whole = Data._make(map(np.concatenate, zip(*(part.near for part in parts), strict=True)))
        groups, reach = _united(part.groups for part in parts), min(part.reach for part in parts)
        order = np.argsort(whole.free, kind="stable")
        count = max(self.explicit, int(np.searchsorted(whole.free[order], self.least, side="right")))
        near, far = np.sort(order[:count]), order[count:]
        if len(far):
            reach = min(reach, float(whole.free[far[0]]))
            groups = _united([groups, _groups(whole.taken(far))])
        return Sorted(whole.taken(near), groups, reach)


class Passes:
    """Passes over the data, as many as are needed for windows that are not short; ``count`` of them were made."""

    def __init__(self, source: Source, masses: Floats, explicit: int, extent: float) -> None:
        self.source, self.masses, self.explicit, self.extent = source, masses, explicit, extent
        self.count, self.wider, self.longest = 0, 1, 0.0

    def sort(self, look: Look, least: float = 0.0) -> Sorted:
        """One pass; several, with more data kept, where the free path of the others is too short to be of use.

        Data with a free path below ``least`` are kept however many they are.
        """
        self.wider = max(1, self.wider // WIDER)
        while True:
            task = Sorting(look, self.masses, self.wider * self.explicit, max(least, AT_WALL * self.extent))
            data: Sorted = self.source.reduce(task, task.merge)
            self.count += 1
            if data.reach >= SHORT * self.longest:
                self.longest = max(self.longest, data.reach if np.isfinite(data.reach) else 0.0)
                return data
            self.wider *= WIDER


@dataclass(frozen=True, eq=False)
class MovingLook:
    """Of flows of biases and cumulative weights, at some parameters; patterns (n, L, Q)."""

    at: Parameters
    reach: Reach

    def __call__(self, points: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """Patterns and free paths."""
        *layers, _ = preactivations(points, *self.at)
        return (np.array(layers) > 0).transpose(1, 0, 2), free_path(layers, self.reach)


def _groups(data: Data) -> dict[Key, Group]:
    """The moments of the data, for each pattern and class."""
    root = np.sqrt(data.masses)
    homogeneous = np.column_stack([data.points * root[:, None], root])
    patterns = data.active.reshape(len(root), -1)
    names = np.column_stack([np.packbits(patterns, axis=1), np.ascontiguousarray(data.labels[:, None]).view(np.uint8)])
    kinds = np.ascontiguousarray(names).view(np.dtype((np.void, names.shape[1]))).reshape(-1)
    order = np.argsort(kinds, kind="stable")
    starts = np.flatnonzero(np.append(True, kinds[order][1:] != kinds[order][:-1]))
    result: dict[Key, Group] = {}
    for first, last in zip(starts, np.append(starts[1:], len(root)), strict=True):
        members = order[first:last]
        key = patterns[members[0]].tobytes(), int(data.labels[members[0]])
        result[key] = len(members), _factor(homogeneous[members])
    return result


def _united(parts: Iterable[dict[Key, Group]]) -> dict[Key, Group]:
    """All groups, those of one pattern and class as one."""
    found: dict[Key, list[Group]] = {}
    for part in parts:
        for key, group in part.items():
            found.setdefault(key, []).append(group)
    return {
        key: groups[0] if len(groups) == 1 else (
            sum(count for count, _ in groups), _factor(np.concatenate([factor for _, factor in groups]))
        )
        for key, groups in sorted(found.items())
    }  # fmt: skip


def _factor(rows: Floats) -> Floats:
    """No more rows than columns, with the same second moments."""
    return rows if len(rows) <= rows.shape[1] else np.asarray(np.linalg.qr(rows)[1])
