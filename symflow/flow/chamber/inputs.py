"""What a chamber flow is given: checked once, with messages for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import Array

ORTHOGONAL = 1e-10  # |RᵀR - 1| that is taken for roundoff
WIDEST = 40  # patterns of a layer are coded in one integer


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """Points x (N, Q), their targets ỹ (N, Q), weights (N,), start β (L, Q), rotations (L, Q, Q), the horizon."""

    points: Array
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
    x = _floats(points, "points", 2)
    class_targets = _floats(targets, "targets", 2)
    beta = _floats(biases, "biases", 2)
    rotation = _floats(rotations, "rotations", 3)
    (N, Q), L = x.shape, beta.shape[0]
    if N == 0 or Q == 0 or L == 0:
        raise ShapeError(f"a chamber flow needs data, coordinates and layers; got N = {N}, Q = {Q}, L = {L}")
    if Q > WIDEST:
        raise ShapeError(f"width Q = {Q} is beyond {WIDEST}, the widest pattern that is coded in one integer")
    for name, array, shape in (
        ("targets", class_targets, (class_targets.shape[0], Q)),
        ("biases", beta, (L, Q)),
        ("rotations", rotation, (L, Q, Q)),
    ):
        if array.shape != shape:
            raise ShapeError(f"{name} have shape {array.shape}; points {x.shape} and {L} layers need {shape}")
    label = _labels(labels, N, class_targets.shape[0])
    defect = float(np.abs(rotation @ rotation.transpose(0, 2, 1) - np.eye(Q)).max())
    if defect > ORTHOGONAL:
        raise KindError(
            f"rotations must be orthogonal; R Rᵀ is {defect:.1e} away from the identity. Use adapted weights"
        )
    if weights is None:
        w = 1.0 / np.bincount(label, minlength=class_targets.shape[0])[label]
    else:
        w = _floats(weights, "weights", 1)
        if w.shape != (N,):
            raise ShapeError(f"weights have shape {w.shape}; {N} points need ({N},)")
        if not (w > 0).all():
            raise KindError(f"weights must be positive; the smallest is {w.min()}")
    if output_bias not in {"frozen", "moving"}:
        raise KindError(f'output_bias is "frozen" or "moving", not {output_bias!r}')
    if not (isinstance(t_max, (int, float)) and 0 < t_max < float("inf")):
        raise KindError(f"t_max must be a positive finite number, not {t_max!r}")
    return FlowProblem(x, class_targets[label], w, beta, rotation, float(t_max), output_bias == "moving")


def _floats(value: Any, name: str, dimensions: int) -> Array:
    try:
        array = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise KindError(f"{name} are not an array of real numbers: {error}") from None
    if array.ndim != dimensions:
        raise ShapeError(f"{name} need {dimensions} dimensions; got shape {array.shape}")
    if not np.isfinite(array).all():
        raise KindError(f"{name} hold NaN or infinite entries")
    return array


def _labels(labels: Any, N: int, K: int) -> Array:
    label = np.asarray(labels)
    if label.shape != (N,):
        raise ShapeError(f"labels have shape {label.shape}; {N} points need ({N},)")
    if not np.issubdtype(label.dtype, np.integer):
        raise KindError(f"labels must be integers 0..{K - 1}; got {label.dtype}")
    if label.min() < 0 or label.max() >= K:
        raise KindError(f"labels must lie in 0..{K - 1}, one for each row of targets; got {label.min()}..{label.max()}")
    return label.astype(np.int64)
