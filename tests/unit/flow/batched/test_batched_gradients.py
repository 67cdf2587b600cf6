"""Gradients of many networks, each against the oracle, which differentiates its original layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symflow.derivation.files import load
from symflow.errors import KindError, ShapeError, UndefinedError
from symflow.flow import batched_gradients, batched_weight_gradients
from symflow.flow.batched import gradients as module
from symflow.flow.batched.kernels import COMPILED
from symflow.network import draw_network, pulled_back_targets, to_pulled_back
from symflow.oracle import floating

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"
SIZES = [(1, 1, 1, 3), (3, 2, 3, 7), (4, 3, 5, 11), (5, 2, 6, 9)]  # B, L, Q, N


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.skipif(not COMPILED, reason="numba is missing"))])
def either_way(request, monkeypatch):
    """With NumPy alone, and compiled."""
    monkeypatch.setattr(module, "COMPILED", request.param)


def drawn(B, L, Q, N, *, adapted):
    rng = np.random.default_rng(100 * L + Q)
    networks = [draw_network(rng, Q, L, adapted=adapted) for _ in range(B)]
    points, labels = rng.normal(size=(N, Q)), np.arange(N) % Q
    masses = rng.uniform(0.5, 1.5, size=N)
    targets = np.array([pulled_back_targets(network, np.eye(Q)) for network in networks])
    return networks, points, labels, masses, targets


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("B", "L", "Q", "N"), SIZES)
def test_rotations_against_the_oracle(B, L, Q, N):
    networks, points, labels, masses, targets = drawn(B, L, Q, N, adapted=True)
    biases = np.array([network.biases[:L] for network in networks])
    rotations = np.array([network.rotations for network in networks])
    found = batched_gradients(points, labels, targets, biases, rotations, weights=masses)
    for place, network in enumerate(networks):
        mapping = {name: group for name, group in network.as_mapping().items() if name != "frames"}
        expected = floating.gradients(mapping, points, np.eye(Q)[labels], masses, coordinates="adapted")
        assert np.allclose(found.biases[place], expected["biases"][:L], rtol=1e-12, atol=1e-12)
        assert np.allclose(found.weights[place], expected["rotations"], rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("B", "L", "Q", "N"), SIZES)
def test_general_weights_against_the_oracle(B, L, Q, N):
    networks, points, labels, masses, targets = drawn(B, L, Q, N, adapted=False)
    plain = [to_pulled_back(network) for network in networks]
    biases = np.array([network.biases[:L] for network in plain])
    weights = np.array([network.weights[:L] for network in plain])
    found = batched_weight_gradients(points, labels, targets, biases, weights, weights=masses)
    for place, network in enumerate(plain):
        expected = floating.gradients(
            network.as_mapping(), points, np.eye(Q)[labels], masses, coordinates="cumulative-bias"
        )
        assert np.allclose(found.biases[place], expected["biases"][:L], rtol=1e-11, atol=1e-12)
        assert np.allclose(found.weights[place], expected["weights"][:L], rtol=1e-11, atol=1e-12)


@pytest.fixture(scope="module")
def proved():
    """The right sides of B2, B4 and B8, compiled from their derivations."""
    found = {}
    for name in ("b2_bias_gradient_at_every_depth.py", "b4_rotations_at_every_depth.py", "b8_general_weights.py"):
        for derivation in load(DERIVATIONS / name):
            report = derivation.check()
            labels = {"B2", "B4", "B8"} & {step.label for step in report.steps}
            assert all(report[label].verdict.status == "proved" for label in labels)
            found |= {label: report.lambdify()[label] for label in labels}
    return found


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("adapted", [True, False])
@pytest.mark.parametrize(("B", "L", "Q", "N"), SIZES)
def test_the_loops_compute_the_proved_right_sides(B, L, Q, N, adapted, proved):
    # the sums are written by hand, for speed: here they meet what is proved
    rng = np.random.default_rng(L + 10 * Q)
    points, labels, masses = rng.normal(size=(N, Q)), np.arange(N) % Q, rng.uniform(0.5, 1.5, size=N)
    targets, biases = rng.normal(size=(B, Q, Q)), rng.normal(size=(B, L, Q))
    weights = np.linalg.qr(rng.normal(size=(B, L, Q, Q)))[0]
    if not adapted:
        weights = weights * rng.uniform(0.7, 1.4, size=(B, L, Q, 1)) @ weights[:, ::-1]
    way = batched_gradients if adapted else batched_weight_gradients
    found = way(points, labels, targets, biases, weights, weights=masses)
    for place in range(B):
        W, beta, back = weights[place], biases[place], np.linalg.inv(weights[place])
        states, patterns = [points], []
        for layer in range(L):
            a = (states[-1] + beta[layer]) @ W[layer].T
            patterns.append((a > 0).astype(float))
            states.append(np.maximum(a, 0.0) @ back[layer].T - beta[layer])
        known = {"y": targets[place][labels], "weights": masses}
        K, q = np.tile(np.eye(Q), (N, 1, 1)), np.zeros((N, Q))
        for layer in reversed(range(L)):
            P = (back[layer] * patterns[layer][:, np.newaxis, :]) @ W[layer]
            here = known | {"w": states[layer], "K": K, "q": q}
            by_bias = proved["B2"](S=P, b=beta[layer], **here)
            here |= {"H": patterns[layer], "beta": beta[layer]}
            by_weight = -proved["B4"](R=W[layer], **here) if adapted else proved["B8"](W=W[layer], **here)
            for one, other in ((found.biases, by_bias), (found.weights, by_weight)):
                assert np.abs(one[place, layer] - other).max() <= 1e-13 * max(1.0, np.abs(one[place]).max())
            q = q + (K @ (P @ beta[layer] - beta[layer])[..., np.newaxis])[..., 0]
            K = K @ P


@pytest.mark.usefixtures("either_way")
def test_what_networks_share_need_not_be_repeated():
    networks, points, labels, _, targets = drawn(4, 2, 3, 8, adapted=True)
    biases, R = np.array([network.biases[:2] for network in networks]), np.array(networks[0].rotations)
    shared = batched_gradients(points, labels, targets[0], biases, R)
    repeated = batched_gradients(
        np.tile(points, (4, 1, 1)), labels, np.tile(targets[0], (4, 1, 1)), biases, np.tile(R, (4, 1, 1, 1)),
        weights=1 / np.bincount(labels)[labels],
    )  # fmt: skip
    assert np.allclose(shared.biases, repeated.biases, rtol=1e-14, atol=1e-15)
    assert np.allclose(shared.weights, repeated.weights, rtol=1e-14, atol=1e-15)
    own = points + np.arange(4.0)[:, np.newaxis, np.newaxis]
    moved = batched_gradients(own, labels, targets, biases, R)
    alone = batched_gradients(own[3], labels, targets[3], biases[3:], R)
    assert np.allclose(moved.biases[3], alone.biases[0], rtol=1e-14, atol=1e-15)
    assert np.allclose(moved.weights[3], alone.weights[0], rtol=1e-14, atol=1e-15)


@pytest.mark.usefixtures("either_way")
def test_a_datum_on_a_wall_counts_as_truncated():
    found = batched_gradients([[1.0]], [0], [[3.0]], [[[-1.0]]], [[[1.0]]])
    assert found.biases.tolist() == [[[2.0]]]  # z = −β = 1, ∂C/∂β = −(z − 3)


def test_what_does_not_fit_is_told():
    points, labels, targets = [[0.0], [1.0]], [0, 1], [[0.0], [1.0]]
    with pytest.raises(ShapeError, match=r"points \(2, 2, 1\), or \(2, 1\) where all networks share them; got \(3, 2"):
        batched_gradients(np.zeros((3, 2, 1)), labels, targets, np.zeros((2, 1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(ShapeError, match="labels must have shape"):
        batched_gradients(points, [0], targets, np.zeros((2, 1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(KindError, match="whole numbers from 0 to 1"):
        batched_gradients(points, [0, 2], targets, np.zeros((2, 1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(KindError, match="must be positive; number 1"):
        batched_gradients(points, labels, targets, np.zeros((2, 1, 1)), np.ones((1, 1, 1)), weights=[1, 0])
    with pytest.raises(KindError, match="rotation 1 of network 1 is not orthogonal"):
        batched_gradients(points, labels, targets, np.zeros((2, 1, 1)), [[[[1.0]]], [[[2.0]]]])
    with pytest.raises(UndefinedError, match="cumulative weight 2 of network 0 is singular"):
        batched_weight_gradients(np.eye(2), labels, np.eye(2), np.zeros((2, 2, 2)), [np.eye(2), np.ones((2, 2))])
    nearly = [[1.0, 1.0], [1.0, 1.0 + 1e-15]]
    with pytest.raises(UndefinedError, match="cumulative weight 1 of network 0 is singular"):
        batched_weight_gradients(np.eye(2), labels, np.eye(2), np.zeros((1, 1, 2)), [nearly])
