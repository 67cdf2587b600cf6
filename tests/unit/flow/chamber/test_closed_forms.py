"""Small cases with a solution on paper: crossing, sliding, leaving a slide, rest at a wall, starts that are not unique.

On a line with R = 1 the datum x is truncated where x <= q, q = -β, and q' = Σ_{truncated} w (ỹ - q).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from symflow.flow import chamber_flow
from symflow.flow.chamber import check_trajectory

ONE = [[[1.0]]]


def line(points, labels, targets, start, **options):
    return chamber_flow(
        np.array(points)[:, None], labels, np.array(targets)[:, None], [[-start]], ONE, **{"t_max": 10.0, **options}
    )


def test_crossing_collects_mass() -> None:
    flow = line([0.0, 1.0], [0, 0], [3.0], 0.5)
    # q' = (3 - q)/2 until q = 1, then q' = 3 - q
    reached = 2.0 * math.log(2.5 / 2.0)
    assert [event.time for event in flow.events] == pytest.approx([reached], abs=1e-15)
    assert flow.status == "equilibrium"
    times = np.array([0.1, 1.0, 4.0, 50.0])
    late = 3.0 - 2.0 * np.exp(-(times - reached))
    expected = np.where(times < reached, 3.0 - 2.5 * np.exp(-times / 2.0), late)
    assert -flow.bias(times)[:, 0, 0] == pytest.approx(expected, abs=1e-14)
    assert flow.loss([50.0])[0] == pytest.approx(0.0, abs=1e-14)


def test_sliding_for_ever() -> None:
    flow = line([-1.0, 0.0], [0, 1], [2.0, -3.0], -0.5)
    assert flow.status == "equilibrium"
    assert flow.events[0].time == pytest.approx(math.log(5 / 4), abs=1e-15)
    assert flow.segments[-1].sliding[0].data == (1,)
    assert flow.bias([1.0, 9.0, 1e6]).ravel() == pytest.approx([0.0, 0.0, 0.0], abs=1e-15)
    check_trajectory(flow)


def test_leaving_a_slide() -> None:
    # With a moving output bias both targets shift by η, η' = -Σ (z - ỹ + η). While the datum 0 is slid on, the first
    # two data sit at z = 0 and the third, active one at 10, so that η' = -(3η + 7) falls; the truncated side of the
    # wall has velocity (2 - η) + (-3 - η), which reaches zero, and releases the flow, when η = -1/2.
    flow = line([-1.0, 0.0, 10.0], [0, 1, 2], [2.0, -3.0, 4.0], -0.1, output_bias="moving")
    slid = [index for index, segment in enumerate(flow.segments) if segment.sliding]
    assert slid == [1]
    begin, end = flow.segments[1].begin, flow.segments[1].end
    eta = flow.target_shift([begin, end])[:, 0]
    assert eta[1] == pytest.approx(-0.5, abs=1e-13)
    assert end - begin == pytest.approx(math.log((eta[0] + 7 / 3) / (7 / 3 - 0.5)) / 3.0, abs=1e-13)
    middle = 0.5 * (begin + end)
    assert flow.bias([middle])[0, 0, 0] == pytest.approx(0.0, abs=1e-15)
    assert -flow.bias([end + 0.1])[0, 0, 0] > 1e-3  # on to the truncated side
    check_trajectory(flow)


def test_finite_time_rest_on_the_lowest_datum() -> None:
    flow = line([1.0, 2.0], [0, 0], [0.0], 1.5)
    # q' = -q/2 down to the lowest datum 1, where nothing is truncated any more
    assert flow.events[-1].time == pytest.approx(2.0 * math.log(1.5), abs=1e-14)
    assert flow.status == "equilibrium"
    assert -flow.bias([3.0])[0, 0, 0] == pytest.approx(1.0, abs=1e-15)
    check_trajectory(flow)


def test_nothing_truncated_never_moves() -> None:
    flow = line([1.0, 2.0], [0, 0], [0.0], 0.5)
    assert flow.status == "equilibrium" and not flow.events
    assert flow.bias([0.0, 1e9]).ravel() == pytest.approx([-0.5, -0.5], abs=0.0)


def test_ties_cross_together() -> None:
    flow = line([0.0, 1.0, 1.0, 1.0], [0, 0, 0, 0], [3.0], 0.5)
    assert len(flow.events) == 1
    assert {change.datum for change in flow.events[0].changes} == {1, 2, 3}


def test_a_start_on_the_lowest_datum_is_not_unique() -> None:
    flow = line([1.0, 2.0], [0, 0], [3.0], 1.0)
    assert flow.status == "non-unique"
    assert flow.t_end == 0.0 and "truncated" in flow.message and "sliding" in flow.message


def test_a_start_on_a_wall_that_is_crossed_is_unique() -> None:
    flow = line([0.0, 1.0, 2.0], [0, 0, 0], [3.0], 1.0)
    assert flow.status == "equilibrium"
    assert flow.start_pattern[0, :, 0].tolist() == [False, False, True]
    check_trajectory(flow)


def test_a_start_on_a_ridge_is_not_unique() -> None:
    # left of 0 the flow runs left, right of it it runs right: q' = -2 - q, or (-2 - q) + (5 - q)
    flow = line([-1.0, 0.0], [0, 1], [-2.0, 5.0], 0.0)
    assert flow.status == "non-unique"


def test_asking_beyond_the_end_is_an_error() -> None:
    from symflow.errors import KindError, UndefinedError

    flow = line([1.0, 2.0], [0, 0], [3.0], 1.0)
    with pytest.raises(UndefinedError, match="non-unique"):
        flow.bias([0.1])
    with pytest.raises(KindError, match="starts at time 0"):
        flow.bias([-0.1])
