"""The compiled inner loops against the NumPy lines that they repeat, and whole runs with and without them."""

import numpy as np
import pytest

from symflow.flow import rotation_flow
from symflow.flow.rotation import general_weight_flow, kernels
from symflow.flow.rotation.charts import CayleyChart, RowSphereChart
from symflow.flow.rotation.equations import KINDS, Parameters, Rows, descent, preactivations, wall_gradients
from symflow.flow.rotation.stepping import run_stages
from symflow.flow.rotation.tableau import ALL_STAGES, COUPLINGS
from symflow.network import draw_orthogonal

GROUPS = ["rotations", "weights", "weights at fixed biases"]
LAYERS, COMPONENTS = np.array([0, 1, 1]), np.array([2, 0, 1])

compiled_only = pytest.mark.skipif(not kernels.COMPILED, reason="numba is not installed, so these are not used")


def setting(group, seed=4, Q=3, L=2, n=7):
    rng = np.random.default_rng(seed)
    biases = rng.normal(size=(L, Q))
    weights = np.array([draw_orthogonal(rng, Q) for _ in range(L)])
    if group != "rotations":
        weights = np.ascontiguousarray(weights @ np.diag([0.5, 1.0, 2.0]) @ weights[0])
        chart = RowSphereChart(biases, weights, np.linalg.norm(weights, axis=2), group)
    else:
        chart = CayleyChart(biases, weights)
    masks = rng.integers(0, 2, size=(L, n, Q)).astype(float)
    masks[0, 0] = 0.37  # shares of slides are no whole numbers
    rows = Rows(rng.normal(size=(n, Q)), rng.uniform(0.5, 1, size=n), rng.normal(size=(n, Q)), masks)
    return chart, rows, np.append(biases.ravel(), 0.2 * rng.normal(size=L * Q * Q))


def coordinates(chart, way):
    """Rotations need antisymmetric coordinates."""
    if chart.group != "rotations":
        return way
    L, Q = chart.base.biases.shape
    turn = way[L * Q :].reshape(L, Q, Q)
    return np.append(way[: L * Q], (turn - turn.transpose(0, 2, 1)).ravel())


@compiled_only
@pytest.mark.parametrize("group", GROUPS)
def test_velocities_and_gradients_of_walls(group):
    chart, rows, _ = setting(group)
    velocity, pulled = np.empty(24), np.empty_like(rows.masks)
    kernels.descend(rows, chart.base, KINDS[group], velocity, pulled)
    expected, v = descent(rows, chart.base, group)
    assert np.allclose(velocity, expected, rtol=0, atol=1e-13)
    assert np.allclose(pulled, v, rtol=0, atol=1e-13)
    few = Rows(*(array[:3] for array in rows[:3]), np.ascontiguousarray(rows.masks[:, :3]))
    normals = np.empty((3, 24))
    kernels.fill_normals(few, LAYERS, COMPONENTS, chart.base, KINDS[group], normals)
    assert np.allclose(normals, wall_gradients(few, LAYERS, COMPONENTS, chart.base, group), rtol=0, atol=1e-13)


@compiled_only
@pytest.mark.parametrize("group", GROUPS)
def test_stages_of_a_step_in_the_chart(group):
    chart, rows, way = setting(group)
    start = np.append(coordinates(chart, way), 0.0)
    slopes = np.zeros((2, ALL_STAGES, len(start)))
    slopes[:, 0, :-1] = descent(rows, chart.base, group)[0]
    nobody = kernels.Guides(rows, *(np.empty(0, dtype=np.intp),) * 3, np.zeros(1, dtype=np.intp))
    place, final = np.empty_like(start), np.empty(24)
    assert kernels.run_stages(
        1, 6, 0.1, start, slopes[0], COUPLINGS, chart.base, chart.norms, KINDS[group], rows, nobody, place, final
    )
    there, velocity = run_stages(chart, lambda at: descent(rows, at, group)[0], 0.1, start, slopes[1], (1, 6))
    assert np.allclose(slopes[0], slopes[1], rtol=1e-13, atol=1e-12)
    assert np.allclose(place, there, rtol=1e-13, atol=1e-13)
    assert np.allclose(final, velocity, rtol=1e-13, atol=1e-12)


@compiled_only
def test_a_weight_that_is_as_good_as_singular_is_noticed():
    chart, _, _ = setting("weights")
    at = Parameters(*(np.empty_like(array) for array in chart.base))
    flat = np.append(np.zeros(6), -chart.base.weights + np.ones((2, 3, 3)))
    assert not kernels.locate(chart.base, chart.norms, 1, flat, at)
    assert kernels.locate(chart.base, chart.norms, 1, np.zeros(24), at)


@compiled_only
def test_samples_of_a_row():
    chart, rows, _ = setting("rotations")
    points = Parameters(*(array[None] for array in chart.base))
    u = np.empty((1, *rows.masks.shape))
    kernels.sample_rows(rows, points, u)
    assert np.allclose(u[0], preactivations(rows, chart.base)[0], rtol=0, atol=1e-14)


def problem(seed, Q, L, N):
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(N, Q)), np.arange(N) % Q
    weights = np.array([draw_orthogonal(rng, Q) for _ in range(L)])
    return points, labels, rng.normal(size=(Q, Q)), rng.uniform(-0.5, 1.0, size=(L, Q)), weights


@compiled_only
@pytest.mark.parametrize(
    ("seed", "Q", "L", "group"), [(0, 3, 2, "rotations"), (12, 2, 1, "rotations"), (12, 2, 1, "weights")]
)
def test_a_run_is_the_same_without_numba(seed, Q, L, group, monkeypatch):
    solve = rotation_flow if group == "rotations" else general_weight_flow
    arguments = problem(seed, Q, L, 12)
    fast = solve(*arguments, t_max=1.0)
    monkeypatch.setattr(kernels, "USED", False)
    slow = solve(*arguments, t_max=1.0)
    assert fast.status == slow.status == "finished"
    assert [(e.kind, e.layer, e.component, e.data) for e in fast.events] == [
        (e.kind, e.layer, e.component, e.data) for e in slow.events
    ]
    assert fast.events
    assert any(event.kind == "slides" for event in fast.events)
    assert np.allclose([e.time for e in fast.events], [e.time for e in slow.events], rtol=0, atol=1e-11)
    assert np.allclose(fast.bias([0.5, 1.0]), slow.bias([0.5, 1.0]), rtol=0, atol=1e-10)
    assert np.allclose(fast.weight([0.5, 1.0]), slow.weight([0.5, 1.0]), rtol=0, atol=1e-10)
