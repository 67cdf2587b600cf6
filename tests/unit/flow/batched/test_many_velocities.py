"""The right side in JAX, against NumPy, and against the proved statements B2 and B4, compiled for JAX."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from symflow.derivation.files import load
from symflow.errors import ShapeError, UnsupportedError
from symflow.flow import batched_gradients, many_flows, many_velocities, right_hand_side, single_layer_flows
from symflow.network import draw_network, pulled_back_targets, trajectory

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"
SIZES = [(1, 1, 1, 3), (3, 2, 3, 7), (4, 3, 5, 11)]  # B, L, Q, N
needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed: pip install 'symflow[jax]'")


def drawn(B, L, Q, N):
    rng = np.random.default_rng(10 * L + Q)
    networks = [draw_network(rng, Q, L) for _ in range(B)]
    points, labels = rng.normal(size=(N, Q)), np.arange(N) % Q
    targets = np.array([pulled_back_targets(network, np.eye(Q)) for network in networks])
    biases = np.array([network.biases[:L] for network in networks])
    return networks, points, labels, targets, biases, np.array([network.rotations for network in networks])


@needs_jax
@pytest.mark.parametrize(("B", "L", "Q", "N"), SIZES)
def test_same_numbers_as_numpy(B, L, Q, N):
    import jax

    before = jax.config.jax_enable_x64
    _, points, labels, targets, biases, rotations = drawn(B, L, Q, N)
    for shared in (
        (points, labels, targets, biases, rotations),
        (points, labels, targets[0], biases, rotations[0]),
        (np.tile(points, (B, 1, 1)), labels, targets[0], biases, rotations),
    ):
        found, expected = many_velocities(*shared), batched_gradients(*shared)
        assert found[0].dtype == found[1].dtype == np.float64
        assert np.allclose(found[0], -expected.biases, rtol=1e-12, atol=1e-13)
        assert np.allclose(found[1], -expected.weights, rtol=1e-12, atol=1e-13)
    assert jax.config.jax_enable_x64 == before


@needs_jax
@pytest.mark.parametrize(("B", "L", "Q", "N"), SIZES)
def test_same_numbers_as_the_proved_statements(B, L, Q, N):
    import jax

    proved = {}
    for name in ("b2_bias_gradient_at_every_depth.py", "b4_rotations_at_every_depth.py"):
        for derivation in load(DERIVATIONS / name):
            report = derivation.check()
            assert report.proved
            labels = {"B2", "B4"} & {step.label for step in report.steps}
            proved |= {label: report.lambdify(backend="jax")[label] for label in labels}
    networks, points, labels, targets, biases, rotations = drawn(B, L, Q, N)
    masses = 1 / np.bincount(labels)[labels]
    by_bias, by_rotation = many_velocities(points, labels, targets, biases, rotations)
    for place, network in enumerate(networks):
        path = trajectory(network, points)
        after = {"K": np.tile(np.eye(Q), (N, 1, 1)), "q": np.zeros((N, Q)), "weights": masses}
        for layer in reversed(range(L)):
            R, H, beta = rotations[place, layer], path.patterns[layer].astype(float), biases[place, layer]
            P = (R.T * H[:, np.newaxis, :]) @ R
            state = {"w": path.states[layer], "y": targets[place][labels]} | after
            with jax.enable_x64(True):
                b2, b4 = proved["B2"](S=P, b=beta, **state), proved["B4"](R=R, H=H, beta=beta, **state)
            assert np.allclose(by_bias[place, layer], -np.asarray(b2), rtol=1e-12, atol=1e-12)
            assert np.allclose(by_rotation[place, layer], np.asarray(b4), rtol=1e-12, atol=1e-12)
            after["q"] = after["q"] + (after["K"] @ (P @ beta - beta)[..., np.newaxis])[..., 0]
            after["K"] = after["K"] @ P


@needs_jax
def test_the_function_of_one_network_under_transformations():
    import jax

    _, points, labels, targets, biases, rotations = drawn(4, 2, 3, 9)
    velocity = right_hand_side(points, labels, targets[0])
    expected = many_velocities(points, labels, targets[0], biases, rotations)
    with jax.enable_x64(True):
        found = [np.asarray(array) for array in jax.jit(jax.vmap(velocity))(biases, rotations)]
        # It is a gradient field: the derivative by the biases of a fixed chamber is symmetric.
        slope = np.asarray(jax.jacfwd(lambda b: velocity(b, rotations[0])[0])(biases[0])).reshape(6, 6)
    assert all(np.allclose(a, b, rtol=1e-13, atol=1e-14) for a, b in zip(found, expected, strict=True))
    assert np.abs(slope).max() > 0.1
    assert np.allclose(slope, slope.T, rtol=1e-12, atol=1e-13)
    with jax.enable_x64(False), pytest.raises(UnsupportedError, match="jax_enable_x64"):
        velocity(biases[0], rotations[0])


def test_what_does_not_fit_is_told():
    with pytest.raises(ShapeError, match="targets must have 1 columns"):
        right_hand_side([[1.0]], [0], [[1.0, 2.0]])


def test_without_jax_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    data = [[1.0]], [0], [[1.0]]
    for work in (
        lambda: right_hand_side(*data),
        lambda: many_velocities(*data, [[[1.0]]], [[[1.0]]]),
        lambda: single_layer_flows(*data, [[1.0]]),
        lambda: many_flows(*data, np.ones((1, 2, 1)), np.ones((2, 1, 1)), times=[1.0]),
    ):
        with pytest.raises(UnsupportedError, match=r'pip install "symflow\[jax\]"'):
            work()
