"""Dask arrays, on the threads of one process and on two workers: the flows of the same data in memory."""

import sys

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError
from symflow.flow import StreamedData, chamber_flow, chamber_moments, chamber_quadratic, separated_flow
from symflow.flow.streaming import streamed_chamber_flow, streamed_layered_flow, streamed_rotation_flow
from symflow.network import LayeredParameters
from tests.unit.flow.chamber.instances import draw
from tests.unit.flow.streaming.large_data import happenings

dask_array = pytest.importorskip("dask.array", reason="the extra dask is not installed")


def chunked(given, rows):
    return {**given, "points": dask_array.from_array(given["points"], chunks=(rows, -1))}


def test_a_separated_flow_of_chunks():
    rng = np.random.default_rng(0)
    points, weights = rng.normal(size=(300, 2)), rng.uniform(1, 2, size=300)
    lazy, heavy = dask_array.from_array(points, chunks=(70, 2)), dask_array.from_array(weights, chunks=90)
    for own in ({}, {"weights": heavy}, {"weights": weights}):
        flow = separated_flow(lazy, [3.0, -3.0], [0.0, 1.0], **own)
        kept = separated_flow(points, [3.0, -3.0], [0.0, 1.0], **({"weights": weights} if own else {}))
        assert flow.bias([0.5, 5.0]) == pytest.approx(kept.bias([0.5, 5.0]), rel=1e-13)
        assert (flow.events["point"] == kept.events["point"]).all()


def test_a_chamber_flow_of_chunks_is_that_of_one_block():
    given = draw(4, N=150)
    whole = streamed_chamber_flow(**given, t_max=1.0, explicit=30)
    lazy = chunked({**given, "labels": dask_array.from_array(given["labels"], chunks=40)}, 13)
    flow = streamed_chamber_flow(**lazy, t_max=1.0, explicit=30)
    assert flow.windows > 1
    assert (flow.theta([0.3, 0.9]) == whole.theta([0.3, 0.9])).all()  # float for float
    assert happenings(chamber_flow(**lazy, t_max=1.0)) == happenings(whole)


def test_two_workers_give_what_one_process_gives():
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    given, points = draw(5, N=150), np.random.default_rng(1).normal(size=(200, 1))
    whole = streamed_chamber_flow(**given, t_max=0.5, explicit=30)
    alone = streamed_rotation_flow(**given, t_max=0.1, explicit=100)
    start = LayeredParameters((np.eye(3), np.eye(3)), (np.array([0.5, -0.5, 0.1]), np.zeros(3)))
    data = [StreamedData(made["points"], given["labels"], given["targets"]) for made in (given, chunked(given, 40))]
    options = {"t_max": 0.1, "cost": "standard", "explicit": 30}
    layers = streamed_layered_flow(start, data[0], **options)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        flow = streamed_chamber_flow(**chunked(given, 40), t_max=0.5, explicit=30)
        rotating = streamed_rotation_flow(**chunked(given, 40), t_max=0.1, explicit=100)
        trained = streamed_layered_flow(start, data[1], **options)
        losses = trained.loss([0.0, 0.1])
        single = separated_flow(dask_array.from_array(points, chunks=(60, 1)), [3.0], [0.0])
        with pytest.raises(KindError, match="row 150"):
            separated_flow(
                dask_array.from_array(np.where(np.arange(200) == 150, np.nan, 0.0)[:, None], 60), [3.0], [0.0]
            )
    assert (rotating.events, rotating.loss([0.1]).tolist()) == (alone.events, pytest.approx(alone.loss([0.1]).tolist()))
    assert (flow.theta([0.1, 0.5]) == whole.theta([0.1, 0.5])).all() and flow.passes == whole.passes
    assert trained.windows > 1
    assert [event.datum for event in trained.events] == [event.datum for event in layers.events]
    assert trained.parameters([0.1]) == pytest.approx(layers.parameters([0.1]), rel=1e-9)
    assert losses == pytest.approx(layers.loss([0.0, 0.1]), rel=1e-12)
    assert (single.events == separated_flow(points, [3.0], [0.0]).events).all()


def test_chunks_that_cannot_be_read():
    points = dask_array.zeros((20, 2), chunks=(5, 1))
    with pytest.raises(ShapeError, match=r"points\.rechunk\(\{1: -1\}\)"):
        separated_flow(points, [1.0, 1.0], [0.0, 0.0])
    unknown = dask_array.zeros((20, 2), chunks=(5, 2))
    with pytest.raises(ShapeError, match="compute_chunk_sizes"):
        separated_flow(unknown[unknown[:, 0] >= 0], [1.0, 1.0], [0.0, 0.0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("output_bias", ["frozen", "moving"])
def test_moments_of_chunks(seed, output_bias):
    given = draw(seed, N=150, Q=2 + seed % 2, L=1 + seed % 3)
    if seed:
        given["weights"] = np.random.default_rng(seed).uniform(0.5, 2.0, size=150)
    lazy = chunked(given, 40)
    kept, local = (chamber_quadratic(**data, output_bias=output_bias) for data in (given, lazy))
    assert local.hessian == pytest.approx(kept.hessian, abs=1e-11)
    assert local.linear == pytest.approx(kept.linear, abs=1e-11)
    assert (local.constant, local.patterns) == (pytest.approx(kept.constant, rel=1e-12), kept.patterns)
    assert (local.theta == kept.theta).all()
    few, rows = chamber_moments(**given), chamber_moments(**lazy)
    assert rows.patterns == few.patterns
    there = given["biases"], given["rotations"]
    for one, other in zip(rows.velocity(*there), few.velocity(*there), strict=True):
        assert one == pytest.approx(other, abs=1e-11)


def test_dask_is_imported_for_dask_arrays_only():
    from subprocess import run

    code = "import sys, numpy as np, symflow.flow.streaming as s; s.streamed_separated_flow(np.eye(1), [3.0], [0.0])"
    run([sys.executable, "-c", f"{code}; assert 'dask' not in sys.modules"], check=True)
