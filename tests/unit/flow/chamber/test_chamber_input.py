"""Input that does not fit is refused with a message that says what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError, SymflowError
from symflow.flow import chamber_flow, rotation_flow
from symflow.flow.chamber.advancing import advance
from symflow.flow.rotation.kernels import run_stages

GOOD = {
    "points": [[0.0, 1.0], [1.0, 0.5], [2.0, 2.0]],
    "labels": [0, 1, 1],
    "targets": [[0.0, 0.0], [1.0, 1.0]],
    "biases": [[0.1, 0.2]],
    "rotations": [np.eye(2)],
    "t_max": 1.0,
}


def test_the_good_input_is_good() -> None:
    assert chamber_flow(**GOOD).status in {"horizon", "equilibrium"}


def test_nothing_is_compiled_once_more_for_another_order() -> None:
    given = {**GOOD, "points": np.asfortranarray(GOOD["points"]), "rotations": np.asfortranarray(GOOD["rotations"])}
    given["points"].flags.writeable = False
    chamber_flow(**GOOD), rotation_flow(**GOOD)
    compiled = [len(getattr(loop, "signatures", ())) for loop in (advance, run_stages)]
    chamber_flow(**given), rotation_flow(**given)
    assert [len(getattr(loop, "signatures", ())) for loop in (advance, run_stages)] == compiled


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"points": [0.0, 1.0]}, ShapeError, "points needs 2 axes"),
        ({"points": [[0.0, np.nan], [1.0, 0.5], [2.0, 2.0]]}, KindError, "points has the entry nan"),
        ({"points": [["a", "b"]] * 3}, KindError, "points must hold real numbers"),
        ({"points": np.zeros((0, 2)), "labels": np.zeros(0, dtype=int)}, ShapeError, "points is empty"),
        ({"labels": [0, 1]}, ShapeError, "labels must have shape"),
        ({"labels": [0, 1, 2]}, KindError, "labels must be whole numbers from 0 to 1"),
        ({"labels": [0, -1, 1]}, KindError, "got -1 to 1"),
        ({"labels": [0.0, 1.0, 1.0]}, KindError, "labels must be whole numbers"),
        ({"targets": [[0.0], [1.0]]}, ShapeError, "targets must have shape"),
        ({"biases": [[0.1]]}, ShapeError, "biases must have shape"),
        ({"rotations": [np.eye(2), np.eye(2)]}, ShapeError, "rotations must have shape"),
        ({"rotations": [2.0 * np.eye(2)]}, KindError, "orthogonal"),
        ({"weights": [1.0, 1.0]}, ShapeError, "weights must have shape"),
        ({"weights": [1.0, 0.0, 1.0]}, KindError, "positive"),
        ({"output_bias": "free"}, KindError, "output_bias"),
        ({"t_max": 0.0}, KindError, "t_max"),
        ({"t_max": np.inf}, KindError, "t_max"),
        ({"max_events": -1}, KindError, "max_events"),
    ],
)
def test_bad_input(change, error, message) -> None:
    with pytest.raises(error, match=message) as caught:
        chamber_flow(**{**GOOD, **change})
    assert isinstance(caught.value, SymflowError)
