"""The gradient flow of cumulative weights that need not be orthogonal (theory B8): every row keeps its norm."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from symflow.flow.given import Progress, read_horizon, read_tolerance
from symflow.flow.reporting import report_for
from symflow.flow.rotation.charts import Chart, RowSphereChart
from symflow.flow.rotation.equations import Group
from symflow.flow.rotation.integration import Integration, MakeChart
from symflow.flow.rotation.legs import Memory
from symflow.flow.rotation.problem import Floats, Problem, read_problem
from symflow.flow.rotation.trajectories import Trajectory
from symflow.flow.streamed_arrays import is_streamed
from symflow.network.arrays import inverse


def general_weight_flow(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    cumulative: ArrayLike,
    *,
    t_max: float,
    rtol: float = 1e-9,
    weights: ArrayLike | None = None,
    fixed_biases: bool = False,
    progress: Progress | None = None,
) -> Trajectory:
    """Gradient flow of C = ½⟨|z_L − ỹ|²⟩ in all β_ℓ and all invertible W^(ℓ), in the Euclidean metric.

    Ẇ = −⟨[a qᵀ, H]ᵀ⟩ W^{-T} with a = W(z_{ℓ-1} + β), q = W^{-T} p_ℓ, and β̇ = ⟨(1 − P_ℓ)ᵀ p_ℓ⟩ (theory B2, B8). Row
    norms of W are conserved to rounding, because the step is taken on the product of their spheres.

    cumulative W (L, Q, Q); ``fixed_biases``: the β_ℓ stay where they are, β̇ = 0, and only the weights move, as in B8;
    the rest as for ``rotation_flow``. Raises ShapeError, KindError, UndefinedError (a weight is
    or becomes singular) and InvariantError.

    >>> W = [[[1.0, 0.5], [0.0, 2.0]]]
    >>> flow = general_weight_flow([[1.0, 0.0], [0.0, 1.0]], [0, 1], [[2, 0], [0, -1]], [[0.5, -0.5]], W, t_max=1)
    >>> np.linalg.norm(flow.weight([1.0])[0, 0], axis=1) ** 2
    array([1.25, 4.  ])
    """
    if is_streamed(points):
        from symflow.flow.streaming import streamed_general_weight_flow

        return streamed_general_weight_flow(
            points, labels, targets, biases, cumulative, t_max=t_max, rtol=rtol, weights=weights,
            fixed_biases=fixed_biases, progress=progress,
        )  # fmt: skip
    t_max, rtol = read_horizon(t_max), read_tolerance(rtol)
    return run(
        general_problem(points, labels, targets, biases, cumulative, weights), t_max, rtol, progress, fixed_biases
    )


def general_problem(
    points: ArrayLike, labels: ArrayLike, targets: ArrayLike, biases: ArrayLike, cumulative: ArrayLike,
    masses: ArrayLike | None,
) -> Problem:  # fmt: skip
    """Check and convert, as ``general_weight_flow``."""
    problem = read_problem(points, labels, targets, biases, cumulative, masses, "cumulative weights")
    for layer, weight in enumerate(problem.weights):
        inverse(weight, f"cumulative weight {layer}")
    return problem


def chart_maker(problem: Problem, fixed_biases: bool) -> MakeChart:
    """Charts in which the rows keep the norms that they have in a problem."""
    norms = np.linalg.norm(problem.weights, axis=2)
    group: Group = "weights at fixed biases" if fixed_biases else "weights"

    def make_chart(moved: Floats, at: Floats) -> Chart:
        return RowSphereChart(moved, at, norms, group)

    return make_chart


def run(
    problem: Problem, t_max: float, rtol: float, progress: Progress | None, fixed_biases: bool,
    memory: Memory | None = None,
) -> Trajectory:  # fmt: skip
    """The flow of a checked problem; ``memory`` of the one that it continues."""
    report = report_for(progress, t_max)
    result = Integration(problem, chart_maker(problem, fixed_biases), t_max, rtol, report=report, memory=memory).run()
    return Trajectory(
        problem, result.pieces, result.events, result.status, result.message, result.evaluations,
        {"rtol": rtol, "fixed_biases": fixed_biases}, result.memory,
    )  # fmt: skip
