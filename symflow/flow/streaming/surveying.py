"""The first pass over the data of a chamber flow: checks, sizes, and a sample that says which walls matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.errors import KindError
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.streaming.census import ACTIVE, TRUNCATED, moments
from symflow.flow.streaming.exact_sums import scales
from symflow.flow.streaming.prefix_maps import preactivations, walls
from symflow.flow.streaming.sources import Block, Source

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SAMPLE = 1 << 14  # rows, about


@dataclass(frozen=True, eq=False)
class Glance:
    """What one block says: numbers of data (K,) of each class, extremes of points and weights, and its sample."""

    classes: Integers
    low: Floats
    high: Floats
    heaviest: float
    points: Floats
    labels: Integers
    weights: Floats


@dataclass(frozen=True, eq=False)
class Looking:
    """The task: every ``step``-th row is taken into the sample."""

    step: int
    count: int

    def __call__(self, block: Block) -> Glance:
        """One block."""
        assert block.labels is not None
        x = block.points
        weights = np.ones(len(x)) if block.weights is None else block.weights
        rows = slice((-block.first) % self.step, None, self.step)
        counts = np.bincount(block.labels, minlength=self.count)
        return Glance(
            counts, x.min(axis=0), x.max(axis=0), float(weights.max()), x[rows], block.labels[rows], weights[rows]
        )


def look_at_all(parts: Sequence[Glance]) -> Glance:
    """One of several; the sample stays in the order of the rows."""
    return Glance(
        np.sum([part.classes for part in parts], axis=0), np.min([part.low for part in parts], axis=0),
        np.max([part.high for part in parts], axis=0), max(part.heaviest for part in parts),
        np.concatenate([part.points for part in parts]), np.concatenate([part.labels for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Survey:
    """Weights (K,) of a class where the data have none, the center and scales of the sums, the extent, the sample."""

    masses: Floats
    center: Floats
    sigma: Floats
    largest: float  # coordinate in absolute value
    points: Floats
    labels: Integers
    weights: Floats

    @property
    def extent(self) -> float:
        """max(1, largest coordinate)."""
        return max(1.0, self.largest)

    def force(self, problem: FlowProblem, targets: Floats) -> Floats:
        """An estimate of dθ/dt at the start, up to a factor, from the sample: it only decides which data are kept."""
        *layers, z = preactivations(self.points, problem.biases, problem.rotations)
        carried = z - targets[self.labels]
        result = np.zeros_like(problem.biases)
        for layer in reversed(range(len(layers))):
            rotation = problem.rotations[layer]
            passed = ((carried @ rotation.T) * (layers[layer] > 0)) @ rotation
            result[layer] = self.weights @ (carried - passed)
            carried = passed
        output = -self.weights @ (z - targets[self.labels]) if problem.moving else np.zeros(0)
        return np.concatenate((result.ravel(), output))


def survey(source: Source) -> Survey:
    """One pass. Raises KindError, which names the row of an entry that is no number, label or weight."""
    step = max(1, source.count // SAMPLE)
    seen: Glance = source.reduce(Looking(step, source.classes), look_at_all)
    empty = np.flatnonzero(seen.classes == 0)
    if empty.size:
        raise KindError(
            f"class {empty[0]} is empty: targets has a row for it, and no label is {empty[0]}; leave out the row"
        )
    masses = 1.0 / seen.classes
    heaviest = seen.heaviest if source.weights is not None else float(masses.max())
    center = 0.5 * (seen.low + seen.high)
    reach = 0.5 * (seen.high - seen.low) * (1 + 1e-12)
    largest = moments(reach[None] + center, np.array([heaviest]), center)[0] * (1 + 1e-12)
    weights = seen.weights if source.weights is not None else masses[seen.labels]
    coordinate = max(float(np.abs(seen.low).max()), float(np.abs(seen.high).max()))
    return Survey(masses, center, scales(largest, source.count), coordinate, seen.points, seen.labels, weights)


def nearness(known: Survey, biases: Floats, rotations: Floats, speed: Floats, floor: float, share: float) -> float:
    """The time within which about this share of all data could meet a wall that keeps its speed; infinite for all."""
    if share >= 1.0:
        return np.inf
    depth, width = biases.shape
    layers = list(preactivations(known.points, biases, rotations))[:depth]
    bits = 1 << np.arange(width, dtype=np.int64)
    codes = np.column_stack([(u > 0) @ bits for u in layers])
    soonest = np.full(len(known.points), np.inf)
    for layer, u in enumerate(layers):
        kinds, kind_of = np.unique(codes[:, :layer], axis=0, return_inverse=True) if layer else (codes[:1, :0], None)
        for place, kind in enumerate(kinds.tolist()):
            rows = slice(None) if kind_of is None else np.flatnonzero(kind_of.reshape(-1) == place)
            towards = walls(rotations, kind)[0] @ speed
            for side, sign in ((TRUNCATED, 1.0), (ACTIVE, -1.0)):
                time = np.abs(u[rows]) / np.maximum(sign * towards, floor)
                chosen = (u[rows] > 0) == (side == ACTIVE)
                soonest[rows] = np.minimum(soonest[rows], np.where(chosen, time, np.inf).min(axis=1))
    return float(np.quantile(soonest, share))
