"""The right-hand sides against the oracle, which differentiates the network and knows neither formula."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from symflow.flow.layered.effective import EffectiveSystem
from symflow.flow.layered.original import OriginalSystem
from symflow.network import LabelledData, LayeredParameters, draw_inside_chamber, to_layers, to_pulled_back
from symflow.oracle import floating

SIZES = [(1, 1, 3), (2, 1, 5), (2, 3, 6), (3, 2, 7), (4, 4, 5)]


def prepared(kind, Q, L, N, cost, seed=0):
    network, data = draw_inside_chamber(np.random.default_rng(seed), Q=Q, L=L, N=N, margin=0.02)
    parameters = (to_layers if kind is OriginalSystem else to_pulled_back)(network)
    system = kind(data.points, data.targets, data.weights, (Q,) * (L + 2), cost)
    return system, parameters, data, system.join(list(parameters.weights), list(parameters.biases))


@pytest.mark.parametrize("cost", ["input", "standard"])
@pytest.mark.parametrize("kind", [OriginalSystem, EffectiveSystem])
@pytest.mark.parametrize(("Q", "L", "N"), SIZES)
def test_velocity_is_minus_the_gradient_of_the_oracle(kind, Q, L, N, cost):
    system, parameters, data, theta = prepared(kind, Q, L, N, cost)
    masks = (system.preactivations(theta) > 0).astype(float)
    found = floating.gradients(
        parameters.as_mapping(), data.points, data.targets, data.weights, cost=cost, coordinates=parameters.coordinates
    )
    wanted = system.join([*found["weights"]], [*found["biases"]])
    assert np.abs(system.velocity(theta, masks) + wanted).max() <= 1e-10 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("kind", [OriginalSystem, EffectiveSystem])
def test_cost_is_that_of_the_oracle(kind):
    for cost in ("input", "standard"):
        system, parameters, data, theta = prepared(kind, 3, 2, 6, cost)
        wanted = floating.cost(
            parameters.as_mapping(), data.points, data.targets, data.weights, cost=cost,
            coordinates=parameters.coordinates,
        )  # fmt: skip
        assert system.cost(theta) == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("kind", [OriginalSystem, EffectiveSystem])
@pytest.mark.parametrize(("Q", "L", "N"), SIZES)
def test_rates_are_differences_of_preactivations(kind, Q, L, N):
    system, _, _, theta = prepared(kind, Q, L, N, "standard", seed=3)
    masks = (system.preactivations(theta) > 0).astype(float)
    velocity = np.random.default_rng(1).normal(size=theta.shape)
    step = 1e-6
    ahead, behind = (system.preactivations(theta + sign * step * velocity, masks) for sign in (1, -1))
    rates = system.rates(theta, masks, velocity)
    assert np.allclose(rates, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6 * max(1.0, np.abs(rates).max()))


def test_any_widths_with_the_standard_cost():
    random = np.random.default_rng(5)
    widths = (3, 5, 2, 4)
    weights = tuple(random.normal(size=(b, a)) for a, b in pairwise(widths))
    network = LayeredParameters(weights, tuple(random.normal(size=b) for b in widths[1:]))
    data = LabelledData(random.normal(size=(6, 3)), random.normal(size=(6, 4)), np.full(6, 0.5), (0,) * 6)
    system = OriginalSystem(data.points, data.targets, data.weights, widths, "standard")
    theta = system.join([*network.weights], [*network.biases])
    found = floating.gradients(network.as_mapping(), data.points, data.targets, data.weights, cost="standard")
    masks = (system.preactivations(theta) > 0).astype(float)
    assert np.allclose(system.velocity(theta, masks), -system.join([*found["weights"]], [*found["biases"]]), rtol=1e-10)


def test_a_wall_is_named_by_layer_datum_and_component():
    system = OriginalSystem(np.zeros((2, 3)), np.zeros((2, 4)), np.ones(2), (3, 5, 2, 4), "standard")
    named = [system.wall(index) for index in range(2 * 5 + 2 * 2)]
    wanted = [(1, i, k) for i in range(2) for k in range(5)] + [(2, i, k) for i in range(2) for k in range(2)]
    assert named == wanted
    with pytest.raises(IndexError):
        system.wall(14)
