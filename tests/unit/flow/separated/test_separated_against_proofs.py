"""The velocity of the trajectory is the right-hand side that symflow proved (B3), and the network's own gradient."""

from pathlib import Path

import numpy as np
import pytest

from symflow.derivation.files import load
from symflow.flow import separated_flow
from symflow.network import PulledBackParameters, draw_orthogonal
from symflow.oracle import floating

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"


@pytest.fixture(scope="module")
def proved_gradient():
    (derivation,) = load(DERIVATIONS / "b3_cumulative_bias_flow.py")
    report = derivation.check()
    assert report["B3"].verdict.status == "proved"
    return report.lambdify()["B3"]


def instance(seed, size=3, count=12):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(size=(count, size)), rng.uniform(0.5, 2, size=count)
    rotation = draw_orthogonal(rng, size)
    target, bias = rng.normal(size=size) * 2, rng.normal(size=size)
    return points, weights, rotation, target, bias


@pytest.mark.parametrize("seed", range(8))
def test_velocity_is_the_proved_formula_and_the_gradient_of_the_network(seed, proved_gradient):
    points, weights, rotation, target, bias = instance(seed)
    flow = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    targets = np.tile(target, (len(points), 1))
    compared = 0
    for time in (0.0, 0.03, 0.1, 0.4, 1.3, 5.0):
        beta = flow.bias(time)
        heights = (points + beta) @ rotation.T
        if np.abs(heights).min() < 1e-9:  # at rest on a datum: on a wall the cost has no gradient
            continue
        gradient = proved_gradient(R=rotation, H=heights > 0, beta=beta, y=targets, weights=weights)
        np.testing.assert_allclose(flow.velocity(time), -gradient, rtol=1e-12, atol=1e-13)
        network = PulledBackParameters(weights=(rotation, np.eye(3)), biases=(beta, np.zeros(3)))
        network_gradient = floating.gradients(
            network.as_mapping(), points, targets, weights, coordinates=network.coordinates
        )["biases"][0]
        np.testing.assert_allclose(flow.velocity(time), -network_gradient, rtol=1e-10, atol=1e-11)
        cost = floating.cost(network.as_mapping(), points, targets, weights, coordinates=network.coordinates)
        assert flow.loss(time) == pytest.approx(cost, rel=1e-12)
        compared += 1
    assert compared >= 1


@pytest.mark.parametrize("seed", range(8))
def test_velocity_is_the_slope_of_the_bias(seed):
    points, weights, rotation, target, bias = instance(seed)
    flow = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    step = 1e-6
    for time in (0.05, 0.2, 0.9):
        near = np.abs(flow.events["time"] - time) < 2 * step
        if not near.any():
            slope = (flow.bias(time + step) - flow.bias(time - step)) / (2 * step)
            np.testing.assert_allclose(flow.velocity(time), slope, rtol=1e-6, atol=1e-8)
