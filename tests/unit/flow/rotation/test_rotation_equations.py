"""The velocity that is integrated, against the proved derivations compiled to NumPy and against the network itself."""

from pathlib import Path

import numpy as np
import pytest

from symflow.derivation.files import load
from symflow.flow.rotation.charts import CayleyChart, RowSphereChart
from symflow.flow.rotation.equations import Parameters, Rows, descent, half_square, preactivations, wall_gradients
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.problem import read_problem
from symflow.network import draw_orthogonal
from symflow.oracle import floating

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"


def patterns_of(points, at):
    """ReLU's patterns, by the map τ itself."""
    state, found = points, []
    for bias, weight, inverse in zip(at.biases, at.weights, at.inverses, strict=True):
        u = (state + bias) @ weight.T
        found.append(u > 0)
        state = np.maximum(u, 0) @ inverse.T - bias
    return np.array(found)


class Setting:
    def __init__(self, seed, Q, L, N, group="rotations"):
        rng = np.random.default_rng(seed)
        self.x, self.masses = rng.normal(size=(N, Q)), rng.uniform(0.5, 1.5, size=N) / N
        self.labels = np.arange(N) % 2
        self.goals = rng.normal(size=(2, Q))
        biases = rng.uniform(-0.3, 0.9, size=(L, Q))
        weights = np.array([draw_orthogonal(rng, Q) for _ in range(L)])
        if group == "weights":
            weights = weights @ np.diag(rng.uniform(0.5, 2, size=Q)) @ np.array([draw_orthogonal(rng, Q)] * L)
        self.at = Parameters(biases, weights, np.linalg.inv(weights))
        self.H = patterns_of(self.x, self.at)
        self.y = self.goals[self.labels]
        root = np.sqrt(self.masses)
        self.rows = Rows(self.x * root[:, None], root, self.y * root[:, None], self.H.astype(float))
        self.velocity = descent(self.rows, self.at, group)[0]
        self.beta_dot = self.velocity[: L * Q].reshape(L, Q)
        self.turn = self.velocity[L * Q :].reshape(L, Q, Q)


@pytest.mark.parametrize(("Q", "N"), [(1, 3), (2, 5), (4, 9)])
def test_one_layer_is_b3_and_b5(Q, N):
    s = Setting(Q, Q, 1, N)
    known = {"R": s.at.weights[0], "H": s.H[0], "beta": s.at.biases[0], "y": s.y, "weights": s.masses}
    b3 = load(DERIVATIONS / "b3_cumulative_bias_flow.py")[0].check().lambdify()["B3"]
    b5 = load(DERIVATIONS / "b5_cumulative_rotation_flow.py")[0].check().lambdify()["B5"]
    assert np.allclose(-b3(**known), s.beta_dot[0], atol=1e-14)
    assert np.allclose(b5(x=s.x, **known), s.turn[0], atol=1e-14)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_any_layer_is_b4(layer):
    s = Setting(7, 3, 3, 8)
    R, beta = s.at.weights, s.at.biases
    P = np.array([[R[m].T @ np.diag(h.astype(float)) @ R[m] for h in s.H[m]] for m in range(3)])
    w, K, q = s.x, np.tile(np.eye(3), (8, 1, 1)), np.zeros((8, 3))
    for m in range(layer):
        w = np.einsum("nij,nj->ni", P[m], w + beta[m]) - beta[m]
    for m in range(layer + 1, 3):
        q = np.einsum("nij,nj->ni", P[m], q + beta[m]) - beta[m]
        K = P[m] @ K
    b4 = load(DERIVATIONS / "b4_rotations_at_every_depth.py")[0].check().lambdify()["B4"]
    found = b4(R=R[layer], H=s.H[layer], K=K, w=w, q=q, y=s.y, beta=beta[layer], weights=s.masses)
    assert np.allclose(found, s.turn[layer], atol=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_network_itself_has_these_gradients(depth):
    s = Setting(depth, 3, depth, 10)
    network = {
        "stretches": [np.linspace(0.5, 2, 3)] * depth,
        "rotations": list(s.at.weights),
        "biases": [*s.at.biases, np.zeros(3)],
        "output": [np.eye(3)],
    }
    slopes = floating.gradients(network, s.x, s.y, s.masses, cost="input", coordinates="adapted")
    assert np.allclose(s.beta_dot, -np.array(slopes["biases"][:-1]), atol=1e-12)
    assert np.allclose(s.turn, -np.array(slopes["rotations"]), atol=1e-12)


@pytest.mark.parametrize("depth", [1, 2])
def test_general_weights_have_these_gradients(depth):
    s = Setting(20 + depth, 3, depth, 10, "weights")
    network = {"weights": [*s.at.weights, np.eye(3)], "biases": [*s.at.biases, np.zeros(3)]}
    slopes = floating.gradients(network, s.x, s.y, s.masses, cost="input", coordinates="cumulative-bias")
    assert np.allclose(s.beta_dot, -np.array(slopes["biases"][:-1]), atol=1e-11)
    assert np.allclose(s.turn, -np.array(slopes["weights"][:-1]), atol=1e-11)


@pytest.mark.parametrize("group", ["rotations", "weights"])
def test_fewer_rows_have_the_same_cost_and_velocity(group):
    s = Setting(3, 3, 2, 400, group)
    problem = read_problem(s.x, s.labels, s.goals, s.at.biases, s.at.weights, s.masses, "weights")
    patterns = Patterns(problem, s.H)
    assert len(patterns.rows.points) < 200
    assert np.allclose(descent(patterns.rows, s.at, group)[0], s.velocity, atol=1e-13)
    assert np.isclose(half_square(patterns.rows, s.at), half_square(s.rows, s.at), rtol=1e-13)


@pytest.mark.parametrize("group", ["rotations", "weights"])
def test_gradients_of_walls_are_derivatives_in_the_chart(group):
    s = Setting(5, 3, 3, 4, group)
    rows = Rows(s.x, np.ones(4), s.y, s.H.astype(float))
    layers, components = np.array([0, 1, 2, 2]), np.array([2, 0, 1, 2])
    gradients = wall_gradients(rows, layers, components, s.at, group)
    if group == "rotations":
        chart = CayleyChart(s.at.biases, s.at.weights)
    else:
        chart = RowSphereChart(s.at.biases, s.at.weights, np.linalg.norm(s.at.weights, axis=2))
    rng = np.random.default_rng(0)
    for _ in range(3):
        turn = rng.normal(size=(3, 3, 3))
        turn = turn - turn.transpose(0, 2, 1) if group == "rotations" else tangent(turn, s.at.weights)
        way = np.append(rng.normal(size=9), turn.ravel())
        there = [start(chart, s.at, way, step) for step in (1e-4, -1e-4)]
        ahead, behind = (preactivations(rows, at)[0][layers, np.arange(4), components] for at in there)
        assert np.allclose((ahead - behind) / 2e-4, gradients @ way, atol=1e-6)


def start(chart, at, way, step):
    moved = step * way
    moved[: at.biases.size] += at.biases.ravel()
    return chart.parameters(moved)


def tangent(change, weights):
    along = (change * weights).sum(axis=2) / (weights**2).sum(axis=2)
    return change - along[:, :, None] * weights
