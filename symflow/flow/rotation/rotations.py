"""The gradient flow of all cumulative biases and rotations (theory B2, B4), on the orthogonal group, across walls."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import ArrayLike

from symflow.flow.given import Progress, read_horizon, read_tolerance
from symflow.flow.reporting import report_for
from symflow.flow.rotation.charts import CayleyChart, polish
from symflow.flow.rotation.integration import Integration
from symflow.flow.rotation.legs import Memory
from symflow.flow.rotation.problem import Problem, read_problem
from symflow.flow.rotation.trajectories import RotationTrajectory
from symflow.flow.streamed_arrays import is_streamed
from symflow.network.arrays import require_orthogonal


def rotation_flow(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    rotations: ArrayLike,
    *,
    t_max: float,
    rtol: float = 1e-9,
    weights: ArrayLike | None = None,
    progress: Progress | None = None,
) -> RotationTrajectory:
    """Gradient flow of C = ½⟨|z_L − ỹ|²⟩ in all β_ℓ and R_ℓ: β̇_ℓ = ⟨(1 − P_ℓ)ᵀ p_ℓ⟩, Ṙ_ℓ = Ω_ℓ R_ℓ.

    Ω_ℓ = ½⟨[u vᵀ + v uᵀ, H_ℓ]⟩ with u = R_ℓ(z_{ℓ-1} + β_ℓ), v = R_ℓ p_ℓ (theory B2, B4; source arXiv:2501.07400).

    points (N, Q), labels (N,) in 0..K-1, targets ỹ (K, Q), biases β (L, Q), rotations R (L, Q, Q) orthogonal to 1e-10;
    weights ω (N,), 1/N_j for a datum of class j unless given. ``rtol`` bounds the error of a step, in units of the
    largest coordinate. At walls the flow crosses, slides or leaves as Filippov's conditions say; where they have no
    single answer the trajectory ends there and its status says why. The same holds for a start on a wall. ``progress``
    is called with t/t_max now and then.

    Raises ShapeError, KindError (bad numbers, labels, rotations that are not orthogonal) and InvariantError (the cost
    rose, or a rotation left the group: the result would be wrong).

    >>> import numpy as np
    >>> x = [[1.0, 0.0], [0.0, 1.0]]
    >>> flow = rotation_flow(x, [0, 1], [[2, 0], [0, -1]], [[0.5, -0.5]], [np.eye(2)], t_max=5)
    >>> flow.status, bool(flow.loss([5.0])[0] < flow.loss([0.0])[0])
    ('finished', True)
    """
    if is_streamed(points):
        from symflow.flow.streaming import streamed_rotation_flow

        return streamed_rotation_flow(
            points, labels, targets, biases, rotations, t_max=t_max, rtol=rtol, weights=weights, progress=progress
        )
    t_max, rtol = read_horizon(t_max), read_tolerance(rtol)
    return run(rotation_problem(points, labels, targets, biases, rotations, weights), t_max, rtol, progress)


def rotation_problem(
    points: ArrayLike, labels: ArrayLike, targets: ArrayLike, biases: ArrayLike, rotations: ArrayLike,
    masses: ArrayLike | None,
) -> Problem:  # fmt: skip
    """Check and convert, as ``rotation_flow``; the rotations made orthogonal to rounding."""
    problem = read_problem(points, labels, targets, biases, rotations, masses, "rotations")
    for layer, rotation in enumerate(problem.weights):
        require_orthogonal(rotation, f"rotation {layer}")
    return replace(problem, weights=polish(polish(problem.weights)))


def run(
    problem: Problem, t_max: float, rtol: float, progress: Progress | None, memory: Memory | None = None
) -> RotationTrajectory:
    """The flow of a checked problem; ``memory`` of the one that it continues."""
    report = report_for(progress, t_max)
    result = Integration(problem, CayleyChart, t_max, rtol, report=report, memory=memory).run()
    return RotationTrajectory(
        problem, result.pieces, result.events, result.status, result.message, result.evaluations,
        {"rtol": rtol}, result.memory,
    )  # fmt: skip
