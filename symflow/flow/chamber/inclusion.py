"""For the checker: is a velocity in Clarke's inclusion where data slide in two layers at once?

Every direction from the state leads into one chamber; the patterns there follow datum by datum from the directional
derivative of the preactivations, layer by layer. The gradients of the chambers that a fan of directions meets are
elements of Clarke's subdifferential, and so are their convex combinations: minus the velocity must be one of them.
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.inputs import FlowProblem
from symflow.network.arrays import Array

DIRECTIONS = (1024, 16384)  # as many as will do: each finds true elements, and more of them find narrower chambers
ITERATIONS = 400


def neighbouring_patterns(
    problem: FlowProblem, active: Array, held: Array, directions: int = DIRECTIONS[0], seed: int = 0
) -> list[Array]:
    """Patterns (L, N, Q) of chambers around a state whose preactivations vanish where ``held`` >= 0."""
    rng = np.random.default_rng(seed)
    depth, width = problem.biases.shape
    on_walls = np.flatnonzero((held >= 0).any(axis=(0, 2)))
    base, slid = active[:, on_walls], held[:, on_walls] >= 0
    moves = rng.standard_normal((directions, depth, 1, width))
    z = np.zeros((directions, on_walls.size, width))
    found = np.empty((directions, *base.shape), dtype=bool)
    for layer, rotation in enumerate(problem.rotations):
        u = (z + moves[:, layer]) @ rotation.T
        found[:, layer] = np.where(slid[layer], u > 0.0, base[layer])
        z = np.where(found[:, layer], u, 0.0) @ rotation - moves[:, layer]
    _, first = np.unique(found.reshape(directions, -1), axis=0, return_index=True)
    patterns = []
    for pattern in found[np.sort(first)]:
        whole = active.copy()
        whole[:, on_walls] = pattern
        patterns.append(whole)
    return patterns


def distance_to_hull(corners: Array, point: Array) -> float:
    """Largest entry of the difference between a point (n,) and the nearest convex combination of corners (V, n).

    Nonnegative least squares (Lawson and Hanson) with the sum of the shares as one more equation.
    """
    size = max(float(np.abs(corners).max()), float(np.abs(point).max()), 1e-300)
    matrix = np.vstack((corners.T / size, np.ones(len(corners))))
    wanted = np.append(point / size, 1.0)
    shares = np.zeros(len(corners))
    used = np.zeros(len(corners), dtype=bool)
    for _ in range(ITERATIONS):
        pull = matrix.T @ (wanted - matrix @ shares)
        pull[used] = -np.inf
        if used.all() or pull.max() <= 1e-14:
            break
        used[int(pull.argmax())] = True
        while True:
            trial = np.zeros_like(shares)
            trial[used] = np.linalg.lstsq(matrix[:, used], wanted, rcond=1e-12)[0]
            negative = used & (trial <= 0.0)
            if not negative.any():
                break
            fractions = shares[negative] / (shares[negative] - trial[negative] + 1e-300)
            shares = shares + float(fractions.min()) * (trial - shares)
            used &= shares > 1e-15
            shares[~used] = 0.0
        shares = trial
    return float(np.abs(matrix @ shares - wanted).max()) * size
