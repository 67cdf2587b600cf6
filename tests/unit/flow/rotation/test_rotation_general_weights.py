"""The flow of general weights: conserved row norms, walls, and an integration in the entries of W."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from symflow.derivation.files import load
from symflow.flow import rotation_flow
from symflow.flow.rotation import general_weight_flow
from symflow.flow.rotation.equations import Parameters, Rows, descent

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"


def equal(points):
    """Weights 1/N, as in the mean that the comparison takes."""
    return np.full(len(points), 1 / len(points))


def instance(seed, Q, L, N):
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(N, Q)), np.arange(N) % 2
    weights = np.eye(Q) + 0.4 * rng.normal(size=(L, Q, Q))
    return points, labels, rng.normal(size=(2, Q)), rng.uniform(-0.5, 0.8, size=(L, Q)), weights


@pytest.mark.parametrize(("seed", "Q", "L"), [(0, 2, 1), (1, 3, 1), (2, 2, 2)])
def test_row_norms_are_conserved(seed, Q, L):
    arguments = instance(seed, Q, L, 15)
    flow = general_weight_flow(*arguments, t_max=3.0)
    assert flow.end > 0.3
    W = flow.weight(np.linspace(0, flow.end, 30))
    norms = np.linalg.norm(W, axis=3)
    assert np.abs(norms - norms[0]).max() < 1e-12
    assert np.abs(W[-1] - W[0]).max() > 1e-2
    assert (np.diff(flow.loss(np.linspace(0, flow.end, 50))) < 1e-12).all()


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_one_layer_in_the_entries_of_the_weight(seed):
    """ReLU itself, in (W, β), stopped before the first event."""
    x, labels, goals, biases, weights = instance(seed, 2, 1, 12)
    events = general_weight_flow(x, labels, goals, biases, weights, t_max=2.0, weights=equal(x)).events
    t_max = 0.95 * events[0].time if events else 2.0
    flow = general_weight_flow(x, labels, goals, biases, weights, t_max=t_max, rtol=1e-12, weights=equal(x))
    y = goals[labels]

    def velocity(_, state):
        b, W = state[:2], state[2:].reshape(2, 2)
        V = np.linalg.inv(W)
        a = (x + b) @ W.T
        z = np.maximum(a, 0) @ V.T - b
        p = z - y
        q = p @ V
        below = (q * (a > 0)) @ W
        # d z = V H dW (x + β) − V dW V σ(a)
        pull = (q * (a > 0)).T @ (x + b) - q.T @ (np.maximum(a, 0) @ V.T)
        return np.append((p - below).mean(axis=0), -pull / len(x))

    y0 = np.append(biases[0], weights[0].ravel())
    end = solve_ivp(velocity, (0, t_max), y0, method="DOP853", rtol=1e-13, atol=1e-14).y[:, -1]
    assert np.abs(flow.bias([t_max])[0, 0] - end[:2]).max() < 1e-11
    assert np.abs(flow.weight([t_max])[0, 0].ravel() - end[2:]).max() < 1e-11


def test_events_are_found_and_slides_are_slid():
    arguments = instance(7, 2, 1, 30)
    flow = general_weight_flow(*arguments, t_max=5.0)
    assert flow.events
    times = np.linspace(0, flow.end, 200)
    u = np.einsum("tij,tnj->tni", flow.weight(times)[:, 0], arguments[0] + flow.bias(times))
    changes = ((u[1:] > 1e-9) != (u[:-1] > 1e-9)).any(axis=0).sum()
    assert changes <= len({(event.data, event.component) for event in flow.events})


def test_without_hidden_rotation_both_flows_agree():
    """In one dimension there is nothing to turn: R = W = 1."""
    arguments = [[-1.0], [0.0], [0.7]], [0, 1, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]]
    one, other = rotation_flow(*arguments, t_max=2.0), general_weight_flow(*arguments, t_max=2.0)
    assert np.allclose(one.bias([0.3, 2.0]), other.bias([0.3, 2.0]), atol=1e-12)
    assert [event.kind for event in one.events] == [event.kind for event in other.events]


@pytest.mark.parametrize(("seed", "Q", "L"), [(0, 2, 1), (1, 3, 1), (2, 2, 2)])
def test_row_norms_are_conserved_at_fixed_biases(seed, Q, L):
    arguments = instance(seed, Q, L, 15)
    flow = general_weight_flow(*arguments, t_max=3.0, fixed_biases=True, weights=equal(arguments[0]))
    assert flow.end > 0.3
    times = np.linspace(0, flow.end, 30)
    W = flow.weight(times)
    assert np.abs(np.linalg.norm(W, axis=3) - np.linalg.norm(arguments[4], axis=2)).max() < 1e-12
    assert np.abs(W[-1] - W[0]).max() > 1e-2
    assert (flow.bias(times) == arguments[3]).all()
    assert (np.diff(flow.loss(times)) < 1e-12).all()


def test_at_fixed_biases_the_velocity_is_that_of_b8():
    """The proved gradient, compiled, integrated in the entries of W by a solver that knows nothing of charts."""
    x, labels, goals, biases, weights = instance(4, 3, 1, 9)
    b8 = load(DERIVATIONS / "b8_general_weights.py")[0].check().lambdify()["B8"]
    y, mass, one, none = goals[labels], np.full(9, 1 / 9), np.tile(np.eye(3), (9, 1, 1)), np.zeros((9, 3))

    def velocity(_, state):
        W = state.reshape(3, 3)
        H = (x + biases[0]) @ W.T > 0
        return -b8(W=W, H=H, K=one, w=x, q=none, y=y, beta=biases[0], weights=mass).ravel()

    events = general_weight_flow(
        x, labels, goals, biases, weights, t_max=1.0, fixed_biases=True, weights=equal(x)
    ).events
    t_max = 0.95 * events[0].time if events else 1.0
    flow = general_weight_flow(
        x, labels, goals, biases, weights, t_max=t_max, rtol=1e-12, weights=equal(x), fixed_biases=True
    )
    end = solve_ivp(velocity, (0, t_max), weights[0].ravel(), method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    assert np.abs(end - weights[0].ravel()).max() > 1e-3
    assert np.abs(flow.weight([t_max])[0, 0].ravel() - end).max() < 1e-10


@pytest.mark.parametrize("layer", [0, 1])
def test_the_right_hand_side_is_b8_at_every_layer(layer):
    x, labels, goals, biases, W = instance(6, 3, 2, 8)
    y, V, mass = goals[labels], np.linalg.inv(W), np.full(8, 1 / 8)
    z, before, H = x, [], []
    for m in range(2):
        before.append(z)
        a = (z + biases[m]) @ W[m].T
        H.append(a > 0)
        z = np.maximum(a, 0) @ V[m].T - biases[m]
    P = [np.array([V[m] @ np.diag(h.astype(float)) @ W[m] for h in H[m]]) for m in range(2)]
    K, q = (P[1], P[1] @ biases[1] - biases[1]) if layer == 0 else (np.tile(np.eye(3), (8, 1, 1)), np.zeros((8, 3)))
    b8 = load(DERIVATIONS / "b8_general_weights.py")[0].check().lambdify()["B8"]
    proved = b8(W=W[layer], H=H[layer], K=K, w=before[layer], q=q, y=y, beta=biases[layer], weights=mass)
    root = np.sqrt(mass)
    rows = Rows(x * root[:, None], root, y * root[:, None], np.array(H, dtype=float))
    found = descent(rows, Parameters(biases, W, V), "weights at fixed biases")[0]
    assert np.allclose(found[6:].reshape(2, 3, 3)[layer], -proved, rtol=0, atol=1e-12)
    assert (found[:6] == 0).all()
