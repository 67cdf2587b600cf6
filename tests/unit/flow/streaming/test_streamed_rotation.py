"""The rotation flow window by window, against the flow in memory: the same events of the same data."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import CertificateError, KindError, UndefinedError
from symflow.flow import general_weight_flow, rotation_flow
from symflow.flow.rotation.charts import cayley
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.reach import RotationReach, free_path, general_reach
from symflow.flow.streaming import (
    StreamedGeneralTrajectory,
    StreamedRotationTrajectory,
    streamed_general_weight_flow,
    streamed_rotation_flow,
)
from symflow.flow.streaming.prefix_maps import preactivations
from tests.unit.flow.chamber.instances import draw
from tests.unit.flow.streaming.large_data import mapped

RTOL = 1e-10


def agree(kept, flow):
    """Whether two trajectories are one up to the tolerance of the steps; ``kept`` from the flow in memory."""
    assert (flow.status, flow.end) == (kept.status, pytest.approx(kept.end, abs=1e-8))
    what = [[(e.kind, e.layer, e.component, e.data, e.active) for e in found.events] for found in (flow, kept)]
    assert what[0] == what[1]
    assert [event.time for event in flow.events] == pytest.approx([event.time for event in kept.events], abs=1e-8)
    times = np.linspace(0, min(kept.end, flow.end), 20)
    assert np.abs(flow.bias(times) - kept.bias(times)).max() < 1e-8
    assert np.abs(flow.weight(times) - kept.weight(times)).max() < 1e-8
    assert flow.loss(times) == pytest.approx(kept.loss(times), rel=1e-8)


@pytest.mark.parametrize("seed", [1, 2, 6, 8, 9])
def test_windows_make_the_flow_in_memory(seed):
    given = draw(seed, N=120, Q=2 + seed % 2, L=1 + seed % 3)
    if seed % 2:
        given["weights"] = np.random.default_rng(seed).uniform(0.5, 2.0, size=120) / 120
    kept = rotation_flow(**given, t_max=1.0, rtol=RTOL)
    flow = streamed_rotation_flow(**given, t_max=1.0, rtol=RTOL, explicit=20, block=37)
    assert flow.windows > 5 and flow.passes > flow.windows
    agree(kept, flow)


def test_slides_go_on_across_windows():
    given = draw(3, N=120, Q=3, L=1)
    flow = streamed_rotation_flow(**given, t_max=1.2, rtol=RTOL, explicit=20)
    first, last = (next(event.time for event in flow.events if event.kind == kind) for kind in ("slides", "leaves"))
    assert ((flow.begins > first) & (flow.begins < last)).any()
    agree(rotation_flow(**given, t_max=1.2, rtol=RTOL), flow)


def test_more_is_kept_where_many_tied_data_come_near_a_wall():
    given = draw(2, N=120, Q=2, L=3)
    flow = streamed_rotation_flow(**given, t_max=0.5, rtol=RTOL, explicit=20)
    slide = next(event for event in flow.events if event.kind == "slides")
    assert len(slide.data) > 20 and flow.windows < 80
    agree(rotation_flow(**given, t_max=0.5, rtol=RTOL), flow)


def test_files_and_dask_arrays_stay_where_they_are(tmp_path):
    dask_array = pytest.importorskip("dask.array", reason="the extra dask is not installed")
    given = draw(3, N=150)
    large = {name: given[name] for name in ("points", "labels")}
    kept = streamed_rotation_flow(**given, t_max=0.5, rtol=RTOL, explicit=40)
    chunks = {name: dask_array.from_array(array, chunks=(40, *array.shape[1:])) for name, array in large.items()}
    for place in (mapped(tmp_path, **large), chunks):
        flow = rotation_flow(**{**given, **place}, t_max=0.5, rtol=RTOL)
        assert isinstance(flow, StreamedRotationTrajectory) and flow.windows == 1  # there is room for all
        agree(kept, flow)
        again = flow.continued(0.25)
        assert isinstance(again, StreamedRotationTrajectory)
        whole = rotation_flow(**given, t_max=0.75, rtol=RTOL)
        assert np.abs(again.bias([0.25]) - whole.bias([0.75])).max() < 1e-8
    seventh = np.broadcast_to(np.arange(150)[:, None] == 7, given["points"].shape)
    with pytest.raises(KindError, match="row 7"):
        rotation_flow(**{**given, "points": dask_array.from_array(np.where(seventh, np.nan, 0.0))}, t_max=1.0)


def general(seed, **sizes):
    """The rotations of an instance made weights that are not orthogonal."""
    given = draw(seed, **sizes)
    rotations = given.pop("rotations")
    noise = np.random.default_rng(seed).normal(size=rotations.shape)
    return {**given, "cumulative": rotations + 0.3 * noise}


@pytest.mark.parametrize("seed", [0, 1, 3, 4])
def test_windows_make_the_flow_of_general_weights(seed):
    given = general(seed, N=60, Q=2 + seed % 2, L=1 + seed % 3)
    fixed = seed == 3
    kept = general_weight_flow(**given, t_max=0.2, rtol=RTOL, fixed_biases=fixed)
    flow = streamed_general_weight_flow(**given, t_max=0.2, rtol=RTOL, fixed_biases=fixed, explicit=12, block=17)
    assert flow.windows > 3 and len(flow.events) > 3
    agree(kept, flow)


def test_general_weights_of_files_and_dask_arrays(tmp_path):
    dask_array = pytest.importorskip("dask.array", reason="the extra dask is not installed")
    given = general(3, N=90, L=1)
    large = {name: given[name] for name in ("points", "labels")}
    kept = general_weight_flow(**given, t_max=0.4, rtol=RTOL)
    chunks = {name: dask_array.from_array(array, chunks=(40, *array.shape[1:])) for name, array in large.items()}
    for place in (mapped(tmp_path, **large), chunks):
        flow = general_weight_flow(**{**given, **place}, t_max=0.3, rtol=RTOL)
        assert isinstance(flow, StreamedGeneralTrajectory)
        again = flow.continued(0.1)
        assert isinstance(again, StreamedGeneralTrajectory)
        assert np.abs(again.weight([0.1]) - kept.weight([0.4])).max() < 1e-8
    with pytest.raises(UndefinedError, match="cumulative weight 0"):
        general_weight_flow(**{**given, **chunks, "cumulative": np.zeros((1, 3, 3))}, t_max=0.3)


def test_data_that_change_meanwhile_are_noticed():
    given = draw(1, N=120, Q=3, L=2)
    points = given["points"].copy()

    def disturb(share):
        if share > 0.1:
            points[:60] = points[:60][::-1]

    with pytest.raises(CertificateError, match="the data changed meanwhile"):
        streamed_rotation_flow(**{**given, "points": points}, t_max=1.0, explicit=20, progress=disturb)


@pytest.mark.parametrize("seed", range(20))
def test_no_wall_is_met_on_a_free_path(seed):
    rng = np.random.default_rng(seed)
    L, Q, N = 1 + seed % 3, 2 + seed % 2, 4000
    biases, points = rng.normal(size=(L, Q)), rng.normal(size=(N, Q))
    rotations = np.linalg.qr(rng.normal(size=(L, Q, Q)))[0]
    generators = rng.normal(size=(L, Q, Q))
    generators -= generators.transpose(0, 2, 1)
    shift = rng.normal(size=(L, Q))
    if seed % 4 == 0:
        shift *= 0.0

    def values(at):
        # Along cay(tσ) R the speed is largest at t = 0, |σ|.
        *layers, _ = preactivations(points, biases + at * shift, cayley(at * generators) @ rotations)
        return np.array(layers)

    free = free_path(values(0.0), RotationReach())
    length = float(np.quantile(free, 0.3))
    unit = length / np.sqrt((generators**2).sum() + (shift**2).sum())
    start = values(0.0) > 0
    changed = np.zeros(N, dtype=bool)
    for share in np.linspace(0.1, 1.0, 10):
        changed |= ((values(share * unit) > 0) != start).any(axis=(0, 2))
    assert changed.any() and not changed[free > length].any()
    assert free[changed].max() > length / 20  # nor is the bound far from what happens


@pytest.mark.parametrize("seed", range(12))
def test_no_wall_is_met_on_a_free_path_of_general_weights(seed):
    rng = np.random.default_rng(seed)
    L, Q, N = 1 + seed % 3, 2 + seed % 2, 4000
    biases, points = rng.normal(size=(L, Q)), rng.normal(size=(N, Q))
    weights = np.linalg.qr(rng.normal(size=(L, Q, Q)))[0] + 0.2 * rng.normal(size=(L, Q, Q))
    shift, change = rng.normal(size=(L, Q)), rng.normal(size=(L, Q, Q))

    def values(at):
        moved = weights + at * change
        *layers, _ = preactivations(points, biases + at * shift, moved, np.linalg.inv(moved))
        return np.array(layers)

    reach = general_reach(Parameters(biases, weights, np.linalg.inv(weights)))
    start = values(0.0)
    free = free_path(start, reach)
    length = float(np.quantile(free, 0.6))
    unit = 1.0 / np.sqrt((change**2).sum() + (shift**2).sum())
    changed = np.zeros(N, dtype=bool)
    for share in np.linspace(0.1, 1.0, 10):
        moved = values(share * length * unit)
        changed |= ((moved > 0) != (start > 0)).any(axis=(0, 2))
        bound = reach.displacement(np.linalg.norm(start, axis=2), share * length)[:, :, None]
        assert (np.abs(moved - start) <= bound + 1e-12).all()
        assert share < 1.0 or (np.abs(moved - start) > 0.02 * bound).any()
    assert not changed[free > length].any() and (changed.any() or L == 3)
