"""Closed-form flows of one layer, against ``separated_flow`` and ``chamber_flow``, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError
from symflow.flow import chamber_flow, separated_flow, single_layer_flows

pytest.importorskip("jax", reason="JAX is not installed: pip install 'symflow[jax]'")

TIMES = np.array([0.0, 0.1, 0.5, 1.0, 3.0, 10.0, 20.0])


def agree(found, expected):
    return np.allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_one_class_is_the_separated_flow(seed):
    rng = np.random.default_rng(seed)
    B, N, Q = 5, 25, 3
    points, R = rng.normal(size=(N, Q)), np.linalg.qr(rng.normal(size=(Q, Q)))[0]
    targets, biases = 2 * rng.normal(size=(B, 1, Q)), 2 * rng.normal(size=(B, Q))
    weights = rng.uniform(0.5, 2.0, size=N) if seed % 2 else None
    flows = single_layer_flows(points, [0] * N, targets, biases, rotations=R, weights=weights)
    times = np.append(TIMES, np.inf)
    for b in range(B):
        alone = separated_flow(points, targets[b, 0], biases[b], rotation=R, weights=weights)
        assert agree(flows.threshold(times)[b], alone.threshold(times))
        assert agree(flows.bias(times)[b], alone.bias(times))
        assert agree(flows.loss(times)[b], alone.loss(times))
        for k, motion in enumerate(alone.directions):
            met = flows.event_times[b, k][np.isfinite(flows.event_times[b, k])]
            assert agree(met, motion.times[1:])
            rests = motion.times[-1] if motion.last == 0 else np.inf
            assert agree(flows.resting_from[b, k], rests) or (rests == np.inf == flows.resting_from[b, k])
    assert flows.unique.all()


@pytest.mark.parametrize("seed", range(4))
def test_several_classes_are_the_chamber_flow_of_one_layer(seed):
    rng = np.random.default_rng(seed)
    B, N, Q, K = 16, 30, 2, 3
    labels = np.arange(N) % K
    points = rng.normal(size=(B, N, Q)) + rng.normal(size=(K, Q))[labels]
    R = np.linalg.qr(rng.normal(size=(B, Q, Q)))[0]
    targets, biases = 2 * rng.normal(size=(K, Q)), 2 * rng.normal(size=(B, Q))
    flows = single_layer_flows(points, labels, targets, biases, rotations=R)
    slides = 0
    for b in range(B):
        alone = chamber_flow(points[b], labels, targets, biases[b][np.newaxis], R[b][np.newaxis], t_max=20.0)
        assert alone.status in {"horizon", "equilibrium"}
        assert agree(flows.bias(TIMES)[b], alone.bias(TIMES)[:, 0])
        assert agree(flows.loss(TIMES)[b], alone.loss(TIMES))
        begun = {wall.component: event.time for event in reversed(alone.events) for wall in event.sliding}
        for k, time in begun.items():
            assert np.isclose(flows.resting_from[b, k], time, rtol=1e-10)
        slides += len(begun)
    assert slides > 0


def test_data_that_tie_are_met_together():
    """The force between two of them would stop the threshold; behind both it does not."""
    points, labels = [[-1.0], [0.0], [0.0]], [0, 1, 2]
    targets, weights = [[3.0], [-9.0], [30.0]], [1.0, 1.0, 1.0]
    flows = single_layer_flows(points, labels, targets, [[0.75]], weights=weights)
    alone = chamber_flow(points, labels, targets, [[0.75]], [[[1.0]]], t_max=20.0, weights=weights)
    assert agree(flows.bias(TIMES)[0], alone.bias(TIMES)[:, 0])
    assert flows.threshold([np.inf]).item() == 8.0
    assert flows.event_times[0, 0, 0] == np.inf or flows.event_times[0, 0, 0] == flows.event_times[0, 0, 1]


def test_starts_on_data():
    points, labels = [[0.0], [1.0]], [0, 1]
    driven_apart = single_layer_flows(points, labels, [[-2.0], [9.0]], [[-1.0]])
    assert driven_apart.unique.tolist() == [[False]]
    assert driven_apart.threshold([np.inf]).tolist() == [[[3.5]]]  # it rises
    held = single_layer_flows(points, labels, [[2.0], [-9.0]], [[-1.0]])
    assert held.unique.all()
    assert held.resting_from.tolist() == [[0.0]]
    assert held.threshold([0.0, 1.0, np.inf]).ravel().tolist() == [1.0, 1.0, 1.0]
    frozen = single_layer_flows(points, labels, [[2.0], [-9.0]], [[0.5]])
    assert frozen.threshold([5.0]).item() == -0.5
    assert frozen.loss([5.0]).item() == (4.0 + 100.0) / 2
    lowest = single_layer_flows([[0.0], [1.0]], [0, 0], [[2.0]], [[0.0]])
    assert lowest.event_times[0, 0, 0] == pytest.approx(2 * np.log(2), rel=1e-15)


def test_a_datum_next_to_the_target():
    points, target = [[-1.0], [1.0 - 2**-53]], [[1.0]]
    flows = single_layer_flows(points, [0, 0], target, [[1.0]])
    alone = separated_flow(points, target[0], [1.0])
    assert agree(flows.event_times[0, 0, 0], alone.events["time"][0])
    points, target = [[-1e10], [1e-300]], [[2e-300]]  # the quotient in the logarithm overflows
    flows = single_layer_flows(points, [0, 0], target, [[1e9]])
    assert agree(flows.event_times[0, 0, 0], separated_flow(points, target[0], [1e9]).events["time"][0])


def test_what_does_not_fit_is_told():
    with pytest.raises(ShapeError, match=r"ask for rotations \(1, 1\) or \(2, 1, 1\); got \(3, 1, 1\)"):
        single_layer_flows([[0.0]], [0], [[1.0]], [[0.0], [1.0]], rotations=np.ones((3, 1, 1)))
    with pytest.raises(KindError, match="not orthogonal"):
        single_layer_flows([[0.0]], [0], [[1.0]], [[0.0], [1.0]], rotations=[[2.0]])
    flows = single_layer_flows([[0.0]], [0], [[1.0]], [[0.0]])
    for times in ([-1.0], [np.nan], [[1.0]]):
        with pytest.raises(KindError, match="times are one row of numbers"):
            flows.bias(times)
