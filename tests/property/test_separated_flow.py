"""Theory C3-C6 and C10, the semigroup property, and the loss through truncation maps, on drawn clusters."""

from itertools import pairwise

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from symflow.flow import separated_flow
from symflow.network import draw_orthogonal, truncate

GRID = st.integers(-12, 12).map(lambda n: n / 4)  # coarse: ties, data on walls and targets on data are common
NUMBER = GRID | st.floats(-3, 3, width=32)


@st.composite
def clusters(draw, rotated=True):
    size, count = draw(st.integers(1, 3)), draw(st.integers(1, 8))
    points = np.array(draw(st.lists(NUMBER, min_size=size * count, max_size=size * count))).reshape(count, size)
    target, bias = (np.array(draw(st.lists(NUMBER, min_size=size, max_size=size))) for _ in range(2))
    options = {}
    if draw(st.booleans()):
        options["weights"] = np.array(draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))) / 8
    if rotated and draw(st.booleans()):
        options["rotation"] = draw_orthogonal(np.random.default_rng(draw(st.integers(0, 99))), size)
    return points, target, bias, options


def weights_of(points, options):
    return options.get("weights", np.full(len(points), 1 / len(points)))


TIMES = st.lists(st.floats(0, 40), min_size=2, max_size=6).map(sorted)


@given(clusters(), TIMES)
def test_c3_thresholds_decay_exponentially_between_events(cluster, times):
    points, target, bias, options = cluster
    flow = separated_flow(points, target, bias, **options)
    for k, motion in enumerate(flow.directions):
        for begin, end in pairwise(times):
            # C4 integrated: the logarithmic distance shrinks by the integral of the truncated fraction.
            inside = motion.times[(motion.times > begin) & (motion.times < end)]
            corners = np.concatenate([[begin], inside, [end]])
            driven = sum(motion.masses[motion.stages(left)] * (right - left) for left, right in pairwise(corners))
            before, after = flow.threshold([begin, end])[:, k] - motion.target
            np.testing.assert_allclose(after, before * np.exp(-driven), rtol=1e-9, atol=1e-13)


@example(
    (np.repeat([0.0, -0.5, -1.0], [4, 3, 1])[:, None], np.array([-0.5]), np.zeros(1), {"weights": np.ones(8)}), [22.0]
)
@given(clusters(), TIMES)
def test_c4_the_driving_mass_is_counted_from_the_data(cluster, times):
    points, target, bias, options = cluster
    flow = separated_flow(points, target, bias, **options)
    weights = weights_of(points, options)
    for time in times:
        for k, q in enumerate(flow.threshold(time)):
            row, goal = flow.coordinates[k], flow.frame.target[k]
            moving_down = goal < flow.frame.start[k]
            # The target is never reached: where the threshold is rounded to it, data there are as before.
            behind = (
                (row <= q if moving_down else row < q)
                if q == goal != flow.frame.start[k]
                else (row < q if moving_down else row <= q)
            )
            counted = weights[behind].sum() / weights.sum()
            np.testing.assert_allclose(flow.truncated_fraction(time)[k], counted, rtol=1e-14)


@given(clusters())
def test_c5_equilibria(cluster):
    points, target, bias, options = cluster
    flow = separated_flow(points, target, bias, **options)
    for k, kind in enumerate(flow.kinds):
        row, start, goal = flow.coordinates[k], flow.frame.start[k], flow.frame.target[k]
        end = flow.threshold(np.inf)[k]
        if start < row.min():
            assert kind == "frozen" and end == start and flow.freezing_times[k] == 0
        elif goal < row.min():
            assert kind == "frozen" and end == row.min()
            stop = flow.freezing_times[k]
            assert stop is not None and flow.threshold(stop)[k] == end
        else:
            assert end == goal and flow.freezing_times[k] is None
            assert kind == ("collapsed" if goal >= row.max() else "partial")
    np.testing.assert_array_equal(flow.bias(np.inf), flow.equilibrium)


@given(clusters(), st.floats(0, 10))
def test_c6_after_collapse_the_loss_decays_at_rate_two(cluster, later):
    points, target, bias, options = cluster
    if "weights" in options:
        options["weights"] = options["weights"] / options["weights"].sum()
    # Every threshold starts at or above its lowest datum and aims above its highest: C6 promises collapse.
    rotation = options.get("rotation", np.eye(len(target)))
    coordinates = points @ rotation.T
    target = rotation.T @ (coordinates.max(axis=0) + 0.5 + np.abs(target))
    bias = -rotation.T @ (coordinates.min(axis=0) + 1e-9 + np.abs(bias))
    flow = separated_flow(points, target, bias, **options)
    start = flow.collapse_time
    assert start is not None and flow.kind == "collapsed" and flow.loss(np.inf) == 0
    at, then = flow.loss([start, start + later])
    np.testing.assert_allclose(then, at * np.exp(-2 * later), rtol=1e-10, atol=1e-26)
    beta = flow.bias(start + later)
    np.testing.assert_allclose(truncate(rotation, beta, points), np.tile(-beta, (len(points), 1)), atol=1e-12)


@given(clusters(), TIMES)
def test_loss_is_that_of_the_truncated_points(cluster, times):
    points, target, bias, options = cluster
    flow = separated_flow(points, target, bias, **options)
    rotation, weights = options.get("rotation", np.eye(len(target))), weights_of(points, options)
    for time in (0.0, *times):
        residual = truncate(rotation, flow.bias(time), points) - target
        rounding = 1e-15 * np.abs(residual).sum()  # of the residual itself, a difference of numbers near the target
        np.testing.assert_allclose(
            flow.loss(time), (weights * (residual**2).sum(axis=1)).sum() / 2, rtol=1e-11, atol=1e-24 + rounding
        )


@given(clusters(), TIMES)
def test_c10_cost_never_increases(cluster, times):
    points, target, bias, options = cluster
    flow = separated_flow(points, target, bias, **options)
    losses = flow.loss(np.sort(np.concatenate([[0.0, np.inf], times, flow.events["time"]])))
    assert np.all(np.diff(losses) <= 4e-15 * losses[:-1])


@given(clusters(rotated=False), st.floats(0, 20), TIMES)
def test_a_trajectory_continues_from_any_of_its_biases(cluster, pause, times):
    points, target, bias, options = cluster
    whole = separated_flow(points, target, bias, **options)
    rest = separated_flow(points, target, whole.bias(pause), **options)
    np.testing.assert_allclose(rest.bias(times), whole.bias(np.add(times, pause)), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(rest.equilibrium, whole.equilibrium)
    assert rest.kinds == whole.kinds
    later = whole.events[whole.events["time"] > pause + 1e-9]
    again = rest.events[rest.events["time"] > 1e-9]
    assert sorted(zip(later["direction"], later["point"], strict=True)) == sorted(
        zip(again["direction"], again["point"], strict=True)
    )
    np.testing.assert_allclose(np.sort(again["time"]), np.sort(later["time"]) - pause, rtol=1e-9, atol=1e-9)


@given(clusters(), st.integers(1, 4))
def test_weights_are_multiplicities(cluster, times):
    points, target, bias, options = cluster
    assume("rotation" not in options)
    counts = np.arange(len(points)) % times + 1
    weighted = separated_flow(points, target, bias, weights=counts / counts.sum())
    repeated = separated_flow(np.repeat(points, counts, axis=0), target, bias)
    at = np.linspace(0, 20, 9)
    np.testing.assert_allclose(weighted.bias(at), repeated.bias(at), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(weighted.loss(at), repeated.loss(at), rtol=1e-11, atol=1e-24)
