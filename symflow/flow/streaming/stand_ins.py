"""A few data in place of many: for one pattern the cost is a quadratic function of (x, y), so that moments suffice.

Of data with one pattern and one target, gradients and the cost depend on Σω, Σωx and Σωxxᵀ only. The rows of a factor
F of these moments, FᵀF = Σ ω (x, 1)(x, 1)ᵀ, are reflected so that all have the same last entry h: then h² is the weight
of each, and its other entries over h are a point.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.streaming.nearest import Key

Floats = NDArray[np.float64]


class StandIns(NamedTuple):
    """m data: points (m, Q), targets (m, M), weights (m,), and patterns (m, walls) that they keep."""

    points: Floats
    targets: Floats
    masses: Floats
    patterns: NDArray[np.bool_]


def stand_ins(factors: dict[Key, Floats], targets: Floats, width: int, walls: int) -> StandIns:
    """At most Q + 1 data for each group, from its factor (·, Q + 1); targets (K, M).

    >>> data = np.array([[1.0, 1.0], [2.0, 1.0], [6.0, 1.0]])  # 1, 2 and 6, all of weight 1
    >>> few = stand_ins({(bytes([1]), 0): np.linalg.qr(data)[1]}, np.eye(1), 1, 1)
    >>> few.masses @ np.column_stack([np.ones(2), few.points, few.points**2])
    array([ 3.,  9., 41.])
    """
    empty = StandIns(np.zeros((0, width)), np.zeros((0, targets.shape[1])), np.zeros(0), np.zeros((0, walls), bool))
    parts = [empty]
    for (pattern, label), factor in factors.items():
        points, masses = _points(factor)
        count = len(points)
        kept = np.frombuffer(pattern, dtype=bool)
        parts.append(StandIns(points, np.tile(targets[label], (count, 1)), masses, np.tile(kept, (count, 1))))
    return StandIns._make(map(np.concatenate, zip(*parts, strict=True)))


def _points(factor: Floats) -> tuple[Floats, Floats]:
    """The data of one group and their weights, by reflecting the last column to the farther of ±(h, …, h)."""
    last = factor[:, -1]
    h = -np.copysign(np.linalg.norm(last) / np.sqrt(len(last)), last.sum())
    normal = last - h
    reflected = factor[:, :-1] - np.outer(normal, (2.0 / (normal @ normal)) * (normal @ factor[:, :-1]))
    return reflected / h, np.full(len(last), h * h)
