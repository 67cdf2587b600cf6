"""Flows side by side in JAX, against ``chamber_flow``, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import KindError
from symflow.flow import chamber_flow, many_flows
from symflow.network import LabelledData, PulledBackParameters, input_layer_cost

pytest.importorskip("jax", reason="JAX is not installed: pip install 'symflow[jax]'")


TIMES = np.linspace(0.0, 6.0, 25)  # one shape for most tests: JAX compiles for every one


def drawn(seed, *, B=6, L=2, Q=3, N=20, spread=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(N) % Q
    rotations = np.array([np.linalg.qr(rng.normal(size=(Q, Q)))[0] for _ in range(L)])
    points = spread * rng.normal(size=(N, Q)) + 1.5 * rng.normal(size=(Q, Q))[labels]
    return points, labels, 1.5 * rng.normal(size=(Q, Q)), rng.normal(size=(B, L, Q)), rotations


def alone(points, labels, targets, start, rotations, **options):
    return chamber_flow(points, labels, targets, start, rotations, **options)


@pytest.mark.parametrize(("seed", "L", "Q"), [(0, 2, 3), (1, 2, 3), (2, 2, 3), (3, 3, 2), (4, 1, 3)])
def test_whole_flows(seed, L, Q):
    data = drawn(seed, L=L, Q=Q)
    flows = many_flows(*data, times=TIMES)
    for b, start in enumerate(data[3]):
        expected = alone(*data[:3], start, data[4], t_max=6.0)
        assert flows.status[b] == ("horizon" if expected.status == "equilibrium" else expected.status)
        assert np.isclose(flows.ends[b], expected.t_end, rtol=1e-10)
        there = TIMES <= min(expected.t_end, flows.ends[b])
        assert np.allclose(flows.biases[b, there], expected.bias(TIMES[there]), rtol=1e-12, atol=1e-12)
        assert np.allclose(flows.losses[b, there], expected.loss(TIMES[there]), rtol=1e-11, atol=1e-11)
        assert np.isnan(flows.biases[b, ~there]).all()
        assert np.allclose(flows.halts[b], expected.bias([expected.t_end])[0], rtol=1e-10, atol=1e-10)
        if (path := flows.continuations[b]) is not None:
            assert np.allclose(flows.inside[b], expected.bias([flows.handovers[b]])[0], rtol=1e-11, atol=1e-11)
            assert path.bias([0.0])[0].tolist() == flows.inside[b].tolist()
    assert (flows.status == "horizon").sum() >= 4
    assert L == 1 or any(path is not None for path in flows.continuations)


@pytest.mark.parametrize(("seed", "spread"), [*((seed, 1.0) for seed in range(6)), (9, 0.1), (33, 0.1), (39, 0.1)])
def test_exact_up_to_the_wall_that_is_slid_along(seed, spread):
    """Narrow clusters are sent to one point by the first layer, and meet walls of the second as one."""
    data = drawn(seed, spread=spread)
    flows = many_flows(*data, times=TIMES, continued=False)
    crossed, joint = 0, 0
    for b, start in enumerate(data[3]):
        expected = alone(*data[:3], start, data[4], t_max=6.0)
        there = TIMES <= flows.ends[b]
        assert np.isnan(flows.biases[b, ~there]).all()
        assert np.allclose(flows.biases[b, there], expected.bias(TIMES[there]), rtol=1e-12, atol=1e-12)
        assert np.allclose(flows.halts[b], expected.bias([flows.ends[b]])[0], rtol=1e-12, atol=1e-12)
        slides = [event.time for event in expected.events if event.sliding]
        if flows.status[b] == "horizon":
            assert not slides
        else:
            # Where nothing drives a threshold any more it rests on a datum; such a wall is left to chamber_flow.
            assert np.isclose(flows.ends[b], slides[0], rtol=1e-10)
        plain = [event for event in expected.events if event.time < flows.ends[b] and not event.sliding]
        crossed += len(plain)
        joint += sum(len(event.changes) > 2 for event in plain)
    assert "slid" in flows.status
    assert (flows.status == "unsettled").sum() <= 2
    assert crossed > 20
    assert joint > 0 or spread == 1.0


def test_every_flow_with_data_and_rotations_of_its_own():
    points, labels, targets, biases, _ = drawn(7, B=3)
    rng = np.random.default_rng(8)
    own = points + 0.3 * rng.normal(size=(3, 1, 3))
    goals, R = targets + 0.3 * rng.normal(size=(3, 3, 3)), np.linalg.qr(rng.normal(size=(3, 2, 3, 3)))[0]
    weights = rng.uniform(0.01, 0.1, size=len(points))
    flows = many_flows(own, labels, goals, biases, R, times=[0.0, 1.0, 3.0], weights=weights)
    for b in range(3):
        expected = alone(own[b], labels, goals[b], biases[b], R[b], t_max=3.0, weights=weights)
        assert np.allclose(flows.biases[b], expected.bias([0.0, 1.0, 3.0]), rtol=1e-11, atol=1e-11)
        network = PulledBackParameters((*R[b], np.eye(3)), (*flows.biases[b, 2], np.zeros(3)))
        data = LabelledData(own[b], goals[b][labels], weights, tuple(labels))
        assert flows.losses[b, 2] == pytest.approx(input_layer_cost(network, data), rel=1e-12)


def test_starts_on_walls_are_left_to_chamber_flow():
    points, labels, targets = [[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]]
    data = points, labels, targets, [[[0.0], [5.0]], [[0.5], [5.0]]], np.ones((2, 1, 1))
    halted = many_flows(*data, times=[0.0, 1.0], continued=False)
    assert halted.status.tolist() == ["unsettled", "slid"]
    assert halted.ends[0] == 0.0
    assert halted.continuations == (None, None)
    flows = many_flows(*data, times=[0.0, 1.0])
    for b in range(2):
        expected = alone(points, labels, targets, data[3][b], data[4], t_max=1.0)
        assert np.allclose(flows.biases[b], expected.bias([0.0, 1.0]), rtol=1e-12, atol=1e-12)
    assert flows.handovers[0] == 0.0
    assert flows.handovers[1] == halted.ends[1] / 2


def test_where_there_is_no_one_continuation():
    apart = [[0.0], [1.0]], [0, 1], [[-2.0], [9.0]]
    for L, rest in ((1, []), (2, [[20.0]])):
        flows = many_flows(*apart, [[[-1.0], *rest]] * 2, np.ones((L, 1, 1)), times=[0.0, 1.0])
        assert flows.status.tolist() == ["non-unique"] * 2
        assert flows.ends.tolist() == [0.0] * 2
        assert flows.halts[0, 0].tolist() == [-1.0]
        assert flows.biases[0, 0, 0].tolist() == [-1.0]
        assert np.isnan(flows.biases[0, 1]).all()


def test_what_does_not_fit_is_told():
    data = [[0.0]], [0], [[1.0]], np.zeros((1, 2, 1)), np.ones((2, 1, 1))
    for times in ([], [np.inf], [-1.0], [[1.0]]):
        with pytest.raises(KindError, match="times are one row of finite numbers"):
            many_flows(*data, times=times)
    with pytest.raises(KindError, match="max_events"):
        many_flows(*data, times=[1.0], max_events=0)


def test_a_limit_on_events():
    data = drawn(0)
    flows = many_flows(*data, times=TIMES, continued=False, max_events=3)
    assert "unsettled" in flows.status
    continued = many_flows(*data, times=TIMES, max_events=3)
    whole = many_flows(*data, times=TIMES)
    assert np.allclose(continued.biases, whole.biases, rtol=1e-11, atol=1e-11)
