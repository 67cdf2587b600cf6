"""What a chamber flow is given: checked once, with messages for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.errors import KindError, ShapeError
from symflow.flow.given import read_choice, read_horizon, read_labels, read_real, read_weights, require_shapes
from symflow.network.arrays import Array

ORTHOGONAL = 1e-10  # |RᵀR - 1| that is taken for roundoff
WIDEST = 40  # patterns of a layer are coded in one integer


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """What is given, as float64 and integers of shapes that agree.

    Points x (N, Q), their classes (N,), their targets ỹ (N, Q), weights (N,), start β (L, Q), rotations (L, Q, Q), the
    horizon.
    """

    points: Array
    labels: Array
    targets: Array
    weights: Array
    biases: Array
    rotations: Array
    t_max: float
    moving: bool  # whether the output bias moves: all targets shift together (theory B7)

    @property
    def start(self) -> Array:
        """The stacked bias θ; with a moving output bias its change stands behind the L biases."""
        extra = np.zeros(self.points.shape[1] if self.moving else 0)
        return np.concatenate((self.biases.ravel(), extra))


def flow_problem(
    points: Any, labels: Any, targets: Any, biases: Any, rotations: Any, *, t_max: float, weights: Any, output_bias: str
) -> FlowProblem:
    """The checked problem; see ``chamber_flow`` for shapes and errors."""
    x = read_real(points, "points", 2)
    class_targets = read_real(targets, "targets", 2)
    beta = read_real(biases, "biases", 2)
    rotation = read_real(rotations, "rotations", 3)
    (N, Q), L, K = x.shape, beta.shape[0], class_targets.shape[0]
    if Q > WIDEST:
        raise ShapeError(f"points have width Q = {Q}, beyond {WIDEST}, the widest pattern that is coded in one integer")
    require_shapes(
        Q, L, {"targets": (class_targets, (K, Q)), "biases": (beta, (L, Q)), "rotations": (rotation, (L, Q, Q))}
    )
    label = read_labels(labels, N, K)
    defect = float(np.abs(rotation @ rotation.transpose(0, 2, 1) - np.eye(Q)).max())
    if defect > ORTHOGONAL:
        raise KindError(
            f"rotations must be orthogonal; R Rᵀ is {defect:.1e} away from the identity. Use adapted weights"
        )
    w = 1.0 / np.bincount(label)[label] if weights is None else read_weights(weights, N)
    read_choice(output_bias, "output_bias", ("frozen", "moving"))
    horizon = read_horizon(t_max)
    return FlowProblem(x, label, class_targets[label], w, beta, rotation, horizon, output_bias == "moving")
