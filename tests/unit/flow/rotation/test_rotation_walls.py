"""Crossing, sliding, leaving, resting: against solutions for a smoothed ReLU, cases solved by hand, and bad cases."""

import itertools

import numpy as np
import pytest

from symflow.flow import rotation_flow
from symflow.flow.rotation.filippov import Candidate, decide, multipliers
from symflow.flow.rotation.integration import Integration
from symflow.flow.rotation.reach import RotationReach
from symflow.flow.rotation.walls import FRACTIONS, Unresolved, first_root
from symflow.network import draw_orthogonal
from tests.flows.smoothed import equally_weighted, smoothed_biases_and_rotations


def equal(points):
    """Weights 1/N, as in the mean that the comparison takes."""
    return np.full(len(points), 1 / len(points))


def instance(seed, Q, L, N):
    rng = np.random.default_rng(seed)
    centres, labels = rng.normal(size=(Q, Q)), np.arange(N) % Q
    points = centres[labels] + 0.3 * rng.normal(size=(N, Q))
    goals, biases = rng.normal(size=(Q, Q)), rng.uniform(-0.5, 1.0, size=(L, Q))
    return points, labels, goals, biases, np.array([draw_orthogonal(rng, Q) for _ in range(L)])


@pytest.mark.parametrize(
    ("seed", "Q", "L", "N", "t_max", "kinds"),
    [
        (2, 2, 1, 20, 1.0, {"crosses"}),
        (5, 2, 1, 20, 10.0, {"crosses", "slides"}),
        (4, 2, 2, 12, 2.0, None),
        pytest.param(2, 3, 2, 10, 2.0, {"crosses", "slides", "leaves"}, marks=pytest.mark.deep),
        pytest.param(9, 2, 2, 12, 2.0, {"crosses", "slides", "leaves"}, marks=pytest.mark.deep),
        pytest.param(3, 2, 3, 10, 3.0, {"crosses", "slides", "leaves"}, marks=pytest.mark.deep),
    ],
)
def test_the_smoothed_flow_tends_to_this_one(seed, Q, L, N, t_max, kinds):
    arguments = instance(seed, Q, L, N)
    flow = rotation_flow(*arguments, t_max=t_max, weights=equal(arguments[0]))
    assert flow.status == "finished", flow.message
    assert flow.events
    assert kinds is None or {event.kind for event in flow.events} == kinds
    errors = []
    for width in (1e-2, 1e-3, 1e-4):
        beta, R = smoothed_biases_and_rotations(equally_weighted(*arguments), t_max, width)
        errors.append(max(np.abs(flow.bias([t_max])[0] - beta).max(), np.abs(flow.rotation([t_max])[0] - R).max()))
    assert errors[2] < 1e-3
    assert errors[2] < errors[1] / 3
    assert errors[1] < errors[0] / 2


def test_the_smallest_slide():
    """Clusters {-1} with target 2 and {0} with target -3: the threshold -0.5 reaches 0 at ln(5/4) and stays."""
    flow = rotation_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=3.0, weights=[1, 1])
    assert [(event.kind, event.data) for event in flow.events] == [("slides", (1,))]
    assert abs(flow.events[0].time - np.log(1.25)) < 1e-13
    assert np.abs(flow.bias([0.5, 1.0, 3.0])).max() < 1e-14
    assert np.isclose(flow.bias([0.1])[0, 0, 0], 2.5 * np.exp(-0.1) - 2, atol=1e-11)


def test_a_stop_in_finite_time():
    """Target below all data: the threshold falls to the lowest datum, where the last truncation ends (theory C5)."""
    flow = rotation_flow([[0.0], [1.0]], [0, 0], [[-1.0]], [[-0.5]], [[[1.0]]], t_max=10.0)
    assert flow.status == "at rest"
    # Half the mass is truncated: 1 + q falls from 3/2 to 1 at the rate 1/2.
    assert abs(flow.events[-1].time - 2 * np.log(1.5)) < 1e-12
    assert np.abs(flow.bias([9.0])).max() < 1e-13


def test_equal_points_cross_together():
    x = [[-1.0], [0.0], [0.0]]
    flow = rotation_flow(x, [0, 1, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=3.0, weights=[1, 0.5, 0.5])
    assert [(event.kind, event.data) for event in flow.events] == [("slides", (1, 2))]


def test_a_start_on_a_ridge_is_undecided():
    """A datum on its wall. Truncated, its target 1 pulls the bias down; active, the other's target -1/2 lifts it."""
    flow = rotation_flow([[0.0], [-2.0]], [0, 1], [[1.0], [-0.5]], [[0.0]], [[[1.0]]], t_max=1.0)
    assert flow.status == "undecided"
    assert "ridge" in flow.message
    assert flow.end == 0.0
    assert flow.bias([0.0]).tolist() == [[[0.0]]]


def test_a_start_on_an_attracting_wall_slides():
    flow = rotation_flow([[0.0], [-2.0]], [0, 1], [[-1.0], [0.5]], [[0.0]], [[[1.0]]], t_max=1.0)
    assert [event.kind for event in flow.events] == ["slides"]
    assert flow.status == "at rest"


def test_only_partial_truncation_turns_the_rotation():
    """C11: with every datum active in all components or in none, R stands still while β moves."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(2, 3, size=(6, 3)), rng.uniform(-3, -2, size=(6, 3))])
    R = draw_orthogonal(rng, 3)
    flow = rotation_flow(
        x @ R, np.arange(12) // 6, [[2, 2, 2] @ R, [-0.5, -0.4, -0.3] @ R], [np.zeros(3)], [R], t_max=5
    )
    assert flow.status == "finished"
    assert not flow.events
    assert np.abs(flow.bias([5.0])).max() > 0.1
    assert np.abs(flow.rotation([1.0, 5.0]) - R).max() < 1e-15


@pytest.mark.parametrize("seed", range(4))
def test_every_pattern_change_is_found(seed):
    """Signs of all preactivations along the trajectory change where the events say and nowhere else."""
    points, labels, goals, biases, rotations = instance(seed, 2, 1, 30)
    flow = rotation_flow(points, labels, goals, biases, rotations, t_max=4.0, weights=equal(points))
    times = np.linspace(0, flow.end, 400)
    u = np.einsum("tij,tnj->tni", flow.rotation(times)[:, 0], points + flow.bias(times))
    state = u[0] > 0
    slides = np.zeros_like(state)
    events = iter([*flow.events, None])
    event = next(events)
    for time, values in zip(times, u, strict=True):
        while event is not None and event.time <= time:
            state[list(event.data), event.component] = event.active
            slides[list(event.data), event.component] = event.kind == "slides"
            event = next(events)
        clear = (np.abs(values) > 1e-8) & ~slides
        assert ((values > 0) == state)[clear].all()
        assert np.abs(values[slides]).max(initial=0.0) < 1e-9


def test_modes_are_those_of_the_shortest_velocity():
    """Where all jumps oppose their walls the answer is that of least norm of the convex hull, from a grid."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        normals, jumps, velocity = rng.normal(size=(2, 3)), -rng.uniform(0.2, 2, size=2), rng.normal(size=3)

        def velocity_of(modes, normals=normals, jumps=jumps, velocity=velocity):
            active, slide = (np.array([mode == wanted for mode in modes]) for wanted in ("active", "sliding"))
            moved, shares = velocity + (jumps * active) @ normals, active.astype(float)
            if slide.any():
                mu = multipliers(normals[slide], moved)
                shares[slide], moved = mu / jumps[slide], moved + mu @ normals[slide]
            rates = normals @ moved
            margins = [r if a else -r for r, a, s in zip(rates, active, slide, strict=True) if not s]
            return Candidate(moved, np.array([*margins, *shares[slide], *(1 - shares[slide])]))

        verdict = decide(velocity_of, [None, None], ["truncated", "active"], unique=False)
        grid = np.array(list(itertools.product(np.linspace(0, 1, 101), repeat=2)))
        shortest = np.linalg.norm(velocity + (grid * jumps) @ normals, axis=1).min()
        assert abs(np.linalg.norm(velocity_of(verdict.modes).velocity) - shortest) < 0.05


def test_first_root_of_samples():
    functions = np.array([np.cos(3 * FRACTIONS), 0.6 - FRACTIONS, 1 + FRACTIONS, (FRACTIONS - 0.2) ** 2]).T
    fraction, place, slope = first_root(functions, 1.0)
    assert place == 0
    assert abs(fraction - np.pi / 6) < 1e-9
    assert abs(slope + 3) < 1e-6
    assert first_root(functions[:, 2:], 1.0) is None
    dip = ((FRACTIONS - 0.3) * (FRACTIONS - 0.31))[:, None]
    assert abs(first_root(dip, 1.0)[0] - 0.3) < 1e-9
    with pytest.raises(Unresolved):
        first_root(np.cos(40 * FRACTIONS)[:, None], 1.0)


def test_no_wall_moves_farther_than_its_bound():
    rng = np.random.default_rng(2)
    points, _, _, biases, rotations = instance(9, 3, 2, 50)
    for path in (0.01, 0.3):
        turn, shift = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3))
        turn -= turn.transpose(0, 2, 1)
        length = np.sqrt((turn**2).sum() + (shift**2).sum())
        turn, shift = turn * path / length, shift * path / length
        before = walk(points, biases, rotations)
        values, vectors = np.linalg.eig(turn)
        moved = (vectors @ (np.exp(values)[:, :, None] * np.linalg.inv(vectors))).real @ rotations
        after = walk(points, biases + shift, moved)
        bound = RotationReach().displacement(np.linalg.norm(before, axis=2), path)[:, :, None]
        assert (np.abs(after - before) <= bound + 1e-12).all()
        assert (np.abs(after - before) > 0.05 * bound).any()


def walk(points, biases, rotations):
    state, found = points, []
    for bias, R in zip(biases, rotations, strict=True):
        found.append((state + bias) @ R.T)
        state = np.maximum(found[-1], 0) @ R - bias
    return np.array(found)


def test_an_event_looks_at_all_data_only_to_find_the_walls_that_meet(monkeypatch):
    """Otherwise at those that are on them: the work for an event grows with N as little as can be."""
    x, labels, goals, biases, rotations = instance(5, 2, 1, 200)
    whole, full = Integration._values, []

    def counted(self, at, data=slice(None)):
        full.append(isinstance(data, slice))
        return whole(self, at, data)

    monkeypatch.setattr(Integration, "_values", counted)
    flow = rotation_flow(x, labels, goals, biases, rotations, t_max=0.5, weights=equal(x))
    assert len(flow.events) > 10
    assert sum(full) <= len(flow.events) + flow.steps / 2
