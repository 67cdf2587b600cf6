"""What a run watches: cost, orthogonality, norms of rows. Planted violations are noticed, rounding is not."""

import numpy as np
import pytest

from symflow.flow import rotation_flow
from symflow.flow.rotation import InvariantError, general_weight_flow
from symflow.flow.rotation.charts import CayleyChart, RowSphereChart
from symflow.flow.rotation.sliding import Slides
from symflow.flow.rotation.stepping import Step
from symflow.flow.rotation.tableau import ALL_STAGES
from symflow.network import draw_orthogonal

WEIGHTS = np.array([[[1.0, 0.5], [0.0, 2.0]]])


def problem(seed, Q=2, L=2, N=12):
    rng = np.random.default_rng(seed)
    weights = np.array([draw_orthogonal(rng, Q) for _ in range(L)])
    return rng.normal(size=(N, Q)), np.arange(N) % 2, rng.normal(size=(2, Q)), rng.normal(size=(L, Q)), weights


def test_a_row_whose_norm_grows_is_noticed(monkeypatch):
    x, labels, targets, biases, _ = problem(0, L=1)
    start = RowSphereChart.__init__

    def longer(self, moved, weights, norms, group="weights"):
        start(self, moved, weights, norms * (1 + 1e-12), group)

    general_weight_flow(x, labels, targets, biases, WEIGHTS, t_max=1.0)
    monkeypatch.setattr(RowSphereChart, "__init__", longer)
    with pytest.raises(InvariantError, match=r"norm of a row is off by 1\.0e-12"):
        general_weight_flow(x, labels, targets, biases, WEIGHTS, t_max=1.0)


def test_a_velocity_along_a_row_is_noticed_though_the_chart_hides_it(monkeypatch):
    x, labels, targets, biases, _ = problem(0, L=1)
    right = Slides.__call__

    def wrong(self, at):
        velocity = right(self, at)
        velocity[2:] += 1e-9 * at.weights.ravel()
        return velocity

    monkeypatch.setattr(Slides, "__call__", wrong)
    with pytest.raises(InvariantError, match="the velocity of a weight changes the norm of a row"):
        general_weight_flow(x, labels, targets, biases, WEIGHTS, t_max=1.0)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_a_cost_that_rises_is_noticed_whatever_the_offset_of_the_data(offset, monkeypatch):
    x, labels, targets, biases, rotations = problem(1)
    arguments = x + offset, labels, targets + offset, biases - offset, rotations
    assert rotation_flow(*arguments, t_max=1.0).status == "finished"
    right, calls = Slides.cost, []

    def wrong(self, at):
        calls.append(right(self, at))
        return calls[-1] + 0.01 * len(calls)

    monkeypatch.setattr(Slides, "cost", wrong)
    with pytest.raises(InvariantError, match="the cost went from"):
        rotation_flow(*arguments, t_max=1.0)


@pytest.mark.parametrize("solve", [rotation_flow, general_weight_flow])
@pytest.mark.parametrize("rtol", [1e-4, 1e-9, 1e-12])
@pytest.mark.parametrize("seed", range(3))
def test_rounding_and_tolerance_are_not_taken_for_a_violation(solve, rtol, seed):
    for offset in (0.0, 100.0):
        x, labels, targets, biases, rotations = problem(seed)
        flow = solve(x + offset, labels, targets + offset, biases - offset, rotations, t_max=3.0, rtol=rtol)
        assert flow.status in {"finished", "at rest"}


def test_a_step_without_numbers_is_not_without_error():
    chart = CayleyChart(np.zeros((1, 2)), np.eye(2)[None])
    slopes = np.full((ALL_STAGES, 7), np.nan)
    step = Step(chart, lambda at: np.zeros(6), 1.0, np.zeros(7), slopes, np.zeros(7), np.zeros(6))
    assert np.isnan(step.error(np.ones(6)))
    slopes[:] = 0.0
    assert step.error(np.ones(6)) == 0.0
