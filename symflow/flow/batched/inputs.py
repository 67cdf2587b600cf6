"""What many networks are given: B starts and targets, shared or own data, checked once for all of them.

An array that all networks share may come without its leading network axis; it is never copied B times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError, UndefinedError
from symflow.network.arrays import LARGEST_CONDITION, Array, as_array, as_floats

Floats = NDArray[np.float64]
ORTHOGONAL = 1e-10  # |R Rᵀ − 1| that is taken for roundoff


@dataclass(frozen=True, slots=True)
class ManyNetworks:
    """B networks of L truncation maps in R^Q on N data of K classes, float64.

    points (1 or B, N, Q), labels (N,), targets (1 or B, K, Q), masses (N,), biases (B, L, Q), weights
    (1 or B, L, Q, Q).
    """

    points: Floats
    labels: NDArray[np.intp]
    targets: Floats
    masses: Floats
    biases: Floats
    weights: Floats


def read_networks(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    weights: ArrayLike,
    masses: ArrayLike | None,
    name: str,
) -> ManyNetworks:
    """Check and convert; ``name`` is what the caller calls the weights. Masses are 1/N_j unless given.

    Raises ShapeError (shapes that do not agree) and KindError (not finite, not real, labels outside 0..K-1, masses that
    are not positive).
    """
    b = as_floats(as_array(biases, "biases", 3))
    B, L, Q = b.shape
    x, goals = _shared(points, "points", 3), _shared(targets, "targets", 3)
    W = _shared(weights, name, 4)
    _require(x, (B, x.shape[1], Q), "points", b)
    _require(goals, (B, goals.shape[1], Q), "targets", b)
    _require(W, (B, L, Q, Q), name, b)
    classes = read_labels(labels, x.shape[1], goals.shape[1])
    return ManyNetworks(x, classes, goals, read_masses(masses, classes), b, W)


def read_data(
    points: ArrayLike, labels: ArrayLike, targets: ArrayLike, masses: ArrayLike | None
) -> tuple[Floats, NDArray[np.intp], Floats, Floats]:
    """Points (N, Q), labels (N,), targets (K, Q) and masses (N,), without networks. Raises ShapeError and KindError."""
    x, goals = as_floats(as_array(points, "points", 2)), as_floats(as_array(targets, "targets", 2))
    if goals.shape[1] != x.shape[1]:
        raise ShapeError(f"targets must have {x.shape[1]} columns, as the points have; got shape {goals.shape}")
    classes = read_labels(labels, len(x), len(goals))
    return x, classes, goals, read_masses(masses, classes)


def read_labels(labels: ArrayLike, N: int, K: int) -> NDArray[np.intp]:
    """Class numbers (N,). Raises ShapeError and KindError."""
    classes = np.asarray(labels)
    if classes.shape != (N,):
        raise ShapeError(f"labels must have shape ({N},), one for each point; got {classes.shape}")
    if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= K:
        raise KindError(f"labels must be whole numbers from 0 to {K - 1}, the rows of targets")
    return classes.astype(np.intp)


def read_masses(masses: ArrayLike | None, classes: NDArray[np.intp]) -> Floats:
    """Weights of the data (N,): 1/N_j for a datum of class j unless given. Raises ShapeError and KindError."""
    if masses is None:
        return np.asarray(1.0 / np.bincount(classes)[classes])
    mass = as_floats(as_array(masses, "weights of the data", 1))
    if mass.shape != classes.shape:
        raise ShapeError(f"weights of the data must have shape {classes.shape}; got {mass.shape}")
    if not (mass > 0).all():
        raise KindError(f"every weight of the data must be positive; number {int(np.argmin(mass))} is {mass.min()}")
    return mass


def require_rotations(rotations: Floats) -> None:
    """Raise KindError unless all of (B, L, Q, Q) are orthogonal to 1e-10."""
    defect = np.abs(rotations @ transposed(rotations) - np.eye(rotations.shape[-1])).max(axis=(2, 3))
    if not (defect <= ORTHOGONAL).all():
        network, layer = (int(place) for place in np.argwhere(~(defect <= ORTHOGONAL))[0])
        raise KindError(
            f"rotation {layer + 1} of network {network} is not orthogonal: an entry of R Rᵀ − 1 is "
            f"{defect[network, layer]:.1e}; batched_weight_gradients takes general weights"
        )


def inverses(weights: Floats, name: str) -> Floats:
    """The inverses of (B, L, Q, Q). Raises UndefinedError where one is singular to working precision."""
    try:
        found = np.asarray(np.linalg.inv(weights), dtype=np.float64)
    except np.linalg.LinAlgError:  # it does not say which
        found, spread = weights, np.linalg.cond(weights)
    else:
        # |W| |W⁻¹| by largest entries is the condition number up to a factor Q², without a singular value.
        spread = np.abs(weights).max(axis=(2, 3)) * np.abs(found).max(axis=(2, 3))
    if not (spread < LARGEST_CONDITION).all():
        network, layer = (int(place) for place in np.argwhere(~(spread < LARGEST_CONDITION))[0])
        raise UndefinedError(
            f"{name} {layer + 1} of network {network} is singular to working precision; "
            "choose a better conditioned weight"
        )
    return found


def transposed(matrices: Array) -> Array:
    """The last two axes swapped."""
    return np.swapaxes(matrices, -1, -2)


def _shared(values: ArrayLike, name: str, ndim: int) -> Floats:
    """With a network axis of length 1 where there is none."""
    own = np.ndim(values) == ndim
    array = as_floats(as_array(values, name, ndim if own else ndim - 1))
    return array if own else array[np.newaxis]


def _require(array: Floats, shape: tuple[int, ...], name: str, biases: Floats) -> None:
    if array.shape[1:] != shape[1:] or array.shape[0] not in {1, shape[0]}:
        raise ShapeError(
            f"biases {biases.shape} ask for {name} {shape}, or {shape[1:]} where all networks share them; "
            f"got {array.shape}"
        )
