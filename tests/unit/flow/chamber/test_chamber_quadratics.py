"""The cost of a chamber as a polynomial, against the oracle, which sees every datum and the original layers."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import KindError
from symflow.flow import chamber_flow, chamber_quadratic
from symflow.network import LabelledData, PolarParameters, draw_inside_chamber, pulled_back_targets
from symflow.oracle import floating


def adapted(network):
    return {name: group for name, group in network.as_mapping().items() if name != "frames"}


def moved(network, biases):
    return PolarParameters(network.stretches, network.rotations, tuple(biases), network.output)


@pytest.fixture(params=[(1, 1, 5), (2, 2, 9), (3, 3, 40), (7, 3, 12)])  # Q, L, N; 21 bits, then more than a word
def situation(request):
    Q, L, N = request.param
    network, data = draw_inside_chamber(np.random.default_rng(Q + L), Q=Q, L=L, N=N, margin=1e-2)
    masses = np.random.default_rng(1).uniform(0.5, 2.0, size=N)
    return network, LabelledData(data.points, data.targets, masses, data.labels)


def quadratic(network, data, **options):
    L, Q = network.depth, network.dimension
    return chamber_quadratic(
        data.points, data.labels, pulled_back_targets(network, np.eye(Q)), network.biases[:L], network.rotations,
        weights=data.weights, **options,
    )  # fmt: skip


def test_cost_and_gradient_in_the_whole_chamber(situation):
    network, data = situation
    L, Q = network.depth, network.dimension
    local, rng = quadratic(network, data), np.random.default_rng(2)
    assert (local.hessian == local.hessian.T).all()
    assert local.theta.tolist() == np.concatenate(network.biases[:L]).tolist()
    for _ in range(3):
        # No preactivation moves by more than the sum over the layers, so this is well within the margin.
        step = rng.uniform(-1, 1, size=(L + 1, Q)) * 1e-3 / np.sqrt(Q)
        step[L] = 0.0
        there = moved(network, np.array(network.biases) + step)
        theta = np.concatenate(there.biases[:L])
        arguments = adapted(there), data.points, data.targets, data.weights
        expected = floating.gradients(*arguments, coordinates="adapted")["biases"][:L]
        assert np.allclose(local.gradient(theta), np.concatenate(expected), rtol=1e-11, atol=1e-11)
        assert local.cost(theta) == pytest.approx(floating.cost(*arguments, coordinates="adapted"), rel=1e-12)


def test_a_moving_output_bias(situation):
    network, data = situation
    L, Q = network.depth, network.dimension
    local = quadratic(network, data, output_bias="moving")
    shift = np.linspace(0.5, 1.0, Q)  # no activation depends on it
    there = moved(network, [*network.biases[:L], network.biases[L] + shift])
    arguments = adapted(there), data.points, data.targets, data.weights
    expected = np.concatenate(floating.gradients(*arguments, coordinates="adapted")["biases"])
    theta = local.theta + np.concatenate([np.zeros(L * Q), shift])
    assert np.allclose(local.gradient(theta), expected, rtol=1e-11, atol=1e-11)
    assert local.cost(theta) == pytest.approx(floating.cost(*arguments, coordinates="adapted"), rel=1e-12)


def test_many_at_once(situation):
    local = quadratic(*situation)
    thetas = local.theta + np.random.default_rng(3).normal(size=(2, 4, len(local.theta)))
    assert local.gradient(thetas).shape == thetas.shape
    assert local.cost(thetas).shape == (2, 4)
    assert np.allclose(local.gradient(thetas)[1, 2], local.gradient(thetas[1, 2]), rtol=1e-13, atol=1e-13)
    assert np.isclose(local.cost(thetas)[1, 2], local.cost(thetas[1, 2]), rtol=1e-13)


def test_it_is_the_flow_until_its_first_event():
    rng = np.random.default_rng(4)
    points, labels = rng.normal(size=(500, 2)), np.arange(500) % 3
    start = rng.normal(size=(2, 2)), np.array([np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in range(2)])
    flow = chamber_flow(points, labels, rng.normal(size=(3, 2)), *start, t_max=1.0)
    local = chamber_quadratic(points, labels, flow.problem.targets[[0, 1, 2]], *start)
    first = flow.segments[0]
    assert np.allclose(-local.gradient(first.theta), first.directions @ first.velocity, rtol=1e-12, atol=1e-13)
    later = flow.segments[2]
    assert not np.allclose(-local.gradient(later.theta), later.directions @ later.velocity, rtol=1e-12, atol=1e-13)
    assert 1 < local.patterns < 17


def test_what_does_not_fit_is_told():
    with pytest.raises(KindError, match="must be orthogonal"):
        chamber_quadratic([[1.0]], [0], [[1.0]], [[0.0]], [[[2.0]]])
