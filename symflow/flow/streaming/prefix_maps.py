"""What the layers do to a datum of given patterns: z_ℓ = A x + B θ + const, one small matrix product per layer.

The same recursion as in ``chamber.prefixes``, for the few patterns of a block: workers have no table of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GONE = 1e-13  # entries of A below this: the layers have sent all data to one point


def prefix_map(rotations: Floats, codes: Sequence[int]) -> tuple[Floats, Floats]:
    """(A, B): derivatives of z_ℓ by x and by the stacked biases, for pattern codes (ℓ,), bit k for component k.

    >>> A, B = prefix_map(np.eye(2)[None], [0b01])
    >>> A.tolist(), B.tolist()
    ([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, -1.0]])
    """
    depth, width = rotations.shape[:2]
    A, B = np.eye(width), np.zeros((width, depth * width))
    for layer, code in enumerate(codes):
        own = slice(layer * width, (layer + 1) * width)
        if code == 0:  # exactly, as in ``chamber.prefixes``
            A, B = np.zeros_like(A), np.zeros_like(B)
            B[:, own] = -np.eye(width)
            continue
        active = np.array([(int(code) >> k) & 1 for k in range(width)], dtype=np.float64)
        P = rotations[layer].T @ (active[:, None] * rotations[layer])
        A, B = P @ A, P @ B
        B[:, own] -= np.eye(width) - P
    return A, B


def walls(rotations: Floats, codes: Sequence[int]) -> tuple[Floats, Floats]:
    """(rows, offsets): derivatives of the preactivations (Q,) of the layer after ``codes`` by θ and by x."""
    depth, width = rotations.shape[:2]
    A, B = prefix_map(rotations, codes)
    layer = len(codes)
    entering = np.zeros((width, depth * width))
    entering[:, layer * width : (layer + 1) * width] = np.eye(width)
    return rotations[layer] @ (entering + B), rotations[layer] @ A


def preactivations(points: Floats, biases: Floats, weights: Floats, inverses: Floats | None = None) -> Any:
    """Yield u_ℓ (n, Q) layer by layer, and, last, z_L (n, Q); weights (L, Q, Q) with inverses, or rotations.

    Columns are added one by one: what a datum gets does not depend on the rows beside it, as with a library product.
    """
    z = points
    backward = weights.transpose(0, 2, 1) if inverses is None else inverses
    for bias, weight, back in zip(biases, weights, backward, strict=True):
        entering = z + bias
        u = product(entering, weight.T)
        yield u
        z = product(np.maximum(u, 0.0), back.T) - bias
    yield z


def product(rows: Floats, matrix: Floats) -> Floats:
    """rows @ matrix, each row by itself."""
    result = np.empty((len(rows), matrix.shape[1]))
    for column in range(matrix.shape[1]):
        result[:, column] = rows[:, 0] * matrix[0, column]
        for inner in range(1, matrix.shape[0]):
            result[:, column] += rows[:, inner] * matrix[inner, column]
    return result
