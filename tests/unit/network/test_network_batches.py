"""Stacked networks give what a loop over the networks gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.errors import KindError, ShapeError, UndefinedError, UnsupportedError
from symflow.network import (
    StackedParameters,
    draw_data_for,
    draw_inside_chamber,
    draw_network,
    input_layer_cost,
    input_layer_costs,
    stack,
    standard_cost,
    standard_costs,
    to_layers,
    trajectories,
    trajectory,
)


def _drawn(seed, B, Q, L, N):
    rng = np.random.default_rng(seed)
    networks = [draw_network(rng, Q, L, adapted=bool(rng.integers(2))) for _ in range(B)]
    return networks, draw_data_for(rng, networks[0], N, 0.0)


def _close(found, wanted):
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max(initial=0.0) <= 1e-13 * max(1.0, np.abs(wanted).max(initial=0.0))


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    B=st.integers(1, 5),
    Q=st.integers(1, 6),
    L=st.integers(0, 5),
    N=st.integers(1, 40),
)
def test_equal_to_a_loop_over_the_networks(seed, B, Q, L, N):
    networks, data = _drawn(seed, B, Q, L, N)
    batch = stack(networks)
    assert (batch.size, batch.depth, batch.dimension) == (B, L, Q)
    together, alone = trajectories(batch, data.points), [trajectory(network, data.points) for network in networks]
    _close(together.states, np.array([one.states for one in alone]))
    _close(together.preactivations, np.array([one.preactivations for one in alone]))
    # A preactivation next to a wall may round to either side of it.
    clear = np.abs(together.preactivations) > 1e-12
    assert (together.patterns == np.array([one.patterns for one in alone]))[clear].all()
    _close(input_layer_costs(batch, data), np.array([input_layer_cost(network, data) for network in networks]))
    _close(standard_costs(batch, data), np.array([standard_cost(network, data) for network in networks]))


def test_each_network_may_have_its_own_points():
    networks, _ = _drawn(1, 3, 2, 2, 1)
    points = np.random.default_rng(2).normal(size=(3, 5, 2))
    together = trajectories(stack(networks), points)
    for network, own, states in zip(networks, points, together.states, strict=True):
        _close(states, trajectory(network, own).states)


def test_any_coordinates_stack_and_come_back():
    networks, data = _drawn(4, 2, 3, 2, 4)
    batch = stack([to_layers(networks[0]), networks[1]])
    for place, network in enumerate(networks):
        assert input_layer_cost(batch[place], data) == pytest.approx(input_layer_cost(network, data), rel=1e-12)


def test_different_shapes_do_not_stack():
    rng = np.random.default_rng(0)
    with pytest.raises(ShapeError, match="L = 1 with Q = 2, L = 2 with Q = 2"):
        stack([draw_network(rng, 2, 1), draw_network(rng, 2, 2)])
    with pytest.raises(ShapeError, match="at least one"):
        stack([])


def test_exact_numbers_are_refused():
    network, data = draw_inside_chamber(np.random.default_rng(0), 2, 1, 3, 0.01, exact=True)
    with pytest.raises(UnsupportedError, match="to_floats"):
        stack([network])
    with pytest.raises(KindError, match="to_floats"):
        input_layer_costs(stack([network.to_floats()]), data)


def test_a_singular_weight_is_named():
    weights = np.tile(np.eye(2), (3, 2, 1, 1))
    weights[2, 1] = 1.0
    with pytest.raises(UndefinedError, match="cumulative weight 2 of network 2"):
        StackedParameters(weights, np.zeros((3, 2, 2)))


def test_points_of_another_shape_are_refused():
    batch = stack(_drawn(0, 2, 2, 1, 1)[0])
    for points in (np.zeros((4, 3)), np.zeros((3, 4, 2))):
        with pytest.raises(ShapeError, match="points"):
            trajectories(batch, points)
