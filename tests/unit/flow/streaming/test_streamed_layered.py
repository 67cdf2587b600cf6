"""The flow and the descent of the layers window by window, against those in memory."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from symflow.errors import CertificateError, KindError, LimitError, ShapeError
from symflow.flow import StreamedData, layered_flow
from symflow.flow.layered.effective import EffectiveSystem
from symflow.flow.layered.original import OriginalSystem
from symflow.flow.layered.systems import flat
from symflow.flow.streaming import StreamedLayeredTrajectory, layered_windows, streamed_layered_flow
from symflow.flow.streaming.layered_looks import layers_look, pulled_back_look
from symflow.flow.streaming.nearest import Sorting
from symflow.flow.streaming.sources import Block
from symflow.flow.streaming.stand_ins import stand_ins
from symflow.network import LabelledData, LayeredParameters, class_weights
from tests.unit.flow.streaming.large_data import mapped

pytest.importorskip("scipy", reason="the extra flow is not installed")
RTOL = 1e-10


def drawn(seed, widths, *, N=60):
    """A network of these widths, points, labels and targets of two classes."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(m, k)) / np.sqrt(k) for k, m in pairwise(widths)]
    biases = [0.3 * rng.normal(size=m) for m in widths[1:]]
    labels = np.arange(N) % 2
    points = rng.normal(size=(N, widths[0])) + 1.5 * rng.normal(size=(2, widths[0]))[labels]
    return LayeredParameters(tuple(weights), tuple(biases)), points, labels, rng.normal(size=(2, widths[-1]))


def in_memory(points, labels, targets, weights=None):
    masses = class_weights(labels.tolist()) if weights is None else weights
    return LabelledData(points, targets[labels], masses, tuple(labels.tolist()))


def agree(kept, run, close):
    """Whether two runs are one up to ``close``; ``kept`` from memory."""
    assert (run.status, run.end) == (kept.status, kept.end)
    what = [[(e.kind, e.layer, e.datum, e.component, e.active) for e in found.events] for found in (run, kept)]
    assert what[0] == what[1]
    assert [event.time for event in run.events] == pytest.approx([event.time for event in kept.events], abs=10 * close)
    times = np.linspace(0.0, kept.end, 12)
    assert np.abs(run.parameters(times) - kept.parameters(times)).max() < close
    assert run.loss(times) == pytest.approx(kept.loss(times), abs=close)


@pytest.mark.parametrize(
    ("seed", "widths", "cost", "step"),
    [
        (0, (3, 3, 3), "standard", None), (2, (2, 4, 3, 2), "standard", None), (18, (2, 2, 2), "input", None),
        (1, (2, 2, 2, 2), "input", None), (0, (3, 3, 3), "standard", 0.002), (2, (2, 4, 3, 2), "standard", 0.002),
        (18, (2, 2, 2), "input", 0.0005),
    ],
)  # fmt: skip
def test_windows_make_the_run_in_memory(seed, widths, cost, step):
    network, points, labels, targets = drawn(seed, widths)
    weights = np.random.default_rng(seed).uniform(0.5, 2.0, size=60) / 60 if seed == 2 else None
    options = {"t_max": 0.3, "cost": cost, "rtol": RTOL, "step": step}
    kept = layered_flow(network, in_memory(points, labels, targets, weights), **options)
    run = streamed_layered_flow(
        network, StreamedData(points, labels, targets, weights), **options, explicit=12, block=17
    )
    assert run.windows > 3 and len(run.events) > 3
    agree(kept, run, 1e-8 if step is None else 1e-12)


@pytest.mark.parametrize("seed", [18, 24])
def test_windows_make_the_effective_flow(seed):
    network, points, labels, targets = drawn(seed, (2, 2, 2))
    options = {"t_max": 0.3, "rtol": RTOL}
    kept = layered_flow(network, in_memory(points, labels, targets), **options).effective
    run = streamed_layered_flow(network, StreamedData(points, labels, targets), **options, explicit=12).effective
    assert isinstance(run, StreamedLayeredTrajectory) and run.windows > 3 and not run.original
    agree(kept, run, 1e-7)


@pytest.mark.parametrize(("seed", "widths"), [(25, (2, 3, 2)), (51, (2, 2, 2))])
def test_slides_go_on_across_windows(seed, widths):
    network, points, labels, targets = drawn(seed, widths)
    options = {"t_max": 1.0, "cost": "standard", "rtol": RTOL}
    run = streamed_layered_flow(network, StreamedData(points, labels, targets), **options, explicit=6)
    first, last = (next(event.time for event in run.events if event.kind == kind) for kind in ("slides", "leaves"))
    assert ((run.begins > first) & (run.begins < last)).any()
    agree(layered_flow(network, in_memory(points, labels, targets), **options), run, 1e-8)


def test_files_and_dask_arrays_stay_where_they_are(tmp_path):
    dask_array = pytest.importorskip("dask.array", reason="the extra dask is not installed")
    network, points, labels, targets = drawn(25, (2, 3, 2))
    options = {"cost": "standard", "rtol": RTOL}
    kept = layered_flow(network, in_memory(points, labels, targets), t_max=0.3, **options)
    whole = layered_flow(network, in_memory(points, labels, targets), t_max=0.5, **options)
    large = {"points": points, "labels": labels}
    chunks = {name: dask_array.from_array(array, chunks=(23, *array.shape[1:])) for name, array in large.items()}
    for place in (mapped(tmp_path, **large), chunks):
        run = layered_flow(network, StreamedData(**place, targets=targets), t_max=0.3, **options)
        assert isinstance(run, StreamedLayeredTrajectory) and run.windows == 1  # there is room for all
        agree(kept, run, 1e-8)
        assert run.state(0.3).data.points is place["points"]
        again = run.continued(0.2)
        assert isinstance(again, StreamedLayeredTrajectory)
        assert np.abs(again.parameters([0.2]) - whole.parameters([0.5])).max() < 1e-8
        assert [event.kind for event in again.events] == [event.kind for event in whole.events if event.time > 0.3]
    wrong = np.where(np.arange(60)[:, None] == 7, np.nan, points)
    with pytest.raises(KindError, match="row 7"):
        layered_flow(network, StreamedData(wrong, labels, targets), t_max=1.0, **options)
    with pytest.raises(ShapeError, match=r"R\^2 with targets in R\^3"):
        layered_flow(network, StreamedData(points, labels, np.zeros((2, 3))), t_max=1.0, **options)


def test_data_that_change_meanwhile_are_noticed():
    network, points, labels, targets = drawn(0, (3, 3, 3), N=120)
    points = points.copy()

    def disturb(share):
        if share > 0.02:
            points[:60] = points[:60][::-1]

    with pytest.raises(CertificateError, match="the data changed meanwhile"):
        streamed_layered_flow(
            network, StreamedData(points, labels, targets), t_max=0.5, cost="standard", explicit=20, progress=disturb
        )


def test_a_descent_too_long_to_be_kept_is_refused(monkeypatch):
    network, points, labels, targets = drawn(0, (3, 3, 3))
    monkeypatch.setattr(layered_windows, "MOST_NUMBERS", 24 * 99)
    data = StreamedData(points, labels, targets)
    assert layered_flow(network, data, t_max=0.99, cost="standard", step=0.01).status == "finished"
    with pytest.raises(LimitError, match="100 steps"):
        layered_flow(network, data, t_max=1.0, cost="standard", step=0.01)


@pytest.mark.parametrize("seed", [8, 10])
def test_layers_that_start_at_zero(seed):
    """The products of their norms say nothing of how far a datum is from its walls."""
    network, points, labels, targets = drawn(seed, (2, 2, 2, 2, 2), N=40)
    weights = [np.zeros((2, 2)) if layer in {1, 2} else weight for layer, weight in enumerate(network.weights)]
    network = LayeredParameters(tuple(weights), network.biases)
    options = {"t_max": 1.0, "cost": "standard", "rtol": RTOL}
    run = streamed_layered_flow(network, StreamedData(points, labels, targets), **options, explicit=4)
    agree(layered_flow(network, in_memory(points, labels, targets), **options), run, 1e-8)


def test_small_weights_do_not_make_windows_short():
    network, points, labels, targets = drawn(0, (2, 2, 2, 2, 2))
    network = LayeredParameters(tuple(0.1 * weight for weight in network.weights), network.biases)
    data = StreamedData(points, labels, targets)
    run = streamed_layered_flow(network, data, t_max=1.0, cost="standard", explicit=4)
    assert run.status == "finished" and run.windows < 100


def test_a_descent_that_diverges_ends():
    network = LayeredParameters((1e70 * np.eye(2), 1e70 * np.eye(2)), (np.ones(2), np.ones(2)))
    data = StreamedData(np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) % 2, np.eye(2))
    run = streamed_layered_flow(network, data, t_max=0.1, cost="standard", step=0.01, explicit=10)
    assert run.status == "unresolved" and "diverges" in run.message


def test_events_of_all_windows_are_counted():
    network, points, labels, targets = drawn(0, (3, 3, 3))
    data = StreamedData(points, labels, targets)
    run = streamed_layered_flow(network, data, t_max=0.3, cost="standard", max_events=10, explicit=6)
    assert run.windows > 1 and "11 events, more than max_events = 10" in run.message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labels": None}, "labels are missing"), ({"points": None}, "points are missing"),
        ({"points": [[1.0, 2.0], [3.0]]}, "points cannot be read"), ({"explicit": 0}, "explicit must be a whole"),
        ({"block": 2.5}, "block must be a whole number"), ({"block": 0}, "1 or more"),
    ],
)  # fmt: skip
def test_what_is_no_data_is_told(changed, message):
    network, points, labels, targets = drawn(0, (2, 2, 2), N=4)
    given = {"points": points, "labels": labels, "targets": targets, "explicit": 3, "block": 2} | changed
    data = StreamedData(given["points"], given["labels"], given["targets"])
    with pytest.raises(KindError, match=message):
        streamed_layered_flow(network, data, t_max=1.0, explicit=given["explicit"], block=given["block"])


def systems(cost, widths):
    """The two systems over data at some parameters: (system, θ, look, points, labels, targets)."""
    network, points, labels, targets = drawn(5, widths, N=80)
    masses = np.full(80, 1 / 40)
    masses[::7] = 0.5
    made = [(OriginalSystem, layers_look)]
    if len(set(widths)) == 1:
        made.append((EffectiveSystem, pulled_back_look))
    for kind, look in made:
        system = kind(points, targets[labels], masses, widths, cost)
        theta = system.join(list(network.weights), list(network.biases))  # for the one, W_ℓ; for the other, W^(ℓ)
        weights, biases = system.split(theta)
        yield system, theta, look(weights[:-1], biases[:-1]), labels, targets


@pytest.mark.parametrize("seed", range(20))
def test_stand_ins_have_the_moments(seed):
    rng = np.random.default_rng(seed)
    count, width = 1 + seed % 5, 3
    equal = np.full((count, 1), np.sqrt(1 / 7))
    rows = np.column_stack(
        [rng.normal(size=(count, width)) * equal, equal if seed % 2 else rng.normal(size=(count, 1))]
    )
    few = stand_ins({(bytes([1, 0]), 0): rows}, np.eye(1), width, 2)
    homogeneous = np.column_stack([few.points, np.ones(count)])
    assert homogeneous.T @ (few.masses[:, None] * homogeneous) == pytest.approx(rows.T @ rows, abs=1e-13)
    assert (few.patterns == [True, False]).all()


@pytest.mark.parametrize(("cost", "widths"), [("standard", (2, 3, 4, 2)), ("standard", (3, 3, 3)), ("input", (2,) * 4)])
def test_a_few_stand_for_many(cost, widths):
    for system, theta, look, labels, targets in systems(cost, widths):
        block = Block(0, system.points, labels, system.masses)
        data = Sorting(look, np.ones(2), 10, 0.0)(block)
        assert len(data.near.numbers) == 10 and sum(count for count, _ in data.groups.values()) == 70
        factors = {key: factor for key, (_, factor) in data.groups.items()}
        few = stand_ins(factors, targets, widths[0], sum(widths[1:-1]))
        assert len(few.masses) < 70 and (few.masses > 0).all()
        cuts = np.cumsum(widths[1:-1])[:-1]
        smaller = replace(
            system,
            points=np.concatenate([data.near.points, few.points]),
            targets=np.concatenate([targets[data.near.labels], few.targets]),
            masses=np.concatenate([data.near.masses, few.masses]),
        )
        patterns, _ = look(system.points)
        masks = flat(np.split(patterns.astype(float), cuts, axis=1))
        fewer = flat(np.split(np.concatenate([data.near.active, few.patterns]).astype(float), cuts, axis=1))
        gradient = system.velocity(theta, masks)
        assert np.abs(smaller.velocity(theta, fewer) - gradient).max() < 1e-12 * np.abs(gradient).max()


@pytest.mark.parametrize(("cost", "widths"), [("standard", (2, 3, 4, 2)), ("standard", (3, 3, 3)), ("input", (2,) * 4)])
def test_no_wall_is_met_on_a_free_path(cost, widths):
    rng = np.random.default_rng(1)
    for system, theta, look, *_ in systems(cost, widths):
        many = replace(system, points=rng.normal(size=(4000, widths[0])))
        start, free = look(many.points)
        length = float(np.quantile(free, 0.5))
        changed = np.zeros(4000, dtype=bool)
        for _ in range(30):
            direction = rng.normal(size=theta.shape)
            moved = theta + length / np.linalg.norm(direction) * direction
            values = np.concatenate(many.layers_of(many.preactivations(moved)), axis=1)
            changed |= ((values > 0) != start).any(axis=1)
        assert changed.any() and not changed[free > length].any()
        assert free[changed].max() > length / 20  # nor is the bound far from what happens
