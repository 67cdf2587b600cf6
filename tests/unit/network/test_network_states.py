"""Theory A2-A4 on exact random networks: states, truncation maps, projectors, costs."""

from fractions import Fraction

import numpy as np
import pytest

from symflow.errors import ShapeError
from symflow.network import (
    LayeredParameters,
    draw_inside_chamber,
    input_layer_cost,
    layer_states,
    projectors,
    pulled_back_targets,
    standard_cost,
    to_cumulative,
    to_layers,
    to_pulled_back,
    trajectory,
    truncate,
)

CASES = [(1, 1, 3, True), (2, 2, 4, False), (3, 1, 5, True), (3, 3, 4, False), (2, 4, 3, True)]


@pytest.fixture(params=CASES, ids=lambda case: "Q{}-L{}-N{}-{}".format(*case))
def drawn(request):
    Q, L, N, adapted = request.param
    rng = np.random.default_rng(Q + 10 * L)
    return draw_inside_chamber(rng, Q, L, N, Fraction(1, 100), exact=True, adapted=adapted)


def test_a2_layered_states_are_affine_images_of_the_truncated_ones(drawn):
    network, data = drawn
    cumulative = to_cumulative(network)
    layered = layer_states(to_layers(network), data.points)
    states = trajectory(network, data.points).states
    for layer in range(1, network.depth + 1):
        image = states[layer] @ cumulative.weights[layer - 1].T + cumulative.biases[layer - 1]
        assert (layered[layer] == image).all()
    assert (layered[-1] == states[-1] @ cumulative.weights[-1].T + cumulative.biases[-1]).all()


def test_a3_states_are_affine_in_a_chamber_and_projectors_are_idempotent(drawn):
    network, data = drawn
    run = trajectory(network, data.points)
    P = projectors(network, run.patterns)
    one = np.eye(network.dimension, dtype=int)
    assert (P @ P == P).all()
    for layer, beta in enumerate(to_pulled_back(network).biases[:-1]):
        for datum in range(data.size):
            now, before = run.states[layer + 1][datum], run.states[layer][datum]
            assert (now == P[layer, datum] @ before - (one - P[layer, datum]) @ beta).all()


def test_a3_truncation_maps_are_idempotent(drawn):
    network, data = drawn
    pulled_back = to_pulled_back(network)
    once = truncate(pulled_back.weights[0], pulled_back.biases[0], data.points)
    assert (once == trajectory(network, data.points).states[1]).all()
    assert (truncate(pulled_back.weights[0], pulled_back.biases[0], once) == once).all()


def test_a4_adapted_projectors_are_symmetric_and_free_of_the_stretches():
    rng = np.random.default_rng(3)
    network, data = draw_inside_chamber(rng, 3, 2, 4, Fraction(1, 100), exact=True)
    P = projectors(network, trajectory(network, data.points).patterns)
    assert network.adapted
    assert (np.swapaxes(P, 2, 3) == P).all()
    assert (
        truncate(network.rotations[0], network.biases[0], data.points) == trajectory(network, data.points).states[1]
    ).all()


def test_patterns_are_of_several_kinds():
    network, data = draw_inside_chamber(np.random.default_rng(5), 3, 2, 20, 0.01)
    patterns = trajectory(network, data.points).patterns
    assert len({tuple(pattern) for pattern in patterns[0]}) >= 4
    assert 0.3 < patterns.mean() < 0.95


def test_costs_agree_with_the_layered_network(drawn):
    network, data = drawn
    layers = to_layers(network)
    error = layer_states(layers, data.points)[-1] - data.targets
    by_hand = sum(w * (e @ e) for w, e in zip(data.weights, error, strict=True)) / 2
    assert standard_cost(network, data) == standard_cost(layers, data) == by_hand
    final = trajectory(network, data.points).states[-1]
    residual = final - pulled_back_targets(network, data.targets)
    assert (residual @ to_pulled_back(network).weights[-1].T == error).all()
    assert input_layer_cost(layers, data) == sum(w * (r @ r) for w, r in zip(data.weights, residual, strict=True)) / 2


def test_floats_follow_the_exact_states(drawn):
    network, data = drawn
    exact = trajectory(network, data.points)
    floats = trajectory(network.to_floats(), data.to_floats().points)
    assert (exact.patterns == floats.patterns).all()
    assert np.allclose(exact.states.astype(float), floats.states, rtol=0, atol=1e-12)


def test_a_point_on_the_wall_counts_as_truncated():
    network = LayeredParameters(([[1.0]], [[1.0]]), ([-1.0], [0.0]))
    assert not trajectory(network, [[1.0]]).patterns.any()


def test_a_network_without_hidden_layers_is_affine():
    network = LayeredParameters(([[2.0]],), ([1.0],))
    run = trajectory(network, [[3.0]])
    assert run.states.shape == (1, 1, 1) and run.patterns.shape == (0, 1, 1)


def test_projectors_need_patterns_of_the_network():
    network = LayeredParameters(([[1.0]], [[1.0]]), ([-1.0], [0.0]))
    with pytest.raises(ShapeError, match="patterns must have shape"):
        projectors(network, np.ones((2, 1, 1), dtype=bool))


def test_points_need_the_width_of_the_network():
    network = LayeredParameters(([[1.0]], [[1.0]]), ([-1.0], [0.0]))
    with pytest.raises(ShapeError, match="points must have shape"):
        trajectory(network, [[1.0, 2.0]])
