"""The chamber flow window by window, against the flow in memory: the same events of the same data."""

from dataclasses import replace

import numpy as np
import pytest

from symflow.errors import CertificateError, KindError, UnsupportedError
from symflow.flow import chamber_flow
from symflow.flow.chamber import ChamberTrajectory, check_trajectory
from symflow.flow.streaming import StreamedChamberTrajectory, chamber, streamed_chamber_flow
from tests.unit.flow.chamber.instances import draw
from tests.unit.flow.streaming.large_data import happenings, mapped


def agree(kept, flow):
    """Whether two trajectories are one; ``kept`` from the flow in memory."""
    assert (flow.status, flow.t_end) == (kept.status, pytest.approx(kept.t_end, abs=1e-11))
    assert happenings(flow) == happenings(kept)
    assert [event.time for event in flow.events] == pytest.approx([event.time for event in kept.events], abs=1e-11)
    times = np.linspace(0, min(kept.t_end, flow.t_end), 30)
    assert np.abs(flow.theta(times) - kept.theta(times)).max() < 1e-11
    assert flow.loss(times) == pytest.approx(kept.loss(times), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("seed", range(9))
def test_windows_make_the_flow_in_memory(seed):
    given = draw(seed, N=120, Q=2 + seed % 2, L=1 + seed % 3)
    if seed % 4 == 0:
        given["weights"] = np.random.default_rng(seed).uniform(0.5, 2.0, size=120) / 120
    mode = "moving" if seed % 3 == 2 else "frozen"
    kept = chamber_flow(**given, t_max=3.0, output_bias=mode)
    flow = streamed_chamber_flow(**given, t_max=3.0, output_bias=mode, explicit=20, block=37)
    assert flow.windows > 1
    agree(kept, flow)
    assert flow.target_shift([1.0]) == pytest.approx(kept.target_shift([1.0]), abs=1e-11)


def test_some_of_these_slide_across_windows():
    slides = 0
    for seed in (2, 4):
        flow = streamed_chamber_flow(**draw(seed, N=120, Q=2 + seed % 2, L=1 + seed % 3), t_max=3.0, explicit=20)
        sliding = np.array([bool(segment.sliding) for segment in flow.segments])
        begins = np.array([segment.begin for segment in flow.segments])
        slides += int(sliding[np.searchsorted(begins, flow.begins[1:], side="right") - 1].sum())
    assert slides > 10


def degenerate(kind, seed):
    """Data that are tied: the order next to a wall does not part them."""
    size, depth = 2 + seed % 2, 1 + seed % 3
    given = draw(seed, N=120, Q=size, L=depth)
    axes = np.array([np.eye(size)] * depth)
    if kind == "grid":
        given.update(points=np.round(given["points"] * 3) / 3, rotations=axes)
    elif kind == "constant column":
        given["points"][:, 0] = 1.0
        given["rotations"] = axes
    elif kind == "copies":
        given.update(points=np.repeat(given["points"][::20], 20, axis=0), labels=np.arange(120) // 20 % size)
    else:  # clusters so far apart that layers send whole ones to a point
        rng = np.random.default_rng(seed)
        means = 4 * rng.normal(size=(size, size))
        points = means[given["labels"]] + 0.3 * rng.normal(size=(120, size))
        given.update(points=points, targets=means + 2 * rng.normal(size=(size, size)))
    return given


@pytest.mark.parametrize("kind", ["grid", "constant column", "copies", "collapsed"])
@pytest.mark.parametrize("seed", [0, 1, 4, 5])
def test_tied_data_go_together(kind, seed):
    given = degenerate(kind, seed)
    agree(chamber_flow(**given, t_max=3.0), streamed_chamber_flow(**given, t_max=3.0, explicit=15, block=50))


def test_the_result_does_not_depend_on_the_blocks():
    given = draw(4, N=150)
    first, second = (streamed_chamber_flow(**given, t_max=2.0, explicit=30, block=block) for block in (11, 64))
    assert (first.theta([0.3, 1.7]) == second.theta([0.3, 1.7])).all()  # float for float
    assert (first.begins == second.begins).all() and (first.costs == second.costs).all()


def test_mapped_files_are_left_where_they_are(tmp_path):
    given = draw(2, N=100)
    data = mapped(tmp_path, points=given["points"], labels=given["labels"], weights=np.full(100, 0.02))
    flow = chamber_flow(**{**given, **data}, t_max=1.0)
    assert isinstance(flow, StreamedChamberTrajectory)
    agree(chamber_flow(**{**given, "weights": np.full(100, 0.02)}, t_max=1.0), flow)
    with pytest.raises(UnsupportedError, match="certify"):
        chamber_flow(**{**given, **data}, t_max=1.0, certify=True)
    with pytest.raises(UnsupportedError, match="pattern"):
        flow.pattern(0)


def test_fewer_events_than_there_are():
    given = draw(3, N=120)
    kept = chamber_flow(**given, t_max=3.0, max_events=40)
    flow = streamed_chamber_flow(**given, t_max=3.0, max_events=40, explicit=20)
    assert flow.status == kept.status == "max-events" and len(flow.segments) == len(kept.segments)
    assert flow.message.partition(": ")[2] == kept.message.partition(": ")[2]


def test_more_ties_than_may_be_kept_are_reported():
    rng = np.random.default_rng(0)
    points = np.column_stack([np.repeat([0.0, 3.0], [400, 100]), rng.normal(size=500)])
    labels = np.arange(500) % 2
    # The first coordinates of 400 data meet a wall at one time, while their other coordinates differ.
    given = {"targets": [[4.0, 0.0], [5.0, 1.0]], "biases": [[0.2, 9.0], [0.1, 0.3]], "rotations": [np.eye(2)] * 2}
    kept = chamber_flow(points, labels, **given, t_max=1.0)
    agree(kept, streamed_chamber_flow(points, labels, **given, t_max=1.0, explicit=40))


def test_data_that_change_meanwhile_are_noticed(monkeypatch):
    given = draw(1, N=150)
    census = chamber.Counting.census
    calls = []

    def disturbed(self):
        calls.append(None)
        if len(calls) == 3:
            self.names[0, -1] = (self.names[0, -1] + 1) % 3
        return census(self)

    monkeypatch.setattr("symflow.flow.streaming.census.Counting.census", disturbed)
    with pytest.raises(CertificateError, match="the data changed meanwhile"):
        streamed_chamber_flow(**given, t_max=3.0, explicit=20)


def test_wrong_input_is_told_by_row():
    given = draw(0, N=50)
    points, labels = given.pop("points"), given.pop("labels")
    bad = points.copy()
    bad[33, 1] = np.inf
    with pytest.raises(KindError, match="entry inf in row 33, column 1"):
        streamed_chamber_flow(bad, labels, **given, t_max=1.0, block=8)
    with pytest.raises(KindError, match=r"row 12 has 3"):
        streamed_chamber_flow(points, np.where(np.arange(50) == 12, 3, labels), **given, t_max=1.0, block=8)
    with pytest.raises(KindError, match="integers"):
        streamed_chamber_flow(points, labels.astype(float), **given, t_max=1.0)


def test_every_segment_passes_the_certificate_from_the_points():
    """An independent route: gradients and events are recomputed from all data, segment by segment."""
    given = draw(6, N=60)
    flow = streamed_chamber_flow(**given, t_max=2.0, explicit=12)
    kept = chamber_flow(**given, t_max=0.01)
    whole = ChamberTrajectory(
        replace(kept.problem, t_max=2.0), flow.log, kept.start_pattern, flow.status, flow.message, flow.t_end
    )
    assert flow.windows > 1
    assert check_trajectory(whole).segments == len(flow.segments)


def test_a_flow_is_continued_and_says_how_far_it_is():
    given, seen = draw(3, N=120), []
    flow = streamed_chamber_flow(**given, t_max=1.0, explicit=20, progress=seen.append)
    assert seen[-1] == 1.0 and seen == sorted(seen)
    kept = chamber_flow(**given, t_max=1.5)
    assert flow.continued(0.5).bias([0.5]) == pytest.approx(kept.bias([1.5]), abs=1e-11)


def test_a_class_without_data_is_refused():
    given = draw(3, N=120)
    with pytest.raises(KindError, match="class 2 is empty"):
        streamed_chamber_flow(**{**given, "labels": np.arange(120) % 2}, t_max=1.0)
