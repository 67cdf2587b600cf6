"""Layered ReLU networks in float64 or exact rationals: parameters, truncation maps, costs, chambers.

The side of the house that speaks theory A1-A4: it computes through cumulative parameters and truncation maps.
``symflow.oracle`` computes the same costs from the original layers and shares no code with this package.

>>> import numpy as np
>>> network, data = draw_inside_chamber(np.random.default_rng(1), Q=2, L=2, N=3, margin=0.1, exact=True)
>>> margin(network, data) >= 0.1
True
>>> input_layer_cost(to_layers(network), data) == input_layer_cost(network, data)  # equality of fractions
True
"""

from symflow.network.batches import StackedParameters, input_layer_costs, stack, standard_costs, trajectories
from symflow.network.chambers import Wall, margin, nearest_wall
from symflow.network.coordinates import polar_form, to_cumulative, to_layers, to_pulled_back
from symflow.network.costs import input_layer_cost, pulled_back_targets, standard_cost
from symflow.network.data import LabelledData, class_weights, one_hot
from symflow.network.drawing import draw_chamber_for, draw_data_for, draw_inside_chamber, draw_network
from symflow.network.orthogonal import draw_orthogonal
from symflow.network.parameters import (
    AnyParameters,
    CumulativeParameters,
    LayeredParameters,
    PolarParameters,
    PulledBackParameters,
)
from symflow.network.states import Trajectory, layer_states, projectors, trajectory, truncate

__all__ = [
    "AnyParameters",
    "CumulativeParameters",
    "LabelledData",
    "LayeredParameters",
    "PolarParameters",
    "PulledBackParameters",
    "StackedParameters",
    "Trajectory",
    "Wall",
    "class_weights",
    "draw_chamber_for",
    "draw_data_for",
    "draw_inside_chamber",
    "draw_network",
    "draw_orthogonal",
    "input_layer_cost",
    "input_layer_costs",
    "layer_states",
    "margin",
    "nearest_wall",
    "one_hot",
    "polar_form",
    "projectors",
    "pulled_back_targets",
    "stack",
    "standard_cost",
    "standard_costs",
    "to_cumulative",
    "to_layers",
    "to_pulled_back",
    "trajectories",
    "trajectory",
    "truncate",
]
