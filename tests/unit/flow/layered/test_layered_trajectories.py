"""Trajectories: conserved quantities, dissipation, the push-forward, gradient descent as a second integrator."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from symflow.errors import KindError, LimitError, ShapeError, UndefinedError, UnsupportedError
from symflow.flow import layered_flow
from symflow.flow.layered import discretisation_errors
from symflow.flow.layered.integration import Integration
from symflow.network import (
    LabelledData,
    LayeredParameters,
    PulledBackParameters,
    draw_inside_chamber,
    draw_orthogonal,
    to_layers,
    to_pulled_back,
)
from symflow.oracle import floating


def drawn(seed, Q=2, L=2, N=12):
    """Orthogonal cumulative weights, so that nothing is badly conditioned, and data on both sides of many walls."""
    random = np.random.default_rng(seed)
    weights = (*(draw_orthogonal(random, Q) for _ in range(L)), np.eye(Q))
    network = PulledBackParameters(weights, (*random.normal(scale=0.5, size=(L, Q)), np.zeros(Q)))
    labels = tuple(i % 2 for i in range(N))
    points = random.normal(size=(N, Q)) + 1.5 * np.eye(Q)[[*labels]]
    return network, LabelledData(points, np.eye(Q)[[*labels]], np.full(N, 2 / N), labels)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("cost", ["input", "standard"])
def test_the_cost_falls_by_what_is_dissipated(seed, cost):
    """Ċ = −|θ̇|² (theory C10), also across walls and along slides: the integral of |θ̇|² is taken from the path."""
    network, data = drawn(seed)
    run = layered_flow(network, data, t_max=1.0, cost=cost)
    assert run.status == run.effective.status == "finished"
    assert len(run.events) + len(run.effective.events) > 7
    for flow in (run, run.effective):
        nodes, masses = np.polynomial.legendre.leggauss(12)
        dissipated = 0.0
        for piece in flow.pieces:
            half = 0.5 * (piece.end - piece.begin)
            step = 1e-5 * half
            for node, mass in zip(nodes, masses, strict=True):
                at = piece.begin + half * (1 + node)
                speed = (piece.state(at + step) - piece.state(at - step)) / (2 * step) if half > 1e-9 else 0 * at
                dissipated += half * mass * float(np.sum(speed**2))
        first, last = flow.loss([0.0, flow.end])
        assert first - last == pytest.approx(dissipated, rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_balance_of_neighbouring_layers_is_conserved(seed):
    """ReLU is homogeneous: |row k of W_ℓ|² + b_{ℓ,k}² − |column k of W_{ℓ+1}|² is constant, walls or not."""
    network, data = drawn(seed, Q=3, L=2)
    run = layered_flow(network, data, t_max=2.0, cost="standard")
    assert {event.kind for event in run.events} >= {"crosses"}
    times = np.linspace(0, run.end, 9)
    weights, biases = run.weights(times), run.biases(times)
    for layer in range(2):
        balance = (weights[layer] ** 2).sum(2) + biases[layer] ** 2 - (weights[layer + 1] ** 2).sum(1)
        assert np.abs(balance - balance[0]).max() < 1e-7


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_the_effective_flow_conserves_row_norms(cost):
    """Theory B8; the flow of the layers does not."""
    network, data = drawn(1, Q=3, L=2)
    run = layered_flow(network, data, t_max=1.0, cost=cost)
    changes = []
    for flow in (run, run.effective):
        times = np.linspace(0, flow.end, 5)
        norms = [(weight**2).sum(axis=2) for weight in flow.cumulative_weight(times)[:-1]]
        changes.append(max(np.abs(norm - norm[0]).max() for norm in norms))
    assert changes[1] < 1e-7
    assert changes[0] > 1e-2


def test_the_image_is_the_push_forward():
    """d/dt W^(ℓ) = −Σ_k W_ℓ⋯W_{k+1} (∂C/∂W_k) W_{k-1}⋯W_1 (theory F6), gradients by the oracle."""
    network, data = draw_inside_chamber(np.random.default_rng(4), Q=3, L=2, N=6, margin=0.1)
    run = layered_flow(network, data, t_max=0.01)
    assert run.events == ()
    step = 1e-3
    before, here, after = (
        [w[0] for w in run.cumulative_weight([0.005 + shift])] for shift in (-step, 0.0, step)
    )  # fmt: skip
    W = [w[0] for w in run.weights([0.005])]
    layers = LayeredParameters(tuple(W), tuple(b[0] for b in run.biases([0.005])))
    G = floating.gradients(layers.as_mapping(), data.points, data.targets, data.weights)["weights"]
    for layer in range(3):
        pushed = np.zeros((3, 3))
        for k in range(layer + 1):
            left = right = np.eye(3)
            for m in range(k + 1, layer + 1):
                left = W[m] @ left
            for m in range(k):
                right = W[m] @ right
            pushed -= left @ np.asarray(G[k]) @ right
        slope = (after[layer] - before[layer]) / (2 * step)
        assert np.allclose(slope, pushed, rtol=2e-3, atol=2e-3 * np.abs(pushed).max())
        assert here[layer].shape == (3, 3)


def test_the_effective_flow_is_another_path_from_the_same_start():
    network, data = drawn(0)
    run = layered_flow(network, data, t_max=1.0)
    start = to_pulled_back(network)
    for flow in (run, run.effective):
        assert np.allclose(flow.pulled_back_bias([0.0])[0], start.biases, atol=1e-12)
        assert np.allclose([w[0] for w in flow.weights([0.0])], to_layers(network).weights, atol=1e-12)
        assert np.allclose([b[0] for b in flow.biases([0.0])], to_layers(network).biases, atol=1e-12)
        assert np.allclose(flow.cumulative_bias([0.5])[1], np.einsum(
            "tij,tj->ti", flow.cumulative_weight([0.5])[1], flow.pulled_back_bias([0.5])[:, 1]))  # fmt: skip
    assert np.abs(run.pulled_back_bias([1.0]) - run.effective.pulled_back_bias([1.0])).max() > 0.05


@pytest.mark.parametrize("cost", ["input", "standard"])
@pytest.mark.parametrize("seed", [0, 3])
def test_gradient_descent_tends_to_the_flow_linearly(cost, seed):
    """Theory F5, across walls: descent knows nothing of events, and where the flow slides it zigzags about the wall."""
    network, data = drawn(seed)
    found = discretisation_errors(
        lambda step: layered_flow(network, data, t_max=1.0, cost=cost, step=step), [4e-3, 2e-3, 1e-3, 5e-4]
    )
    assert 0.85 < found.slope < 1.15
    assert found.errors[-1] < 5e-3


def test_while_it_slides_a_datum_stays_on_its_wall():
    """And gradient descent, which zigzags about the wall, stays near it."""
    network, data = drawn(0)
    run = layered_flow(network, data, t_max=1.0)
    begin, end = (next(event for event in run.events if event.kind == kind) for kind in ("slides", "leaves"))
    place = (begin.layer, begin.datum, begin.component)
    assert place == (end.layer, end.datum, end.component)
    assert end.time - begin.time > 0.5

    def values(flow, times):
        index = next(i for i in range(48) if run.system.wall(i) == place)
        return np.array([abs(flow.system.preactivations(theta)[index]) for theta in flow.parameters(times)])

    during = np.linspace(begin.time + 0.05, end.time, 9)
    assert values(run, during).max() < 1e-9
    assert values(run, [0.0, begin.time / 2]).min() > 1e-3
    descent = layered_flow(network, data, t_max=1.0, step=1e-3)
    assert 1e-7 < values(descent, during).max() < 5e-3


def test_equal_data_meet_walls_together():
    network, data = drawn(2)
    twice = LabelledData(
        np.repeat(data.points, 2, axis=0), np.repeat(data.targets, 2, axis=0), np.repeat(data.weights, 2) / 2,
        tuple(np.repeat(data.labels, 2).tolist()),
    )  # fmt: skip
    one, other = (layered_flow(network, given, t_max=1.0) for given in (data, twice))
    times = np.linspace(0, 1, 7)
    assert np.abs(one.parameters(times) - other.parameters(times)).max() < 1e-7
    assert len(other.events) == 2 * len(one.events) > 0


def test_a_dead_network_rests():
    """Nothing is active and the output bias is where it wants to be."""
    network = LayeredParameters(([[1.0]], [[1.0]]), ([-5.0], [1.0]))
    data = LabelledData([[0.0], [1.0]], [[1.0], [1.0]], [1.0, 1.0], (0, 0))
    run = layered_flow(network, data, t_max=3.0, cost="standard")
    assert (run.status, run.end) == ("at rest", 3.0)
    assert (run.parameters([0.0]) == run.parameters([3.0])).all()


@pytest.mark.parametrize(("target", "kind"), [(3.0, "crosses"), (0.0, None)])
def test_a_start_on_a_wall(target, kind):
    """The datum counts as truncated; it becomes active if that, and not resting, is what the flow then does."""
    network = LayeredParameters(([[1.0]], [[1.0]]), ([-1.0], [0.0]))
    data = LabelledData([[1.0], [2.0]], [[target], [target]], [1.0, 1.0], (0, 0))
    run = layered_flow(network, data, t_max=0.1, cost="standard")
    assert run.status == "finished"
    assert [event.kind for event in run.events if event.time == 0] == ([kind] if kind else [])
    descent = layered_flow(network, data, t_max=0.1, cost="standard", step=1e-4)
    assert np.abs(run.parameters([0.1]) - descent.parameters([0.1])).max() < 2e-3


def test_too_many_events_and_divergence_are_said():
    network, data = drawn(0)
    stopped = layered_flow(network, data, t_max=1.0, max_events=1)
    assert stopped.status == "unresolved"
    assert "max_events = 1" in stopped.message
    with pytest.raises(KindError, match=r"got 1\.0"):
        stopped.loss([1.0])
    line = LayeredParameters(([[1.0]], [[1.0]]), ([1.0], [0.0]))
    far = LabelledData([[10.0]], [[-10.0]], [1.0], (0,))
    diverged = layered_flow(line, far, t_max=10000.0, cost="standard", step=10.0)
    assert diverged.status == "unresolved"
    assert "step < 2/ν" in diverged.message


def steep(seed, widths):
    """Weights of no particular condition: the flow comes near singular ones."""
    rng = np.random.default_rng(seed)
    weights = tuple(rng.normal(size=(m, k)) / np.sqrt(k) for k, m in pairwise(widths))
    network = LayeredParameters(weights, tuple(0.3 * rng.normal(size=m) for m in widths[1:]))
    labels = tuple(i % 2 for i in range(60))
    points = rng.normal(size=(60, widths[0])) + 1.5 * rng.normal(size=(2, widths[0]))[[*labels]]
    return network, LabelledData(points, rng.normal(size=(2, widths[-1]))[[*labels]], np.full(60, 1 / 30), labels)


def test_runs_next_to_singular_weights_end_with_a_message(monkeypatch):
    network, data = steep(3, (2, 2, 2, 2))
    descent = layered_flow(network, data, t_max=0.3, step=0.002)
    assert descent.status == "unresolved" and "the cumulative weight 3 is singular" in descent.message
    monkeypatch.setattr("symflow.flow.layered.integration.MOST_STEPS", 3)
    stiff = layered_flow(*drawn(0), t_max=1.0, rtol=1e-10)
    assert stiff.status == "unresolved" and "3 steps without an event: the flow is stiff" in stiff.message


def test_a_step_that_goes_too_far_is_made_again(monkeypatch):
    """SciPy tries long steps, to where the cumulative weight is singular or no slide exists."""
    network, data = drawn(0)
    plain = layered_flow(network, data, t_max=1.0, rtol=1e-10)
    velocity = Integration._velocity

    def refused(self, theta):
        if np.abs(theta - self.theta).max() > 0.01:
            raise UndefinedError("too far")
        return velocity(self, theta)

    monkeypatch.setattr(Integration, "_velocity", refused)
    run = layered_flow(network, data, t_max=1.0, rtol=1e-10)
    assert run.status == "finished" and len(run.pieces) > len(plain.pieces)
    assert np.abs(run.parameters([1.0]) - plain.parameters([1.0])).max() < 1e-8


def test_no_scipy(monkeypatch):
    monkeypatch.setattr("symflow.flow.layered.flows.find_spec", lambda _name: None)
    network, data = drawn(0)
    with pytest.raises(UnsupportedError, match="pip install"):
        layered_flow(network, data, t_max=0.1)
    assert layered_flow(network, data, t_max=0.1, step=0.05).status == "finished"


def test_progress_is_reported():
    network, data = drawn(0)
    for step in (None, 0.1):
        seen: list[float] = []
        layered_flow(network, data, t_max=1.0, step=step, progress=seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


def test_what_does_not_fit_is_refused():
    network, data = drawn(0)
    narrow = LayeredParameters((np.ones((1, 2)), np.ones((2, 1))), (np.zeros(1), np.zeros(2)))
    with pytest.raises(ShapeError, match='Try cost="standard"'):
        layered_flow(narrow, data, t_max=1.0)
    with pytest.raises(UnsupportedError, match="one width"):
        layered_flow(narrow, data, t_max=0.1, cost="standard").pulled_back_bias([0.0])
    with pytest.raises(ShapeError, match="do not fit widths"):
        layered_flow(LayeredParameters(([[1.0]], [[1.0]]), ([0.0], [0.0])), data, t_max=1.0)
    with pytest.raises(ShapeError, match="two layers at least"):
        layered_flow(LayeredParameters((np.eye(2),), (np.zeros(2),)), data, t_max=1.0)
    with pytest.raises(UndefinedError):
        layered_flow(LayeredParameters((np.zeros((2, 2)), np.eye(2)), (np.zeros(2),) * 2), data, t_max=1.0)
    with pytest.raises(UnsupportedError, match="to_floats"):
        layered_flow(network, data.to_fractions(), t_max=1.0)
    for wrong in ({"t_max": 0.0}, {"cost": "other"}, {"step": 2.0}, {"rtol": 1.0}, {"max_events": -1}):
        with pytest.raises(KindError):
            layered_flow(network, data, **{"t_max": 1.0, **wrong})
    with pytest.raises(LimitError, match="larger step"):
        layered_flow(network, data, t_max=1.0, step=1e-9)
    with pytest.raises(KindError, match="two different steps"):
        discretisation_errors(lambda step: layered_flow(network, data, t_max=1.0, step=step), [0.1])


def test_descent_keeps_a_bounded_number_of_states(monkeypatch):
    """What lies between them is computed again, to the last bit."""
    network, data = drawn(1)
    times = [*np.random.default_rng(0).uniform(0, 0.7, 50).tolist(), 0.0, 0.7, 0.123]
    whole = layered_flow(network, data, t_max=0.7, step=1e-3)
    monkeypatch.setattr("symflow.flow.layered.descent.MOST_STATES", 40)
    sparse = layered_flow(network, data, t_max=0.7, step=1e-3)
    assert (len(whole.pieces), len(sparse.pieces)) == (700, 39)
    assert sparse.events == whole.events
    assert (sparse.parameters(times) == whole.parameters(times)).all()
    assert (sparse.effective.loss(times) == whole.effective.loss(times)).all()
    assert sparse.state(0.7).network.as_mapping()["biases"][0].shape == (2,)
