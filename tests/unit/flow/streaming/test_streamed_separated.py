"""The separated flow of data in files, against the flow in memory."""

import gc
import tracemalloc

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError
from symflow.flow import separated_flow
from symflow.flow.streaming import StreamedSeparatedTrajectory, streamed_separated_flow
from tests.unit.flow.streaming.large_data import mapped

METHODS = ("threshold", "bias", "velocity", "loss", "truncated_fraction")


def instance(seed):
    """Points with ties and without, targets and starts on data and off them, weights and rotations."""
    rng = np.random.default_rng(seed)
    count, size = int(rng.integers(1, 200)), int(rng.integers(1, 4))
    points = rng.normal(size=(count, size))
    if seed % 3 == 0:
        points = np.round(points * 2) / 2
    target, bias = (np.round(rng.normal(size=size) * 4) / 2 for _ in range(2))
    rotation = None if seed % 2 else np.linalg.qr(rng.normal(size=(size, size)))[0]
    weights = rng.uniform(0.5, 2, size=count) if seed % 5 == 0 else None
    return points, target, bias, np.eye(size) if seed % 6 == 0 else rotation, weights


@pytest.mark.parametrize("block", [7, 50, 1000])
@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_flow_in_memory(seed, block):
    points, target, bias, rotation, weights = instance(seed)
    kept = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    flow = streamed_separated_flow(points, target, bias, rotation=rotation, weights=weights, block=block)
    times = np.concatenate((np.random.default_rng(seed).exponential(size=20) * 5, [0, np.inf]))
    for name in METHODS:
        assert getattr(flow, name)(times) == pytest.approx(getattr(kept, name)(times), rel=1e-12, abs=1e-13), name
    assert flow.kinds == kept.kinds and flow.kind == kept.kind
    assert flow.equilibrium == pytest.approx(kept.equilibrium, rel=1e-14, abs=1e-14)
    found, wanted = (np.array([f.collapse_time, *f.freezing_times], dtype=float) for f in (flow, kept))
    assert found == pytest.approx(wanted, rel=1e-14, nan_ok=True)  # None becomes NaN
    assert np.allclose(flow.events["time"], kept.events["time"], rtol=8e-15, atol=0)
    if weights is None and (rotation is None or (rotation == np.eye(len(target))).all()):
        assert (flow.events == kept.events).all()  # float for float


def test_a_mapped_file_is_read_block_by_block(tmp_path):
    points = np.random.default_rng(0).normal(size=(500, 2))
    data = mapped(tmp_path, points=points, weights=np.full(500, 0.25))
    flow = separated_flow(data["points"], [3.0, -3.0], [0.0, 1.0], weights=data["weights"])
    assert isinstance(flow, StreamedSeparatedTrajectory)
    kept = separated_flow(points, [3.0, -3.0], [0.0, 1.0], weights=np.full(500, 0.25))
    assert flow.bias([0.5, 5.0]) == pytest.approx(kept.bias([0.5, 5.0]), rel=1e-13)


def test_many_equal_data_are_merged_in_the_order_of_their_numbers():
    points = np.repeat([[0.0], [1.0], [2.0]], [1, 100, 3], axis=0)
    flow = streamed_separated_flow(points, [5.0], [-0.5], block=4)
    assert flow.events["point"].tolist() == list(range(1, 104))
    assert len(set(flow.events["time"].tolist())) == 2


def test_temporary_files_go_with_the_trajectory_and_after_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    flow = streamed_separated_flow(np.arange(10.0)[:, None], [20.0], [-0.5])
    assert flow.events.size == 9 and list(tmp_path.iterdir())
    del flow
    gc.collect()
    assert not list(tmp_path.iterdir())
    with pytest.raises(KindError, match="row 7, column 0"):
        streamed_separated_flow(np.where(np.arange(10.0) == 7, np.nan, 1.0)[:, None], [20.0], [-0.5], block=3)
    assert not list(tmp_path.iterdir())


def test_memory_does_not_grow_with_the_data(tmp_path):
    def peak(count):
        data = mapped(tmp_path, points=np.random.default_rng(0).normal(size=(count, 1)))
        tracemalloc.start()
        flow = separated_flow(data["points"], [4.0], [3.0])
        assert flow.loss([1.0, np.inf]).shape == (2,)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # tracemalloc sees NumPy's arrays, and not what is mapped; the larger file holds 16 MB.
    few, many = peak(500_000), peak(2_000_000)
    assert many < 1.2 * few and few < 2e7


def test_wrong_input_is_told_by_row():
    points = np.zeros((10, 2))
    with pytest.raises(KindError, match=r"weights has the entry -1\.0 in row 8"):
        streamed_separated_flow(
            points, [1.0, 1.0], [0.0, 0.0], weights=np.where(np.arange(10) == 8, -1.0, 1.0), block=3
        )
    with pytest.raises(ShapeError, match=r"weights have shape \(9,\)"):
        streamed_separated_flow(points, [1.0, 1.0], [0.0, 0.0], weights=np.ones(9))
    with pytest.raises(ShapeError, match="2 axes"):
        streamed_separated_flow(np.zeros(10), [1.0], [0.0])
    with pytest.raises(KindError, match="real numbers"):
        streamed_separated_flow(points.astype(complex), [1.0, 1.0], [0.0, 0.0])
