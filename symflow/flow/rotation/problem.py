"""What a moving-weights flow is asked: data, targets and starting parameters, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.flow.given import read_labels, read_real, read_weights, require_shapes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Background:
    """Data that stay off all walls for now, by their moments alone; what they hold is as in ``equations.Rows``.

    Rows (n, Q) of points with scales (n,), targets (n, Q) and masks (L, n, Q), the sum of the masses of these data, and
    the largest coordinate of all data. For how long a path they stay off all walls, who made this knows.
    """

    points: Floats
    scales: Floats
    targets: Floats
    masks: Floats
    mass: float
    extent: float


@dataclass(frozen=True, slots=True)
class Problem:
    """N data in R^Q of K classes, and L truncation maps: all float64, all shapes agreeing.

    points (N, Q), labels (N,), targets (N, Q): the target of each datum, masses (N,), biases (L, Q), weights (L, Q, Q).
    Further data may stand behind these as ``background``.
    """

    points: Floats
    labels: NDArray[np.intp]
    targets: Floats
    masses: Floats
    biases: Floats
    weights: Floats
    background: Background | None = None

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
        return max(largest, self.background.extent if self.background else 0.0) or 1.0

    @property
    def mass(self) -> float:
        """The sum of the masses of all data."""
        return float(self.masses.sum()) + (self.background.mass if self.background else 0.0)


def read_problem(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    weights: ArrayLike,
    masses: ArrayLike | None,
    name: str,
) -> Problem:
    """Check and convert; ``name`` is what the caller calls the (L, Q, Q) array. Masses are 1/N_j unless given.

    Raises ShapeError (shapes that do not agree) and KindError (not finite, not real, labels outside 0..K-1, a class
    without data, masses that are not positive).
    """
    x, goals, b = read_real(points, "points", 2), read_real(targets, "targets", 2), read_real(biases, "biases", 2)
    W = read_real(weights, name, 3)
    (N, Q), L = x.shape, b.shape[0]
    require_shapes(Q, L, {"targets": (goals, (len(goals), Q)), "biases": (b, (L, Q)), name: (W, (L, Q, Q))})
    classes = read_labels(labels, N, len(goals))
    mass = np.asarray(1.0 / np.bincount(classes)[classes]) if masses is None else read_weights(masses, N)
    return Problem(x, classes, goals[classes], mass, b, W)
