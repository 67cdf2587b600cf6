"""What a moving-weights flow is asked: data, targets and starting parameters, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import as_array, as_floats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Problem:
    """N data in R^Q of K classes, and L truncation maps: all float64, all shapes agreeing.

    points (N, Q), labels (N,), targets (N, Q): the target of each datum, masses (N,), biases (L, Q), weights (L, Q, Q).
    """

    points: Floats
    labels: NDArray[np.intp]
    targets: Floats
    masses: Floats
    biases: Floats
    weights: Floats

    @property
    def depth(self) -> int:
        """L, the number of truncation maps."""
        return int(self.biases.shape[0])

    @property
    def dimension(self) -> int:
        """Q."""
        return int(self.points.shape[1])

    @property
    def length(self) -> float:
        """The largest coordinate of data, targets and biases: the unit in which tolerances are measured."""
        largest = max(float(np.abs(array).max()) for array in (self.points, self.targets, self.biases))
        return largest or 1.0


def read_problem(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    weights: ArrayLike,
    masses: ArrayLike | None,
    name: str,
) -> Problem:
    """Check and convert; ``name`` is what the caller calls the (L, Q, Q) array. Masses are 1/N unless given.

    Raises ShapeError (shapes that do not agree) and KindError (not finite, not real, labels outside 0..K-1, masses
    that are not positive).
    """
    x = as_floats(as_array(points, "points", 2))
    goals = as_floats(as_array(targets, "targets", 2))
    b, W = as_floats(as_array(biases, "biases", 2)), as_floats(as_array(weights, name, 3))
    (N, Q), L = x.shape, b.shape[0]
    for what, array, shape in (("targets", goals, (len(goals), Q)), ("biases", b, (L, Q)), (name, W, (L, Q, Q))):
        if array.shape != shape:
            raise ShapeError(f"{what} must have shape {shape} for points in R^{Q} and L = {L}; got {array.shape}")
    classes = np.asarray(labels)
    if classes.shape != (N,):
        raise ShapeError(f"labels must have shape ({N},), one for each point; got {classes.shape}")
    if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= len(goals):
        raise KindError(f"labels must be whole numbers from 0 to {len(goals) - 1}, the rows of targets")
    mass = np.full(N, 1.0 / N) if masses is None else as_floats(as_array(masses, "weights of the data", 1))
    if mass.shape != (N,):
        raise ShapeError(f"weights of the data must have shape ({N},); got {mass.shape}")
    if not (mass > 0).all():
        raise KindError(f"every weight of the data must be positive; number {int(np.argmin(mass))} is {mass.min()}")
    return Problem(x, classes.astype(np.intp), goals[classes], mass, b, W)


def read_times(t_max: float, rtol: float) -> tuple[float, float]:
    """Raises KindError unless t_max is finite and positive and rtol lies between 1e-13 and 1e-2."""
    if not (np.isfinite(t_max) and t_max > 0):
        raise KindError(f"t_max must be a positive, finite time; got {t_max!r}")
    if not 1e-13 <= rtol <= 1e-2:
        raise KindError(f"rtol must lie between 1e-13, which float64 can deliver, and 1e-2; got {rtol!r}")
    return float(t_max), float(rtol)
