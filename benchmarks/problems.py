"""Flows that are integrated by symflow and by its peers, drawn anew from a seed, and what a peer answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLERANCE = 1e-10  # relative, asked of every general solver; absolute tolerances are a hundredth of it

# Slides: the threshold comes down on the second datum at ln(5/4), and rests there.
SMALLEST: dict[str, Any] = {
    "points": [[-1.0], [0.0]], "labels": [0, 1], "targets": [[2.0], [-3.0]], "biases": [[0.5]], "rotations": [[[1.0]]],
}  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """One direction of one cluster: q̇ = F(q)(target - q) from ``start``, wanted at ``times`` (theory C2)."""

    points: Floats  # (N,), in no order
    start: float
    target: float
    times: Floats


@dataclass(frozen=True)
class Answer:
    """What a program says: states at the wanted times (T, n), event times if it has any, and whether it is content."""

    states: Floats
    content: bool = True
    events: Floats | None = None
    remark: str = ""
    details: dict[str, float] = field(default_factory=dict)


def cluster(count: int, times: int = 50, end: float = 30.0) -> Cluster:
    """Normal data, a threshold that starts at their second percentile, and a target above all of them."""
    points = np.random.default_rng(count).normal(size=count)
    return Cluster(points, float(np.quantile(points, 0.02)), 6.0, np.linspace(0.0, end, times))


def draw(seed: int, N: int, *, Q: int = 3, L: int = 2) -> dict[str, Any]:
    """Overlapping clusters, biases and targets anywhere: arguments of ``chamber_flow``."""
    rng = np.random.default_rng(seed)
    rotations = np.array([np.linalg.qr(rng.normal(size=(Q, Q)))[0] for _ in range(L)])
    labels = np.arange(N) % Q
    points = rng.normal(size=(N, Q)) + 1.5 * rng.normal(size=(Q, Q))[labels]
    targets, biases = 1.5 * rng.normal(size=(Q, Q)), rng.normal(size=(L, Q))
    return {"points": points, "labels": labels, "targets": targets, "biases": biases, "rotations": rotations}


def arrays(problem: dict[str, Any]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Points (N, Q), targets of each (N, Q), weights (N,), biases (L, Q), rotations (L, Q, Q) of a chamber problem."""
    labels = np.asarray(problem["labels"])
    points, targets, biases, rotations = (
        np.asarray(problem[name], dtype=np.float64) for name in ("points", "targets", "biases", "rotations")
    )
    return points, targets[labels], (1.0 / np.bincount(labels))[labels], biases, rotations
