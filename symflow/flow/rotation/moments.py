"""The right side of the rotation flow in one chamber from counts and moments of the data (theory B2, B4, C8).

Per activation pattern the moments up to the second stand for the data (``prefix_tree``), so that afterwards a gradient
takes the same time for a thousand data as for a million.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import ShapeError
from symflow.flow.chamber.quadratics import linear_parts, unique_patterns
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.kernels import USED
from symflow.flow.rotation.prefix_tree import Tree, fill_tree_descent, tree_descent, tree_of
from symflow.flow.rotation.problem import Floats, Problem, read_problem
from symflow.flow.streamed_arrays import is_streamed
from symflow.network.arrays import require_orthogonal


@dataclass(frozen=True, slots=True, eq=False)
class ChamberMoments:
    """Moments of all data in one chamber, for each of ``patterns`` patterns: made by :func:`chamber_moments`."""

    tree: Tree

    @property
    def patterns(self) -> int:
        """How many patterns the data have."""
        return len(self.tree.grams)

    def velocity(self, biases: Floats, rotations: Floats) -> tuple[Floats, Floats]:
        """β̇ (L, Q) = ⟨(1 − P_ℓ)ᵀ p_ℓ⟩ and Ω (L, Q, Q) = ½⟨[u vᵀ + v uᵀ, H_ℓ]⟩, Ṙ = ΩR: minus the gradient.

        Valid while no activation differs from those of the place where the moments were taken, which is for the caller
        to know. Raises ShapeError.
        """
        L, Q = len(self.tree.starts) - 2, self.tree.masks.shape[1]
        if biases.shape != (L, Q) or rotations.shape != (L, Q, Q):
            raise ShapeError(
                f"biases must have shape {(L, Q)} and rotations {(L, Q, Q)}; got {biases.shape} and {rotations.shape}"
            )
        at = Parameters(biases, rotations, np.ascontiguousarray(rotations.transpose(0, 2, 1)))
        if USED:
            velocity = np.empty(L * Q * (1 + Q))
            fill_tree_descent(self.tree, at, velocity)
        else:
            velocity = tree_descent(self.tree, at)
        return velocity[: L * Q].reshape(L, Q), velocity[L * Q :].reshape(L, Q, Q)


def chamber_moments(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    rotations: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> ChamberMoments:
    """What the gradients by β_1..β_L and R_1..R_L see of the data, in the chamber of the given ones.

    Arguments as for ``rotation_flow``, memory-mapped and Dask arrays too, which are read block by block:
    points (N, Q), labels (N,), targets (K, Q), biases (L, Q), rotations (L, Q, Q),
    weights (N,), 1/N_j for a datum of class j unless given. A datum on a wall counts as truncated.

    Raises ShapeError and KindError: input that does not fit.

    A thousand data beyond the cone, all of one class, and one inside:

    >>> x = np.concatenate([np.random.default_rng(0).uniform(-2, -1, size=(1000, 2)), [[3.0, 3.0]]])
    >>> moments = chamber_moments(x, [0] * 1001, [[1.0, -1.0]], [[0.5, 0.5]], [np.eye(2)], weights=[0.001] * 1001)
    >>> moments.patterns
    2
    >>> moments.velocity(np.array([[0.5, 0.5]]), np.eye(2)[np.newaxis])[0].round(12).tolist()
    [[-1.5, 0.5]]
    """
    if is_streamed(points):
        from symflow.flow.streaming import streamed_chamber_moments

        return streamed_chamber_moments(points, labels, targets, biases, rotations, weights=weights)
    problem = checked_problem(points, labels, targets, biases, rotations, weights)
    active, _ = linear_parts(problem.points, problem.biases, problem.weights)
    kinds, kind_of = unique_patterns(active)
    Q, grams, goals = problem.dimension, [], []
    homogeneous = [*problem.points.T, np.ones(len(problem.points))]
    for i, one in enumerate(homogeneous):
        weighted = problem.masses * one
        grams.append([np.bincount(kind_of, weighted * other, len(kinds)) for other in homogeneous[: i + 1]])
        goals.append([np.bincount(kind_of, weighted * goal, len(kinds)) for goal in problem.targets.T])
    whole = [[grams[max(i, j)][min(i, j)] for j in range(Q + 1)] for i in range(Q + 1)]
    return ChamberMoments(
        tree_of(
            active[:, kinds].transpose(1, 0, 2), np.array(whole).transpose(2, 0, 1), np.array(goals).transpose(2, 0, 1)
        )
    )


def checked_problem(
    points: ArrayLike, labels: ArrayLike, targets: ArrayLike, biases: ArrayLike, rotations: ArrayLike,
    masses: ArrayLike | None,
) -> Problem:  # fmt: skip
    """Check and convert; the rotations stay as they are."""
    problem = read_problem(points, labels, targets, biases, rotations, masses, "rotations")
    for layer, rotation in enumerate(problem.weights, 1):
        require_orthogonal(rotation, f"rotation {layer}")
    return problem
