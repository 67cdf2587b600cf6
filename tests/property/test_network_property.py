"""Random networks inside chambers: bijections and states hold exactly, whatever the sizes."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.network import (
    draw_inside_chamber,
    layer_states,
    margin,
    to_cumulative,
    to_layers,
    to_pulled_back,
    trajectory,
)

sizes = {
    "seed": st.integers(0, 2**32 - 1),
    "Q": st.integers(1, 4),
    "L": st.integers(1, 3),
    "N": st.integers(1, 5),
    "adapted": st.booleans(),
}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(**sizes)
def test_bijections_and_states_are_exact(seed, Q, L, N, adapted):
    network, data = draw_inside_chamber(
        np.random.default_rng(seed), Q, L, N, Fraction(1, 100), exact=True, adapted=adapted
    )
    assert margin(network, data) >= Fraction(1, 100)
    pulled_back, layers = to_pulled_back(network), to_layers(network)
    again = to_pulled_back(layers)
    assert all((a == b).all() for a, b in zip(pulled_back.weights, again.weights, strict=True))
    assert all((a == b).all() for a, b in zip(pulled_back.biases, again.biases, strict=True))
    cumulative = to_cumulative(layers)
    output = trajectory(network, data.points).states[-1] @ cumulative.weights[-1].T + cumulative.biases[-1]
    assert (layer_states(layers, data.points)[-1] == output).all()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), Q=st.integers(1, 6), L=st.integers(0, 5), N=st.integers(1, 40))
def test_float_draws_keep_their_margin_at_full_size(seed, Q, L, N):
    network, data = draw_inside_chamber(np.random.default_rng(seed), Q, L, N, 0.01)
    assert L == 0 or margin(network, data) >= 0.01
    layers = to_layers(network)
    output = trajectory(network, data.points).states[-1] @ network.output[0].T + network.output[0] @ network.biases[-1]
    assert np.abs(layer_states(layers, data.points)[-1] - output).max() < 1e-9
