"""The two costs, through truncation maps (theory, Setting), with a positive weight per datum.

C     = ½⟨|z_L − ỹ|²⟩,     C_std = ½⟨|W^(L+1)(z_L − ỹ)|²⟩,     ỹ = (W^(L+1))^{-1} y − β_{L+1}
"""

from __future__ import annotations

from fractions import Fraction

from numpy.typing import ArrayLike

from symflow.network.arrays import Array, as_array, inverse, require_shape
from symflow.network.coordinates import to_pulled_back
from symflow.network.data import LabelledData
from symflow.network.parameters import AnyParameters, LayeredParameters
from symflow.network.states import layer_states, trajectory


def pulled_back_targets(parameters: AnyParameters, targets: ArrayLike) -> Array:
    """ỹ = (W^(L+1))^{-1} y − β_{L+1} for each row y of ``targets``; shape (N, Q).

    Raises ShapeError, KindError, UndefinedError (singular W^(L+1)).

    >>> network = LayeredParameters(weights=([[1.0]], [[2.0]]), biases=([0.0], [1.0]))
    >>> pulled_back_targets(network, [[4.0]]).tolist()
    [[1.5]]
    """
    pulled_back = to_pulled_back(parameters)
    rows = as_array(targets, "targets", 2)
    require_shape(rows, (rows.shape[0], pulled_back.dimension), "targets")
    back = inverse(pulled_back.weights[-1], f"cumulative weight {pulled_back.depth + 1}")
    return rows @ back.T - pulled_back.biases[-1]


def input_layer_cost(parameters: AnyParameters, data: LabelledData) -> float | Fraction:
    """C = ½⟨|z_L − ỹ|²⟩; a Fraction where network and data are exact.

    >>> network = LayeredParameters(weights=([[1.0]], [[2.0]]), biases=([0.0], [1.0]))
    >>> data = LabelledData(points=[[3.0]], targets=[[4.0]], weights=[2.0], labels=(0,))
    >>> input_layer_cost(network, data)
    2.25
    """
    residual = trajectory(parameters, data.points).states[-1] - pulled_back_targets(parameters, data.targets)
    return _half_average(residual, data.weights)


def standard_cost(parameters: AnyParameters, data: LabelledData) -> float | Fraction:
    """C_std = ½⟨|x^(L+1) − y|²⟩; any widths when ``parameters`` are layered.

    >>> network = LayeredParameters(weights=([[1.0]], [[2.0]]), biases=([0.0], [1.0]))
    >>> data = LabelledData(points=[[3.0]], targets=[[4.0]], weights=[2.0], labels=(0,))
    >>> standard_cost(network, data)
    9.0
    """
    if isinstance(parameters, LayeredParameters):
        output = layer_states(parameters, data.points)[-1]
        require_shape(data.targets, output.shape, "targets")
        return _half_average(output - data.targets, data.weights)
    residual = trajectory(parameters, data.points).states[-1] - pulled_back_targets(parameters, data.targets)
    return _half_average(residual @ to_pulled_back(parameters).weights[-1].T, data.weights)


def _half_average(residual: Array, weights: Array) -> float | Fraction:
    total = (weights * (residual * residual).sum(axis=1)).sum() / 2
    return total if isinstance(total, Fraction) else float(total)
