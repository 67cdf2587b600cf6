"""Chambers: how far a network and its data are from the nearest change of an activation pattern."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symflow.errors import UnsupportedError
from symflow.network.data import LabelledData
from symflow.network.parameters import AnyParameters
from symflow.network.states import trajectory


@dataclass(frozen=True, slots=True)
class Wall:
    """The place a^(ℓ)_k(x_i) = 0 next to a network: layer ℓ from 1, datum and component from 0, value a^(ℓ)_k there."""

    layer: int
    datum: int
    component: int
    preactivation: float | Fraction


def nearest_wall(parameters: AnyParameters, data: LabelledData) -> Wall:
    """The hidden preactivation of smallest absolute value over all layers, data and components.

    Raises UnsupportedError for a network without hidden layers, which has no walls.

    >>> from symflow.network import LayeredParameters
    >>> network = LayeredParameters(weights=([[1.0]], [[2.0]]), biases=([-1.0], [1.0]))
    >>> data = LabelledData(points=[[3.0], [0.5]], targets=[[4.0], [0.0]], weights=[1.0, 1.0], labels=(0, 0))
    >>> nearest_wall(network, data)
    Wall(layer=1, datum=1, component=0, preactivation=-0.5)
    """
    preactivations = trajectory(parameters, data.points).preactivations
    if preactivations.shape[0] == 0:
        raise UnsupportedError("a network without hidden layers (L = 0) is affine: it has no walls and one chamber")
    sizes = np.abs(preactivations)
    layer, datum, component = (int(index) for index in np.unravel_index(sizes.argmin(), sizes.shape))
    value = preactivations[layer, datum, component]
    return Wall(layer + 1, datum, component, value if isinstance(value, Fraction) else float(value))


def margin(parameters: AnyParameters, data: LabelledData) -> float | Fraction:
    """min |a^(ℓ)_k(x_i)| over hidden layers ℓ, components k and data i: positive exactly inside a chamber.

    >>> from symflow.network import LayeredParameters
    >>> network = LayeredParameters(weights=([[1.0]], [[2.0]]), biases=([-1.0], [1.0]))
    >>> margin(network, LabelledData(points=[[3.0]], targets=[[4.0]], weights=[1.0], labels=(0,)))
    2.0
    """
    value = nearest_wall(parameters, data).preactivation
    return value if value >= 0 else -value
