"""Bad questions get an error that says what is wrong; broken invariants stop a run."""

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError, SymflowError, UndefinedError
from symflow.flow import rotation_flow
from symflow.flow.rotation import InvariantError, general_weight_flow, integration

GOOD = {
    "points": [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.3]],
    "labels": [0, 1, 1],
    "targets": [[2.0, 0.0], [0.0, -1.0]],
    "biases": [[0.5, -0.5]],
    "rotations": [[[0.6, 0.8], [-0.8, 0.6]]],
    "t_max": 1.0,
}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"points": [1.0, 2.0]}, ShapeError, "2 axes"),
        ({"points": [[np.nan, 0.0], [0.0, 1.0], [1.0, 1.0]]}, KindError, "finite"),
        ({"points": [[1j, 0.0], [0.0, 1.0], [1.0, 1.0]]}, KindError, "real"),
        ({"labels": [0, 1]}, ShapeError, "labels"),
        ({"labels": [0, 1, 2]}, KindError, "from 0 to 1"),
        ({"labels": [0.0, 1.0, 1.0]}, KindError, "whole numbers"),
        ({"targets": [[1.0], [2.0]]}, ShapeError, "targets"),
        ({"biases": [[0.5, -0.5, 1.0]]}, ShapeError, "biases"),
        ({"rotations": [np.eye(2), np.eye(2)]}, ShapeError, "rotations"),
        ({"rotations": [[[1.0, 0.1], [0.0, 1.0]]]}, KindError, "orthogonal"),
        ({"weights": [1.0, 1.0]}, ShapeError, "weights"),
        ({"weights": [1.0, 1.0, 0.0]}, KindError, "positive"),
        ({"t_max": -1.0}, KindError, "t_max"),
        ({"t_max": float("inf")}, KindError, "t_max"),
        ({"rtol": 1e-20}, KindError, "rtol"),
    ],
)
def test_bad_input(change, error, words):
    with pytest.raises(error, match=words):
        rotation_flow(**{**GOOD, **change})


def test_times_outside_the_trajectory():
    flow = rotation_flow(**GOOD)
    assert flow.bias([0.0, flow.end]).shape == (2, 1, 2)
    assert flow.rotation([]).size == 0
    for times in ([-0.1], [1.1], [np.nan], 0.5):
        with pytest.raises(KindError):
            flow.bias(times)


def test_a_singular_weight():
    with pytest.raises(UndefinedError, match="singular"):
        general_weight_flow(
            *(GOOD[name] for name in ("points", "labels", "targets", "biases")), [np.ones((2, 2))], t_max=1
        )


def test_a_cost_that_disagrees_with_the_dissipation_stops_the_run(monkeypatch):
    """The velocity is falsified by one part in a thousand; the answer would be wrong, so there is none."""
    taken = integration.take

    def falsified(chart, field, velocity, size):
        return taken(chart, lambda at: 1.001 * field(at), 1.001 * velocity, size)

    monkeypatch.setattr(integration, "take", falsified)
    with pytest.raises(InvariantError, match="dissipated") as raised:
        rotation_flow(**GOOD)
    assert isinstance(raised.value, SymflowError)


def test_a_rotation_off_the_group_stops_the_run(monkeypatch):
    class Careless(integration.Integration):
        def __init__(self, problem, make_chart, *rest, **options):
            super().__init__(problem, self.drifting(make_chart), *rest, **options)

        def drifting(self, make_chart):
            def make(biases, rotations):
                chart = make_chart(biases, rotations)
                chart.base = chart.base._replace(weights=chart.base.weights * (1 + 1e-13))
                return chart

            return make

    monkeypatch.setattr("symflow.flow.rotation.rotations.Integration", Careless)
    with pytest.raises(InvariantError, match="orthogonal group"):
        rotation_flow(**GOOD)
