"""Random chamber flows against routes of their own: the checker, a smoothed network, the separated formula, proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symflow.derivation.files import load
from symflow.flow import chamber_flow
from symflow.flow.chamber import check_trajectory
from tests.flows.smoothed import smoothed_biases
from tests.unit.flow.chamber.instances import draw

DERIVATIONS = Path(__file__).parents[2] / "derivations"


def finished(flow) -> bool:
    """Every run ends with a status; what there is of it must pass the checker in any case."""
    assert flow.status in {"equilibrium", "horizon", "non-unique", "doubtful", "crowded"} and flow.message
    certificate = check_trajectory(flow, samples=2)
    assert certificate.residual < 1e-12 and certificate.wrong_side < 1e-12
    return flow.status in {"equilibrium", "horizon"}


def test_small_campaign() -> None:
    runs = [chamber_flow(**draw(seed, L=L), t_max=20.0) for L in (1, 2) for seed in range(6)]
    assert sum(finished(flow) for flow in runs) >= 11
    assert sum(any(segment.sliding for segment in flow.segments) for flow in runs) >= 6


def test_depth_three_and_a_moving_output_bias() -> None:
    runs = [chamber_flow(**draw(seed, N=30, L=3), t_max=10.0) for seed in range(3)]
    runs += [chamber_flow(**draw(seed, N=40), t_max=10.0, output_bias="moving") for seed in range(3)]
    assert sum(finished(flow) for flow in runs) >= 4


@pytest.mark.deep
@pytest.mark.parametrize(("L", "N", "share"), [(1, 200, 1.0), (2, 200, 0.95), (3, 100, 0.9)])
def test_campaign(L, N, share) -> None:
    runs = [chamber_flow(**draw(seed, N=N, L=L), t_max=20.0) for seed in range(100)]
    assert sum(finished(flow) for flow in runs) >= share * len(runs)


def tied(flow) -> int:
    """The most walls that are slid on at once while data slide in two layers."""
    return max(
        len(segment.sliding)
        if any(set(a.data) & set(b.data) and a.layer != b.layer for a in segment.sliding for b in segment.sliding)
        else 0
        for segment in flow.segments
    )


@pytest.mark.parametrize("seed", [33, 40, 80])
def test_sliding_on_many_walls_tied_by_data_in_two_layers(seed) -> None:
    # three and more walls, walls with dependent normals (33), eight walls that meet at once (80)
    flow = chamber_flow(**draw(seed, L=3), t_max=20.0)
    assert finished(flow) and (tied(flow) >= 3 or seed == 80)


def test_a_chamber_that_few_directions_meet() -> None:
    # one datum of an atom of 150 slides in the layer before as well: 1024 random directions miss a chamber around
    flow = chamber_flow(**draw(117, N=200, L=3), t_max=1.9)
    assert finished(flow)


def test_a_slide_too_short_to_count_is_no_second_way() -> None:
    # on walls with dependent normals, for 4e-6 of time and 3e-13 of way: the way that leaves them counts as well
    flow = chamber_flow(**draw(311, N=200, L=3), t_max=2.4)
    assert finished(flow) and flow.t_end == 2.4


def test_deep_flows_are_decided() -> None:
    runs = [chamber_flow(**draw(seed, L=3), t_max=20.0) for seed in range(24)]
    assert {flow.status for flow in runs} <= {"equilibrium", "horizon", "non-unique"}
    assert sum(flow.status == "non-unique" for flow in runs) <= 4


def distances(problem: dict[str, Any], end: np.ndarray) -> list[float]:
    """From smoothed networks at t = 4, for ever less smoothing."""
    pytest.importorskip("scipy.integrate")
    return [float(np.abs(smoothed_biases(problem, [4.0], width)[0] - end).max()) for width in (1e-2, 1e-3, 1e-4)]


@pytest.mark.parametrize(("seed", "L"), [(0, 1), (3, 2), (4, 2)])
def test_limit_of_smoothed_networks(seed, L) -> None:
    problem = draw(seed, N=12, Q=2, L=L)
    flow = chamber_flow(**problem, t_max=4.0)
    assert flow.status in {"equilibrium", "horizon"} and len(flow.events) > 2
    errors = distances(problem, flow.bias([4.0])[0])
    assert errors[2] < 1e-3 and errors[2] < 0.3 * errors[0]


@pytest.mark.parametrize("seed", [8, 27, 116])
def test_tied_slides_are_limits_of_smoothed_networks(seed) -> None:
    problem = draw(seed, N=12, Q=2, L=3)
    flow = chamber_flow(**problem, t_max=4.0)
    assert finished(flow) and tied(flow) >= 3
    errors = distances(problem, flow.bias([4.0])[0])
    assert errors[2] < 1e-3 and errors[2] < 0.3 * errors[1] < 0.1 * errors[0]


def separated_thresholds(x: np.ndarray, q: float, target: float, t: float) -> float:
    """q(t) of one direction by its own loop: q = q* + (q - q*)e^{-νt}, ν the truncated share, from datum to datum."""
    ordered = np.sort(x)
    while True:
        truncated = int((ordered <= q).sum() if target > q else (ordered < q).sum())
        if truncated == 0 or q == target:
            return q
        rate = truncated / len(x)
        beyond = (
            ordered[(ordered > q) & (ordered < target)] if target > q else ordered[(ordered < q) & (ordered > target)]
        )
        if beyond.size == 0:
            return target + (q - target) * np.exp(-rate * t)
        stop = beyond.min() if target > q else beyond.max()
        needed = np.log((target - q) / (target - stop)) / rate
        if needed >= t:
            return target + (q - target) * np.exp(-rate * t)
        q, t = stop, t - needed


@pytest.mark.parametrize("seed", range(4))
def test_separated_clusters(seed) -> None:
    # one cluster, one layer: every direction of the rotated space by itself (theory C2)
    rng = np.random.default_rng(seed)
    N, Q = 40, 3
    rotation = np.linalg.qr(rng.normal(size=(Q, Q)))[0]
    points, target, start = rng.normal(size=(N, Q)), 1.5 * rng.normal(size=Q), rng.normal(size=Q)
    flow = chamber_flow(points, np.zeros(N, dtype=int), [target], [start], [rotation], t_max=30.0)
    assert flow.status == "equilibrium"
    for t in (0.3, 1.0, 2.5, 7.0, 30.0):
        q = -rotation @ flow.bias([t])[0, 0]
        for k in range(Q):
            data = points @ rotation[k]
            expected = separated_thresholds(data, float(-rotation[k] @ start), float(rotation[k] @ target), t)
            assert q[k] == pytest.approx(expected, abs=2e-12)


def test_two_separated_layers() -> None:
    # layer 1 truncates cluster 0 only, layer 2 cluster 1 only (theory C1): each flows for itself
    rng = np.random.default_rng(5)
    N = 30
    first, second = rng.uniform(0.0, 1.0, size=(N, 2)), rng.uniform(0.0, 1.0, size=(N, 2))
    # the cone of layer 1 opens to the right, cluster 1 stays inside; that of layer 2 opens to the left
    second[:, 0] += 10.0
    second[:, 1] += 10.0
    rotations = np.array([np.eye(2), -np.eye(2)])
    targets = np.array([[0.8, 0.7], [10.3, 10.2]])
    biases = np.array([[-0.4, -0.3], [-10.6, -10.5]])
    flow = chamber_flow(np.vstack((first, second)), [0] * N + [1] * N, targets, biases, rotations, t_max=3.0)
    for t in (0.5, 1.5, 3.0):
        beta = flow.bias([t])[0]
        for layer, data in enumerate((first, second)):
            for k in range(2):
                sign = rotations[layer, k, k]
                expected = separated_thresholds(
                    sign * data[:, k], float(-sign * biases[layer, k]), float(sign * targets[layer, k]), t
                )
                assert -sign * beta[layer, k] == pytest.approx(expected, abs=1e-12)


def masks(problem: dict[str, Any], beta: np.ndarray) -> list[np.ndarray]:
    z, result = problem["points"], []
    for rotation, b in zip(problem["rotations"], beta, strict=True):
        u = (z + b) @ rotation.T
        result.append((u > 0).astype(float))
        z = np.maximum(u, 0.0) @ rotation - b
    return result


@pytest.mark.parametrize("seed", range(3))
def test_velocity_is_the_proved_gradient(seed) -> None:
    (derivation,) = load(DERIVATIONS / "b2_two_layers.py")
    gradient = derivation.check().lambdify()
    problem = draw(seed)
    flow = chamber_flow(**problem, t_max=3.0)
    labels = problem["labels"]
    weights = (1.0 / np.bincount(labels))[labels]
    free = [segment for segment in flow.segments if not segment.sliding and segment.end - segment.begin > 1e-6]
    assert len(free) > 5
    for segment in free[:: max(1, len(free) // 8)]:
        t = 0.5 * (segment.begin + segment.end)
        beta = flow.bias([t])[0]
        H1, H2 = masks(problem, beta)
        values = {
            "W1": problem["rotations"][0], "W2": problem["rotations"][1], "H1": H1, "H2": H2,
            "x": problem["points"], "y": problem["targets"][labels], "b1": beta[0], "b2": beta[1],
        }  # fmt: skip
        velocity = segment.directions @ (segment.velocity * np.exp(-segment.rates * (t - segment.begin)))
        for layer, name in enumerate(("B2.1", "B2.2")):
            needed = {key: values[key] for key in gradient[name].arguments}
            proved = -gradient[name](**needed, weights=weights)
            assert velocity[3 * layer : 3 * layer + 3] == pytest.approx(proved, abs=1e-13)


def test_cost_falls_along_every_run() -> None:
    for seed in range(4):
        flow = chamber_flow(**draw(seed), t_max=8.0)
        loss = flow.loss(np.linspace(0.0, min(8.0, flow.t_end), 200))
        assert (np.diff(loss) <= 1e-13 * (1.0 + loss[:-1])).all()
        assert loss[-1] < loss[0]


def test_translation_and_rotation_of_the_data() -> None:
    # x → x + a, ỹ → ỹ + a, β → β - a leaves every u and every residual as it is
    problem = draw(1, N=40)
    shift = np.array([0.7, -1.3, 0.4])
    moved = {
        **problem,
        "points": problem["points"] + shift,
        "targets": problem["targets"] + shift,
        "biases": problem["biases"] - shift,
    }
    times = np.linspace(0.0, 5.0, 11)
    here, there = chamber_flow(**problem, t_max=5.0), chamber_flow(**moved, t_max=5.0)
    assert there.bias(times) + shift == pytest.approx(here.bias(times), abs=1e-11)
    rng = np.random.default_rng(2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = {
        **problem,
        "points": problem["points"] @ turn.T,
        "targets": problem["targets"] @ turn.T,
        "biases": problem["biases"] @ turn.T,
        "rotations": problem["rotations"] @ turn.T,
    }
    there = chamber_flow(**turned, t_max=5.0)
    assert there.bias(times) @ turn == pytest.approx(here.bias(times), abs=1e-11)


def test_structured_data_never_ends_silently_wrong() -> None:
    # axis-parallel rotations, integer data, duplicates, starts on walls: ties everywhere
    endings = []
    for seed in range(0, 60, 2):
        rng = np.random.default_rng(seed)
        L, Q, N, K = (int(rng.integers(low, high)) for low, high in ((1, 4), (1, 4), (2, 14), (1, 4)))
        rotations = np.array([np.eye(Q)[rng.permutation(Q)] * rng.choice([-1, 1], size=(Q, 1)) for _ in range(L)])
        biases = rng.integers(-4, 5, size=(L, Q)) / 2 if seed % 8 == 0 else rng.normal(size=(L, Q))
        points, drawn = rng.integers(-2, 3, size=(N, Q)), rng.integers(0, K, size=N)
        present, labels = np.unique(drawn, return_inverse=True)  # no class without data
        targets = rng.integers(-3, 4, size=(K, Q))[present]
        flow = chamber_flow(points, labels, targets, biases, rotations, t_max=15.0, weights=np.ones(N) / N)
        endings.append(finished(flow))
    assert sum(endings) > 0.6 * len(endings)
