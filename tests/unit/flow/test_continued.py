"""Trajectories compose: what starts from a state of one is the rest of it, on a wall or off it; progress is told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from symflow.errors import KindError
from symflow.flow import (
    chamber_flow,
    general_weight_flow,
    layered_flow,
    population_flow,
    reporting,
    rotation_flow,
    separated_flow,
)
from symflow.network import LabelledData, LayeredParameters, PulledBackParameters, draw_orthogonal

SEEDS = (2, 3, 5, 6)  # in all of these data slide
T = 3.0


def drawn(seed, count=24):
    """Points, labels, targets, biases, rotations of a problem with Q = L = K = 2."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    points = random.normal(size=(count, 2))
    random.normal(size=(2, 2))
    targets, biases = 3.0 * random.normal(size=(2, 2)), 0.5 * random.normal(size=(2, 2))
    return points, labels, targets, biases, np.array([draw_orthogonal(random, 2) for _ in range(2)])


def network(seed):
    points, labels, targets, biases, rotations = drawn(seed, count=12)
    start = PulledBackParameters((*rotations, np.eye(2)), (*biases, np.zeros(2)))
    return start, LabelledData(points, targets[labels], np.full(12, 1 / 6), tuple(labels.tolist()))


def slides(events):
    """(begin, end) of stretches in which data slide, from a log with kinds."""
    held, found, since = set(), [], None
    for event in events:
        place = (event.layer, event.component, getattr(event, "data", None) or event.datum)
        held = held | {place} if event.kind == "slides" else held - {place}
        if held and since is None:
            since = event.time
        elif not held and since is not None:
            found.append((since, event.time))
            since = None
    return [*found, (since, T)] if since is not None else found


@pytest.mark.parametrize("moving", ["frozen", "moving"])
def test_a_chamber_flow_goes_on_where_it_is_cut(moving):
    inside = 0
    for seed in SEEDS:
        flow = chamber_flow(*drawn(seed), t_max=T, output_bias=moving)
        sliding = [s for s in flow.segments if s.sliding and s.end > s.begin]
        inside += bool(sliding)
        for cut in [0.0, 1.0, *((s.begin + s.end) / 2 for s in sliding[:3] if s.end < T)]:
            start = flow.state(cut)
            rest = chamber_flow(**vars(start), t_max=T - cut, output_bias=moving)
            times = np.linspace(cut, T, 7)
            np.testing.assert_allclose(rest.bias(np.minimum(times - cut, T - cut)), flow.bias(times), atol=1e-10)
            assert rest.loss([0.0]) == pytest.approx(flow.loss([cut]), rel=1e-12)
            assert start.labels.tolist() == drawn(seed)[1].tolist()
    assert inside >= 2


@pytest.mark.parametrize("run", [rotation_flow, general_weight_flow])
def test_a_flow_of_weights_goes_on_where_it_is_cut(run):
    inside = 0
    for seed in SEEDS:
        flow = run(*drawn(seed), t_max=T, rtol=1e-10)
        assert flow.end == T
        sliding = slides(flow.events)
        inside += bool(sliding)
        for cut in [0.0, 1.0, *((begin + end) / 2 for begin, end in sliding[:2] if end > begin)]:
            rest = run(**vars(flow.state(cut)), t_max=T - cut, rtol=1e-10)
            times = np.linspace(cut, T, 4)
            np.testing.assert_allclose(rest.bias(np.minimum(times - cut, rest.end)), flow.bias(times), atol=1e-7)
            np.testing.assert_allclose(rest.weight(np.minimum(times - cut, rest.end)), flow.weight(times), atol=1e-7)
    assert inside == len(SEEDS)


def test_a_layered_flow_goes_on_where_it_is_cut():
    inside = 0
    for seed in (0, 3, 5, 6):  # in 1 and 2 a datum of the effective flow is on walls of both layers at once
        whole = layered_flow(*network(seed), t_max=T)
        for flow in (whole, whole.effective):
            sliding = slides(flow.events)
            inside += bool(sliding)
            for cut in [1.0, *((begin + end) / 2 for begin, end in sliding[:1])]:
                rest = layered_flow(**vars(flow.state(cut)), t_max=flow.end - cut)
                rest = rest if flow.original else rest.effective
                ends = flow.parameters([flow.end]), rest.parameters([rest.end])
                np.testing.assert_allclose(*ends, atol=1e-6)
    assert inside


@pytest.mark.parametrize(("seed", "cut"), [(1, 0.5), (2, 1.0), (2, 1.6)])
def test_a_layered_flow_remembers_what_slides(seed, cut):
    """In these a datum slides on walls of both layers at once, and θ alone does not tell how it goes on."""
    whole = layered_flow(*network(seed), t_max=T).effective
    rest = layered_flow(*network(seed), t_max=cut).effective.continued(T - cut)
    np.testing.assert_allclose(rest.parameters([rest.end]), whole.parameters([T]), atol=1e-6)


def test_descent_goes_on_step_by_step():
    start, data = network(0)
    whole = layered_flow(start, data, t_max=2.0, step=0.125)
    half = layered_flow(start, data, t_max=1.0, step=0.125)
    rest = half.continued(1.0)
    np.testing.assert_allclose(rest.parameters([0.3, 1.0]), whole.parameters([1.3, 2.0]), atol=1e-13)
    assert isinstance(half.state(0.5).network, LayeredParameters)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_separated_flow_goes_on_where_it_is_cut(rotated):
    for seed in range(20):
        random = np.random.default_rng(seed)
        points, rotation = random.normal(size=(30, 2)), draw_orthogonal(random, 2) if rotated else None
        given = (points, random.normal(size=2), random.normal(size=2))
        weights = random.uniform(0.01, 0.1, size=30) if seed % 2 else None
        flow = separated_flow(*given, rotation=rotation, weights=weights)
        times = np.array([0.0, 0.2, 1.0, 5.0, np.inf])
        for cut in (0.0, 0.7, *flow.events["time"][1:3]):
            rest = separated_flow(**vars(flow.state(cut)))
            np.testing.assert_allclose(rest.bias(times), flow.bias(cut + times), atol=1e-12)
            np.testing.assert_allclose(rest.loss(times), flow.loss(cut + times), atol=1e-12)


def test_a_population_goes_on_where_it_is_cut():
    rotation = draw_orthogonal(np.random.default_rng(0), 2)
    flow = population_flow([norm(), norm(1, 2)], [1.0, 0.5], [-0.5, 0.3], rotation=rotation)
    rest = population_flow(**vars(flow.state(2.0)))
    np.testing.assert_allclose(rest.bias([0.0, 1.0]), flow.bias([2.0, 3.0]), atol=1e-9)


def test_continued_is_the_same_flow_from_its_end():
    """Options are kept: what moves, with which tolerance, by which cost."""
    given = drawn(1)
    flows = [
        chamber_flow(*given, t_max=1.0, output_bias="moving", weights=np.full(24, 0.5)),
        rotation_flow(*given, t_max=1.0, rtol=1e-11),
        general_weight_flow(*given, t_max=1.0, fixed_biases=True),
        layered_flow(*network(3), t_max=1.0, cost="standard"),
        layered_flow(*network(3), t_max=1.0).effective,
    ]
    longer = [
        chamber_flow(*given, t_max=T, output_bias="moving", weights=np.full(24, 0.5)),
        rotation_flow(*given, t_max=T, rtol=1e-11),
        general_weight_flow(*given, t_max=T, fixed_biases=True),
        layered_flow(*network(3), t_max=T, cost="standard"),
        layered_flow(*network(3), t_max=T).effective,
    ]
    for flow, whole in zip(flows, longer, strict=True):
        rest = flow.continued(T - 1.0)
        assert type(rest) is type(whole)
        assert flow.end + rest.end == pytest.approx(T)
        assert rest.loss([rest.end]) == pytest.approx(whole.loss([T]), rel=1e-7)
        with pytest.raises(KindError, match="t_max"):
            flow.continued(-1.0)


def test_one_flow_goes_on_as_another():
    flow = chamber_flow(*drawn(2), t_max=1.0)
    rest = rotation_flow(**vars(flow.state(0.5)), t_max=1.0)
    assert rest.loss([0.0]) == pytest.approx(flow.loss([0.5]), rel=1e-12)
    back = chamber_flow(**vars(rest.state(1.0)), t_max=1.0)
    assert back.loss([0.0]) == pytest.approx(rest.loss([1.0]), rel=1e-12)


@pytest.mark.parametrize("run", [chamber_flow, rotation_flow, general_weight_flow])
def test_progress_grows_to_the_end_and_changes_nothing(run, monkeypatch):
    monkeypatch.setattr(reporting, "PAUSE", 0.0)
    monkeypatch.setattr("symflow.flow.chamber.integrator.SLICE", 3)
    given, seen = drawn(3), []
    flow = run(*given, t_max=T, progress=seen.append)
    quiet = run(*given, t_max=T)
    assert (flow.bias([1.0, T]) == quiet.bias([1.0, T])).all()
    assert [event.time for event in flow.events] == [event.time for event in quiet.events]
    assert seen[-1] == 1.0
    assert len(seen) > 5
    assert all(0 <= a <= b for a, b in itertools.pairwise(seen))


def test_slices_do_not_hide_a_limit_on_events(monkeypatch):
    monkeypatch.setattr("symflow.flow.chamber.integrator.SLICE", 3)
    for most in (0, 2, 3, 7):
        flow = chamber_flow(*drawn(3), t_max=T, max_events=most, progress=lambda _share: None)
        assert flow.status == "max-events"
        assert flow.t_end == chamber_flow(*drawn(3), t_max=T, max_events=most).t_end


@pytest.mark.parametrize("run", [chamber_flow, rotation_flow, general_weight_flow])
def test_what_cannot_be_called_is_refused(run):
    with pytest.raises(KindError, match="progress"):
        run(*drawn(3), t_max=T, progress=3)


def test_an_error_in_the_callback_stops_the_run():
    class EnoughError(Exception):
        pass

    def stop(_share):
        raise EnoughError

    for run in (chamber_flow, rotation_flow):
        with pytest.raises(EnoughError):
            run(*drawn(3), t_max=T, progress=stop)


def test_the_same_arguments_are_the_same_cost():
    """Weights are 1/N_j wherever none are given, and states carry those that were."""
    x, labels, targets, biases, rotations = drawn(2)
    labels = np.minimum(np.arange(len(x)), 1)  # one datum of class 0, all others of class 1
    given = x, labels, targets[:2], biases, rotations
    flows = [flow(*given, t_max=0.1) for flow in (chamber_flow, rotation_flow, general_weight_flow)]
    first = flows[0].loss([0.0])
    for flow in flows[1:]:
        assert flow.loss([0.0]) == pytest.approx(first, rel=1e-12)
    uneven = np.linspace(0.1, 2.0, len(x))
    for flow in (chamber_flow, rotation_flow, general_weight_flow):
        state = flow(*given, t_max=0.1, weights=uneven).state(0.1)
        assert np.array_equal(state.weights, uneven)
        mean = flow(*given, t_max=0.1).state(0.1).weights
        assert mean == pytest.approx(1.0 / np.bincount(labels)[labels])


@pytest.mark.parametrize("solve", [rotation_flow, general_weight_flow])
@pytest.mark.parametrize("kind", ["leaves", "slides", "crosses"])
def test_flows_of_weights_go_on_from_an_event(solve, kind):
    """Where a slide ends a multiplier is zero to rounding: what the run knows is not asked again."""
    rng, (L, Q, N, K) = np.random.default_rng(5), (1, 2, 20, 2)
    x, labels, y, b = rng.normal(size=(N, Q)), np.arange(N) % K, rng.normal(size=(K, Q)), rng.normal(size=(L, Q))
    given = x, labels, y, b, np.linalg.qr(rng.normal(size=(L, Q, Q)))[0]
    weights = np.full(N, 1 / N)
    whole = solve(*given, t_max=6.0, weights=weights)
    events = [event for event in whole.events if event.kind == kind and event.time < 5.0]
    assert events
    for event in events[-2:]:
        rest = solve(*given, t_max=event.time, weights=weights).continued(1.0)
        assert rest.status == "finished", rest.message
        there = rest.bias([rest.end]), whole.bias([event.time + 1.0])
        assert np.abs(there[0] - there[1]).max() < 1e-8
