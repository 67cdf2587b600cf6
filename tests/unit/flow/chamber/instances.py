"""Random chamber flows: clusters that overlap, biases and targets anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np


def draw(seed: int, *, N: int = 60, Q: int = 3, L: int = 2) -> dict[str, Any]:
    """Arguments of ``chamber_flow`` but the horizon."""
    rng = np.random.default_rng(seed)
    rotations = np.array([np.linalg.qr(rng.normal(size=(Q, Q)))[0] for _ in range(L)])
    labels = np.arange(N) % Q
    points = rng.normal(size=(N, Q)) + 1.5 * rng.normal(size=(Q, Q))[labels]
    return {
        "points": points,
        "labels": labels,
        "targets": 1.5 * rng.normal(size=(Q, Q)),
        "biases": rng.normal(size=(L, Q)),
        "rotations": rotations,
    }
