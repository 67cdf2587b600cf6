"""What the chamber flow integrates, against the network itself: the oracle differentiates it and knows no formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symflow.flow import chamber_flow
from symflow.flow.chamber.advancing import renew
from symflow.flow.chamber.inputs import flow_problem
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.state import FlowState
from symflow.network import PulledBackParameters
from symflow.oracle import floating
from tests.unit.flow.chamber.instances import draw


def state_at(arguments: dict[str, Any], biases: np.ndarray, output_bias: str) -> FlowState | None:
    """All data in their places at these biases, H and c filled in; None where some are on walls."""
    given = {**arguments, "biases": biases}
    state = FlowState(flow_problem(**given, t_max=1.0, weights=None, output_bias=output_bias))
    if state.enter_all():
        return None
    renew(state.table.nodes, state.points, state.run)
    return state


def oracle(state: FlowState, shift: np.ndarray) -> np.ndarray:
    """The gradient by all biases, of the network whose cumulative weights are the rotations."""
    p = state.problem
    Q = p.points.shape[1]
    network = PulledBackParameters((*p.rotations, np.eye(Q)), (*p.biases, shift))
    found = floating.gradients(
        network.as_mapping(), p.points, p.targets, p.weights, coordinates=network.coordinates
    )["biases"]  # fmt: skip
    return np.concatenate(found)


@pytest.mark.parametrize("output_bias", ["frozen", "moving"])
@pytest.mark.parametrize(("seed", "Q", "L"), [(0, 1, 1), (1, 2, 1), (2, 3, 2), (3, 2, 4), (4, 4, 3)])
def test_the_velocity_is_minus_the_gradient_of_the_oracle(seed: int, Q: int, L: int, output_bias: str) -> None:
    arguments = draw(seed, N=40, Q=Q, L=L)
    flow = chamber_flow(**arguments, t_max=3.0, output_bias=output_bias)
    compared = 0
    for theta in flow.theta(np.array([0.0, 0.01, 0.1, 0.3, 0.9]) * min(3.0, flow.t_end)):
        shift = theta[L * Q :] if output_bias == "moving" else np.zeros(Q)
        state = state_at(arguments, theta[: L * Q].reshape(L, Q), output_bias)
        if state is None:
            continue
        run = state.run
        wanted = oracle(state, shift)[: theta.size]
        assert np.abs(run.c - run.H @ theta + wanted).max() <= 1e-12 * (1 + np.abs(wanted).max())
        compared += 1
    assert compared >= 2


@pytest.mark.parametrize("moving", [False, True])
def test_maps_and_walls_are_those_of_the_layers(moving: bool) -> None:
    rng = np.random.default_rng(5)
    L, Q = 3, 3
    rotations = np.array([np.linalg.qr(rng.normal(size=(Q, Q)))[0] for _ in range(L)])
    table = PrefixTable(rotations, moving)
    x, beta, shift = rng.normal(size=Q), rng.normal(size=(L, Q)), rng.normal(size=Q)
    theta = np.concatenate([beta.ravel(), shift] if moving else [beta.ravel()])
    for _ in range(20):
        patterns = rng.integers(0, 2, size=(L, Q))
        z = x
        for layer, node in enumerate(table.path(patterns)[:-1]):
            u = rotations[layer] @ (z + beta[layer])
            nodes = table.nodes
            assert np.allclose(nodes.rows[node] @ theta + nodes.offsets[node] @ x, u, atol=1e-13)
            z = rotations[layer].T @ (patterns[layer] * u) - beta[layer]
        leaf = table.path(patterns)[-1]
        nodes = table.nodes
        assert np.allclose(nodes.A[leaf] @ x + nodes.B[leaf] @ theta, z + shift if moving else z, atol=1e-13)
        assert np.allclose(nodes.BtB[leaf], nodes.B[leaf].T @ nodes.B[leaf], atol=1e-14)
        assert np.allclose(nodes.BtA[leaf], nodes.B[leaf].T @ nodes.A[leaf], atol=1e-14)


def test_layers_that_keep_all_or_nothing_leave_no_roundoff() -> None:
    rotations = np.array([np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]] * 2)
    table = PrefixTable(rotations, False)
    kept = table.path(np.ones((2, 3), dtype=int))[-1]
    assert np.array_equal(table.nodes.A[kept], np.eye(3)) and not table.nodes.B[kept].any()
    gone = table.path(np.array([[1, 0, 1], [0, 0, 0]]))[-1]
    assert not table.nodes.A[gone].any()
    assert np.array_equal(table.nodes.B[gone], np.hstack([np.zeros((3, 3)), -np.eye(3)]))
