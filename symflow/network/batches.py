"""Many networks of one shape at once, in float64: the arrays get a leading network axis and NumPy does the loop.

All networks see the same data, or each its own points. Coordinates are (W^(ℓ), β_ℓ), because the truncation maps need
no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError, UndefinedError, UnsupportedError
from symflow.network.arrays import LARGEST_CONDITION, Array, as_array, is_exact, require_shape
from symflow.network.coordinates import to_pulled_back
from symflow.network.data import LabelledData
from symflow.network.parameters import AnyParameters, PulledBackParameters
from symflow.network.states import Trajectory


@dataclass(frozen=True, slots=True, eq=False)
class StackedParameters:
    """B networks with L hidden layers in R^Q: weights W^(ℓ) (B, L+1, Q, Q) and biases β_ℓ (B, L+1, Q), float64.

    Raises ShapeError, KindError (NaN, exact numbers) and UndefinedError (a singular weight).

    >>> StackedParameters(weights=np.ones((5, 3, 1, 1)), biases=np.zeros((5, 3, 1))).size
    5
    """

    weights: Array
    biases: Array

    def __post_init__(self) -> None:
        weights, biases = as_array(self.weights, "stacked weights", 4), as_array(self.biases, "stacked biases", 3)
        if is_exact(weights) or is_exact(biases):
            raise KindError("stacked networks are float64; call to_floats() on exact ones first")
        size, layers, dimension, _ = weights.shape
        require_shape(weights, (size, layers, dimension, dimension), "stacked weights")
        require_shape(biases, (size, layers, dimension), "stacked biases")
        conditions = np.linalg.cond(weights)
        if not (conditions < LARGEST_CONDITION).all():
            network, layer = (int(index) for index in np.argwhere(~(conditions < LARGEST_CONDITION))[0])
            raise UndefinedError(
                f"cumulative weight {layer + 1} of network {network} is singular to working precision "
                f"(condition number {conditions[network, layer]:.1e}); choose a better conditioned weight"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)

    @property
    def size(self) -> int:
        """B, the number of networks."""
        return int(self.weights.shape[0])

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return int(self.weights.shape[1]) - 1

    @property
    def dimension(self) -> int:
        """Q."""
        return int(self.weights.shape[2])

    def __getitem__(self, network: int) -> PulledBackParameters:
        """One network, counted from 0."""
        return PulledBackParameters(tuple(self.weights[network]), tuple(self.biases[network]))


def stack(networks: Sequence[AnyParameters]) -> StackedParameters:
    """Networks of one depth and dimension, in any coordinates, with a leading network axis.

    Raises ShapeError (none at all, or different shapes), UnsupportedError (exact networks), UndefinedError.

    >>> one = PulledBackParameters(([[2.0]], [[1.0]]), ([0.5], [0.0]))
    >>> stack([one, one, one]).weights.shape
    (3, 2, 1, 1)
    """
    if not networks:
        raise ShapeError("stack() needs at least one network")
    if any(network.exact for network in networks):
        raise UnsupportedError("stacked networks are float64; call to_floats() on exact ones first")
    pulled_back = [to_pulled_back(network) for network in networks]
    shapes = sorted({(network.depth, network.dimension) for network in pulled_back})
    if len(shapes) > 1:
        found = ", ".join(f"L = {depth} with Q = {dimension}" for depth, dimension in shapes)
        raise ShapeError(f"networks stack when they have one depth and one dimension; these have {found}")
    return StackedParameters(
        np.array([network.weights for network in pulled_back]), np.array([network.biases for network in pulled_back])
    )


def trajectories(parameters: StackedParameters, points: ArrayLike) -> Trajectory:
    """``trajectory`` of every network: states (B, L+1, N, Q), preactivations and patterns (B, L, N, Q).

    ``points`` are (N, Q), the same for all networks, or (B, N, Q). Raises ShapeError and KindError.

    >>> one, two = (PulledBackParameters(([[w]], [[1.0]]), ([-1.0], [0.0])) for w in (1.0, -1.0))
    >>> trajectories(stack([one, two]), [[3.0], [0.0]]).states[:, 1].tolist()
    [[[3.0], [1.0]], [[1.0], [0.0]]]
    """
    states, preactivations = [_points(points, parameters)], []
    for layer in range(parameters.depth):
        weight, beta = parameters.weights[:, layer], parameters.biases[:, layer, np.newaxis]
        preactivation = (states[-1] + beta) @ _transposed(weight)
        preactivations.append(preactivation)
        states.append(np.maximum(preactivation, 0.0) @ _transposed(np.linalg.inv(weight)) - beta)
    # Networks without hidden layers (L = 0) still have an array of the right shape.
    B, N, Q = states[0].shape
    stacked = np.stack(preactivations, axis=1) if preactivations else np.empty((B, 0, N, Q))
    return Trajectory(np.stack(states, axis=1), stacked, stacked > 0)


def input_layer_costs(parameters: StackedParameters, data: LabelledData) -> NDArray[np.float64]:
    """C = ½⟨|z_L − ỹ|²⟩ of every network on the same data; shape (B,). Raises ShapeError and KindError.

    >>> one, two = (PulledBackParameters(([[1.0]], [[2.0]]), ([0.0], [beta])) for beta in (0.5, 1.5))
    >>> data = LabelledData(points=[[3.0]], targets=[[4.0]], weights=[2.0], labels=(0,))
    >>> input_layer_costs(stack([one, two]), data).tolist()
    [2.25, 6.25]
    """
    return _half_averages(_residuals(parameters, data), data)


def standard_costs(parameters: StackedParameters, data: LabelledData) -> NDArray[np.float64]:
    """C_std = ½⟨|W^(L+1)(z_L − ỹ)|²⟩ of every network on the same data; shape (B,). Raises ShapeError and KindError.

    >>> one = PulledBackParameters(([[1.0]], [[2.0]]), ([0.0], [0.5]))
    >>> data = LabelledData(points=[[3.0]], targets=[[4.0]], weights=[2.0], labels=(0,))
    >>> standard_costs(stack([one]), data).tolist()
    [9.0]
    """
    return _half_averages(_residuals(parameters, data) @ _transposed(parameters.weights[:, -1]), data)


def _residuals(parameters: StackedParameters, data: LabelledData) -> Array:
    """z_L − ỹ, (B, N, Q)."""
    last = trajectories(parameters, data.points).states[:, -1]
    require_shape(data.targets, (data.size, parameters.dimension), "targets")
    back = _transposed(np.linalg.inv(parameters.weights[:, -1]))
    residuals: Array = last - (data.targets @ back - parameters.biases[:, -1, np.newaxis])
    return residuals


def _half_averages(residuals: Array, data: LabelledData) -> NDArray[np.float64]:
    costs: NDArray[np.float64] = (residuals * residuals).sum(axis=2) @ data.weights / 2
    return costs


def _transposed(matrices: Array) -> Array:
    return np.swapaxes(matrices, -1, -2)


def _points(points: ArrayLike, parameters: StackedParameters) -> Array:
    """(B, N, Q), without copying points that all networks share."""
    own = np.ndim(points) == 3
    rows = as_array(points, "points", 3 if own else 2)
    if is_exact(rows):
        raise KindError("the networks are float64 and the points exact; convert the data with to_floats()")
    shape = (parameters.size, rows.shape[-2], parameters.dimension)
    require_shape(rows, shape if own else shape[1:], "points")
    shared: Array = np.broadcast_to(rows, shape)
    return shared
