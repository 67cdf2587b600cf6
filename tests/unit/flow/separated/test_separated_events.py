"""The list of events: the documented order, ties included, against a sort by all keys at once."""

import numpy as np
import pytest

from symflow.flow import separated_flow

RNG = np.random.default_rng(3)


def by_all_keys(flow):
    """Every event from the definition: point i has one in direction k where its coordinate lies on the way."""
    rows = []
    for k, motion in enumerate(flow.directions):
        begin, end = motion.start, motion.equilibrium
        for point, place in enumerate(flow.coordinates[k]):
            met = begin < place <= end if end > begin else end <= place <= begin and motion.masses[0] != 0
            if met and place != motion.target:
                # All points at one place are met at one time.
                first = int(np.flatnonzero(motion.thresholds[1:] == place)[0])
                rows.append((float(motion.times[1:][first]), k, point))
    return sorted(rows)


@pytest.mark.parametrize("digits", [0, 1, 16])
@pytest.mark.parametrize("targets", [[9.0, 8.0, 9.0], [-9.0, -8.0, -9.0], [9.0, -9.0, 0.3], [0.2, 9.0, -0.4]])
def test_events_come_by_time_then_direction_then_point(digits, targets):
    points = np.round(RNG.normal(size=(300, 3)), digits)
    points[:, 2] = points[::-1, 0]  # the same data in two directions: times that tie across them
    flow = separated_flow(points, targets, -np.array([0.75, 0.75, 0.75]))
    assert [tuple(event) for event in flow.events.tolist()] == by_all_keys(flow)
    assert flow.events.size > 100


def test_distinct_data_whose_times_round_to_one_float_come_by_number():
    # 1 + 2^-52 and 1 are met at one float of time, the higher datum later: the order is that of the points.
    flow = separated_flow([[1 + 2.0**-52], [1.0], [-5.0]], [1e6], [5.0])
    assert flow.events["time"][0] == flow.events["time"][1]
    assert flow.events["point"].tolist() == [0, 1]


def test_no_events():
    flow = separated_flow([[0.0, 1.0]], [1.0, 1.0], [1.0, 1.0])
    assert flow.events.size == 0 and flow.events.dtype.names == ("time", "direction", "point")
