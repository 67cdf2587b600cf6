"""Cases that are decided by counting: walls, ties, freezing, targets on data; and input that is refused."""

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError, SymflowError
from symflow.flow import separated_flow
from symflow.flow.separated import trajectories
from symflow.flow.separated.directions import direction

LOG2 = np.log(2)


def one(data, start, target, **options):
    return separated_flow(np.reshape(data, (-1, 1)), [target], [-start], **options)


def test_a_start_on_the_lowest_datum_rises_and_does_not_fall():
    up, down = one([0.0, 1.0], 0.0, 3.0), one([0.0, 1.0], 0.0, -3.0)
    assert up.threshold(2 * np.log(1.5)).tolist() == [1.0] and up.kind == "collapsed"
    assert down.threshold([0.0, 5.0, np.inf]).tolist() == [[0.0]] * 3
    assert down.kind == "frozen" and down.freezing_times == (0.0,)
    assert down.events.tolist() == [(0.0, 0, 0)]  # it counted as truncated; nothing drives the threshold any more


def test_nothing_truncated_rests():
    flow = one([0.0, 1.0], -1e-300, 3.0)
    assert flow.events.size == 0 and flow.kind == "frozen" and flow.collapse_time is None
    assert flow.bias([0.0, 1e9]).tolist() == [[1e-300]] * 2
    assert flow.truncated_fraction(4.0).tolist() == [0.0]
    assert flow.loss(7.0) == (9 + 4) / 4


def test_freezing_is_reached_in_finite_time_and_holds_exactly():
    flow = one([0.0, 0.0, 1.0, 2.0], 1.5, -1.0)
    first = np.log(2.5 / 2) / 0.75
    time = first + LOG2 / 0.5
    assert flow.freezing_times[0] == pytest.approx(time, rel=1e-15)
    assert flow.events["point"].tolist() == [2, 0, 1]
    assert flow.events["time"][1] == flow.events["time"][2] == flow.freezing_times[0]
    assert flow.threshold([time * (1 + 1e-14), 100.0, np.inf]).ravel().tolist() == [0.0, 0.0, 0.0]
    assert 0 < flow.threshold(time * (1 - 1e-12))[0] < 1e-11
    assert flow.velocity(time + 1).tolist() == [0.0] and flow.truncated_fraction(time + 1).tolist() == [0.0]
    assert flow.equilibrium.tolist() == [0.0] and flow.kinds == ("frozen",)


@pytest.mark.parametrize(
    ("start", "kind", "events"), [(0.5, "partial", []), (2.5, "partial", [2]), (-1.0, "frozen", [])]
)
def test_target_on_a_datum_in_the_middle(start, kind, events):
    flow = one([0.0, 1.0, 2.0], start, 1.0)
    assert (flow.kind, flow.events["point"].tolist()) == (kind, events)
    assert flow.freezing_times == ((0.0,) if kind == "frozen" else (None,))


def test_target_on_the_highest_datum_collapses_in_the_limit_only():
    flow = one([0.0, 1.0], 0.5, 1.0)
    assert flow.kind == "collapsed" and flow.collapse_time is None and flow.loss(np.inf) == 0
    assert one([0.0, 1.0], 1.0, 1.0).collapse_time == 0.0


def test_target_on_the_lowest_datum_is_approached_for_ever():
    flow = one([0.0, 1.0], 0.5, 0.0)
    assert flow.kind == "partial" and flow.freezing_times == (None,)
    assert flow.threshold(2 * LOG2)[0] == pytest.approx(0.25, rel=1e-15)


def test_a_collapse_that_does_not_last_is_none():
    flow = one([0.0, 1.0], 2.0, 0.5)
    assert flow.truncated_fraction(0.0) == 1.0 and flow.collapse_time is None and flow.kind == "partial"


def test_start_on_its_target_rests():
    flow = one([0.0, 1.0], 0.5, 0.5)
    assert flow.kind == "partial" and flow.threshold(3.0) == 0.5 and flow.truncated_fraction(3.0) == 0.5
    assert flow.freezing_times == (None,) and one([1.0], 0.0, 0.0).kind == "frozen"


def test_a_single_point():
    flow = one([1.0], 2.0, 5.0)
    assert flow.collapse_time == 0.0 and flow.loss(LOG2) == pytest.approx(9 / 8, rel=1e-15)
    assert one([1.0], 2.0, -1.0).freezing_times[0] == pytest.approx(np.log(1.5), rel=1e-15)


def test_several_directions_interleave_their_events():
    flow = separated_flow([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]], [4.0, -1.0], [0.0, -3.0])
    assert np.all(np.diff(flow.events["time"]) >= 0)
    assert flow.events["point"][flow.events["direction"] == 0].tolist() == [1, 2]
    assert flow.events["point"][flow.events["direction"] == 1].tolist() == [1, 2, 0]
    assert flow.kinds == ("collapsed", "frozen") and flow.kind == "partial"
    assert flow.equilibrium.tolist() == [-4.0, 0.0]
    assert flow.threshold(np.zeros((2, 3))).shape == (2, 3, 2) and flow.loss(np.zeros((2, 3))).shape == (2, 3)


def test_a_datum_beside_the_target_does_not_overflow():
    flow = one([0.0, 5e-324, 5e-324], -1e140, 1e-323, weights=[1.0, 1.0, 1.0])
    assert flow.kind == "frozen"
    times = one([-1e140, 5e-324, 5e-324], -1e140, 1e-323).events["time"]
    assert times[0] == times[1] == pytest.approx(3 * (140 * np.log(10) - np.log(5e-324)), rel=1e-12)


def test_changing_the_callers_arrays_later_changes_nothing():
    points, weights = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 2.0, 3.0])
    flow = separated_flow(points, [3.0], [-0.5], weights=weights)
    before = one([0.0, 1.0, 2.0], 0.5, 3.0, weights=[1.0, 2.0, 3.0])
    points[:], weights[:] = -7.0, 9.0
    assert flow.events.tolist() == before.events.tolist() and flow.loss(0.1) == before.loss(0.1)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_turned_trajectory_continues_from_its_bias(weighted):
    rng = np.random.default_rng(5)
    points, rotation = rng.normal(size=(400, 3)), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    options = {"rotation": rotation, "weights": rng.uniform(0.5, 2, size=400) / 400 if weighted else None}
    target, pause = rotation.T @ [4.0, -5.0, 0.2], 0.3
    whole = separated_flow(points, target, rotation.T @ [0.5, -0.3, -1.0], **options)
    rest = separated_flow(points, target, whole.bias(pause), **options)
    times = np.array([0.0, 0.1, 1.0, 3.0, 30.0, np.inf])
    np.testing.assert_allclose(rest.bias(times), whole.bias(times + pause), atol=1e-13)
    np.testing.assert_allclose(rest.loss(times), whole.loss(times + pause), rtol=1e-12)
    later = whole.events[whole.events["time"] > pause]
    assert len(later) > 100
    assert rest.events[["direction", "point"]].tolist() == later[["direction", "point"]].tolist()
    np.testing.assert_allclose(rest.events["time"], later["time"] - pause, atol=1e-12)


def test_read_only_and_memory_mapped_points_are_read_and_left_alone(tmp_path):
    points = np.random.default_rng(1).normal(size=(50, 2))
    np.save(tmp_path / "points.npy", points)
    mapped = np.load(tmp_path / "points.npy", mmap_mode="r")
    one, other = (separated_flow(data, [3.0, -3.0], [0.0, 0.0]) for data in (points, mapped))
    np.testing.assert_array_equal(one.events, other.events)
    assert one.loss(0.5) == other.loss(0.5)


def test_a_motion_takes_memory_mapped_data(tmp_path):
    np.save(tmp_path / "data.npy", np.sort(np.random.default_rng(1).normal(size=9000)))
    mapped = np.load(tmp_path / "data.npy", mmap_mode="r")
    for target in (5.0, -5.0):
        one, other = (direction(data, 1 / 9000, 0.2, target) for data in (mapped, np.array(mapped)))
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.threshold(one.times), other.thresholds)
        assert isinstance(one.data, np.memmap)


GOOD = {"points": [[0.0, 1.0], [2.0, 3.0]], "target": [1.0, 1.0], "bias": [0.0, 0.0]}
BAD = {
    "not a number": {"points": [[np.nan, 1.0]]},
    "infinite bias": {"bias": [np.inf, 0.0]},
    "infinite target": {"target": [0.0, -np.inf]},
    "too large": {"points": [[1e200, 0.0]]},
    "no points": {"points": np.empty((0, 2))},
    "no directions": {"points": np.empty((2, 0)), "target": [], "bias": []},
    "points without rows": {"points": [0.0, 1.0]},
    "short target": {"target": [1.0]},
    "long bias": {"bias": [1.0, 2.0, 3.0]},
    "text": {"target": ["a", "b"]},
    "shear": {"rotation": [[1.0, 1.0], [0.0, 1.0]]},
    "scaled": {"rotation": [[2.0, 0.0], [0.0, 2.0]]},
    "rotation of another size": {"rotation": np.eye(3)},
    "rotation with nan": {"rotation": [[np.nan, 0.0], [0.0, 1.0]]},
    "weight zero": {"weights": [1.0, 0.0]},
    "negative weight": {"weights": [1.0, -1.0]},
    "weight not a number": {"weights": [1.0, np.nan]},
    "weight below the floats' comfort": {"weights": [1.0, 1e-300]},
    "too few weights": {"weights": [1.0]},
    "infinite point": {"points": [[0.0, 1.0], [2.0, np.inf]]},
    "minus infinity": {"points": [[0.0, -np.inf], [2.0, 1.0]]},
    "nan among integers": {"points": [[0, 1], [2, float("nan")]]},
    "complex points": {"points": [[0j, 1.0], [2.0, 3.0]]},
    "ragged points": {"points": [[0.0, 1.0], [2.0]]},
    "points in three axes": {"points": np.zeros((2, 2, 1))},
    "bias nan": {"bias": [np.nan, 0.0]},
    "target too large": {"target": [1e151, 0.0]},
    "target as a matrix": {"target": [[1.0, 1.0]]},
    "rotation with infinity": {"rotation": [[np.inf, 0.0], [0.0, 1.0]]},
    "rotation as a vector": {"rotation": [1.0, 1.0]},
    "infinite weight": {"weights": [1.0, np.inf]},
    "weights as a matrix": {"weights": [[1.0, 1.0]]},
    "no weights": {"weights": []},
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_refused_with_its_name_before_any_work(fault, monkeypatch):
    arguments = GOOD | BAD[fault]
    work = []
    monkeypatch.setattr(trajectories, "direction", lambda *_: work.append(1))
    with pytest.raises(SymflowError) as caught:
        separated_flow(**arguments)
    assert not work
    assert isinstance(caught.value, (KindError, ShapeError))
    assert any(name in str(caught.value) for name in BAD[fault])


@pytest.mark.parametrize("times", [-1.0, [0.0, np.nan], "soon", [[1.0], [1.0, 2.0]]])
def test_bad_times_are_refused(times):
    with pytest.raises(SymflowError, match="times"):
        separated_flow(**GOOD).bias(times)
