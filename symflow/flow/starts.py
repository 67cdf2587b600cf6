"""What flows start from, as plain dataclasses of arrays: the fields are the arguments of the function.

``flow.state(time)`` of a trajectory is such a start, so that a flow is continued, or another one begun, from there:
``rotation_flow(**vars(flow.state(2.0)), t_max=1.0)`` goes on from where a chamber flow is at time 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.given import Floats
from symflow.flow.streamed_arrays import StreamedData
from symflow.network import AnyParameters, LabelledData


@dataclass(frozen=True, eq=False)
class ClusterStart:
    """Of ``separated_flow``: points (N, Q), target and bias (Q,), rotation (Q, Q), weights (N,)."""

    points: Floats
    target: Floats
    bias: Floats
    rotation: Floats | None
    weights: Floats


@dataclass(frozen=True, eq=False)
class PopulationStart:
    """Of ``population_flow``: Q distributions, target and bias (Q,), rotation (Q, Q)."""

    distributions: tuple[Any, ...]
    target: Floats
    bias: Floats
    rotation: Floats | None


@dataclass(frozen=True, eq=False)
class AdaptedStart:
    """Of ``chamber_flow`` and ``rotation_flow``, with adapted weights.

    points (N, Q), labels (N,), targets (K, Q), biases (L, Q), rotations (L, Q, Q), weights (N,) of the points.
    """

    points: Floats
    labels: NDArray[np.intp]
    targets: Floats
    biases: Floats
    rotations: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class GeneralStart:
    """Of ``general_weight_flow``: the same with cumulative weights (L, Q, Q) in place of rotations."""

    points: Floats
    labels: NDArray[np.intp]
    targets: Floats
    biases: Floats
    cumulative: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class LayeredStart:
    """Of ``layered_flow``: a network, in any coordinates, and data."""

    network: AnyParameters
    data: LabelledData | StreamedData


def class_targets(labels: NDArray[np.intp], targets: Floats) -> Floats:
    """One row a class (K, Q), from one row a datum (N, Q).

    >>> class_targets(np.array([1, 0, 1]), np.array([[2.0], [5.0], [2.0]])).ravel().tolist()
    [5.0, 2.0]
    """
    return targets[np.unique(labels, return_index=True)[1]]
