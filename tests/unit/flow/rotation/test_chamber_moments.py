"""The right side of the rotation flow from moments, against the oracle, which sees every datum."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError
from symflow.flow import chamber_moments
from symflow.flow.rotation import moments as module
from symflow.flow.rotation.equations import Parameters, Rows, descent, preactivations
from symflow.flow.rotation.kernels import USED
from symflow.flow.rotation.rotations import rotation_problem
from symflow.network import PolarParameters, draw_inside_chamber, pulled_back_targets
from symflow.oracle import floating
from tests.unit.flow.chamber.instances import draw


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.skipif(not USED, reason="numba is missing"))])
def either_way(request, monkeypatch):
    """With NumPy alone, and compiled."""
    monkeypatch.setattr(module, "USED", request.param)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("Q", "L", "N"), [(1, 1, 5), (2, 2, 60), (3, 3, 40)])
def test_against_the_oracle_in_the_whole_chamber(Q, L, N):
    rng = np.random.default_rng(Q + L)
    network, data = draw_inside_chamber(rng, Q=Q, L=L, N=N, margin=1e-2)
    goals = pulled_back_targets(network, np.eye(Q))
    found = chamber_moments(
        data.points, data.labels, goals, network.biases[:L], network.rotations, weights=data.weights
    )
    turn = 1e-4 * rng.normal(size=(L, Q, Q))
    turn -= turn.transpose(0, 2, 1)
    R = np.linalg.solve(np.eye(Q) - turn, (np.eye(Q) + turn) @ np.array(network.rotations))
    betas = np.array(network.biases) + 1e-4 * rng.normal(size=(L + 1, Q))
    betas[L] = network.biases[L]
    there = PolarParameters(network.stretches, tuple(R), tuple(betas), network.output)
    mapping = {name: group for name, group in there.as_mapping().items() if name != "frames"}
    expected = floating.gradients(mapping, data.points, data.targets, data.weights, coordinates="adapted")
    by_bias, by_rotation = found.velocity(betas[:L], R)
    assert np.allclose(by_bias, -np.array(expected["biases"][:L]), rtol=1e-11, atol=1e-12)
    assert np.allclose(by_rotation, -np.array(expected["rotations"]), rtol=1e-11, atol=1e-12)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("seed", range(6))
def test_against_sums_over_the_data(seed):
    """Many patterns with many prefixes in common, and data of several classes with each."""
    given = draw(seed, N=300, Q=2 + seed % 2, L=1 + seed % 3)
    weights = np.random.default_rng(seed).uniform(0.5, 2.0, size=300)
    problem = rotation_problem(*given.values(), weights)
    found = chamber_moments(**given, weights=weights)
    at = Parameters(problem.biases, problem.weights, problem.weights.transpose(0, 2, 1))
    root = np.sqrt(weights)[:, None]
    masks = np.zeros((problem.depth, *problem.points.shape))
    rows = Rows(problem.points * root, root[:, 0], problem.targets * root, masks)
    for layer in range(problem.depth):
        masks[layer] = preactivations(rows._replace(masks=masks), at)[0][layer] > 0.0
    expected, _ = descent(rows._replace(masks=masks), at, "rotations")
    assert found.patterns >= 4 + 4 * (seed % 2)
    assert np.concatenate([part.ravel() for part in found.velocity(*at[:2])]) == pytest.approx(expected, abs=1e-10)


def test_patterns_do_not_grow_with_the_data():
    rng = np.random.default_rng(0)
    points, labels = rng.uniform(-1, 1, size=(40_000, 2)), np.arange(40_000) % 2
    counts = [
        chamber_moments(points[:N], labels[:N], np.eye(2), [[0.1, 0.2]], [np.eye(2)]).patterns for N in (4_000, 40_000)
    ]
    assert counts == [4, 4]


def test_what_does_not_fit_is_told():
    with pytest.raises(KindError, match="rotation 1 is not orthogonal"):
        chamber_moments([[1.0]], [0], [[1.0]], [[0.0]], [[[2.0]]])
    found = chamber_moments([[1.0]], [0], [[1.0]], [[0.0]], [[[1.0]]])
    with pytest.raises(ShapeError, match=r"biases must have shape \(1, 1\)"):
        found.velocity(np.zeros(1), np.ones((1, 1, 1)))
