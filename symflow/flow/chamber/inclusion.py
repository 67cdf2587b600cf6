"""For the checker: is a velocity in Clarke's inclusion where data slide in two layers at once?

Every direction from the state leads into one chamber; the patterns there follow datum by datum from the directional
derivative of the preactivations, layer by layer. The gradients of the chambers that a fan of directions meets are
elements of Clarke's subdifferential, and so are their convex combinations: minus the velocity must be one of them.
"""

from __future__ import annotations

import numpy as np

from symflow.network.arrays import Array

DIRECTIONS = (1024, 16384)  # as many as will do: each finds true elements, and more of them find narrower chambers
ITERATIONS = 400
CLOSE = 1e-14  # of the sizes: no better combination is looked for


def neighbouring_patterns(
    rotations: Array, base: Array, slid: Array, directions: int = DIRECTIONS[0], seed: int = 0
) -> Array:
    """Patterns (V, L, n, Q) of chambers around a state where the data have the patterns ``base`` (L, n, Q).

    Their preactivations vanish where ``slid``. Data with the same of both have the same pattern in every chamber.
    """
    rng = np.random.default_rng(seed)
    depth, _, width = base.shape
    kinds = np.stack((base, slid)).transpose(2, 0, 1, 3)
    _, of_kind, kind_of = np.unique(kinds.reshape(len(kinds), -1), axis=0, return_index=True, return_inverse=True)
    kept, held = base[:, of_kind], slid[:, of_kind]
    moves = rng.standard_normal((directions, depth, 1, width))
    z = np.zeros((directions, of_kind.size, width))
    found = np.empty((directions, *kept.shape), dtype=bool)
    for layer, rotation in enumerate(rotations):
        u = (z + moves[:, layer]) @ rotation.T
        found[:, layer] = np.where(held[layer], u > 0.0, kept[layer])
        z = np.where(found[:, layer], u, 0.0) @ rotation - moves[:, layer]
    first = _first_of_each(found.reshape(directions, -1), rng)
    result: Array = found[first][:, :, kind_of.reshape(-1)]
    return result


def _first_of_each(rows: Array, rng: np.random.Generator) -> Array:
    """Where each row of bits first occurs; by a number each, so that one might be lost, but none is made up."""
    packed = np.packbits(rows, axis=1).astype(np.uint64)
    numbers = packed @ rng.integers(1 << 63, size=packed.shape[1], dtype=np.uint64)
    return np.sort(np.unique(numbers, return_index=True)[1])


def distance_to_hull(corners: Array, point: Array, guess: Array | None = None) -> tuple[float, Array]:
    """Largest entry of the difference between a point (n,) and the nearest convex combination of corners (V, n).

    Nonnegative least squares (Lawson and Hanson) with the sum of the shares as one more equation. Also which corners
    have a share (V,): a ``guess`` for another point, tried first.
    """
    size = max(float(np.abs(corners).max()), float(np.abs(point).max()), 1e-300)
    matrix = np.vstack((corners.T / size, np.ones(len(corners))))
    wanted = np.append(point / size, 1.0)
    if guess is not None:
        shares = _least_squares(matrix, wanted, guess)
        left = float(np.abs(matrix @ shares - wanted).max())
        if shares.min() >= 0.0 and left <= CLOSE:
            return left * size, guess
    shares = np.zeros(len(corners))
    used = np.zeros(len(corners), dtype=bool)
    for _ in range(ITERATIONS):
        pull = matrix.T @ (wanted - matrix @ shares)
        pull[used] = -np.inf
        if used.all() or pull.max() <= 1e-14:
            break
        used[int(pull.argmax())] = True
        while True:
            trial = _least_squares(matrix, wanted, used)
            negative = used & (trial <= 0.0)
            if not negative.any():
                break
            fractions = shares[negative] / (shares[negative] - trial[negative] + 1e-300)
            shares = shares + float(fractions.min()) * (trial - shares)
            used &= shares > 1e-15
            shares[~used] = 0.0
        shares = trial
    return float(np.abs(matrix @ shares - wanted).max()) * size, used


def _least_squares(matrix: Array, wanted: Array, used: Array) -> Array:
    """The solution with entries in some places only."""
    result = np.zeros(matrix.shape[1])
    result[used] = np.linalg.lstsq(matrix[:, used], wanted, rcond=1e-12)[0]
    return result
