"""Every flow refuses every fault of every argument, names the argument, and has done no work by then."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm, uniform

from symflow.errors import SymflowError
from symflow.flow import (
    chamber_flow,
    general_weight_flow,
    layered_flow,
    population_flow,
    rotation_flow,
    separated_flow,
)
from symflow.network import LabelledData, LayeredParameters, PolarParameters

POINTS = np.array([[0.1, 1.0], [1.0, 0.5], [2.0, 2.0]])
CLUSTER = {"target": [1.0, 2.0], "bias": [0.1, 0.2], "rotation": np.eye(2)}
CLASSES = {
    "points": POINTS, "labels": [0, 1, 1], "targets": [[0.0, 0.0], [1.0, 1.0]], "biases": [[0.1, 0.2]],
    "weights": [1.0, 2.0, 1.0], "t_max": 1.0,
}  # fmt: skip
FLOWS = {
    "separated": (separated_flow, {"points": POINTS, "weights": [1.0, 2.0, 1.0], **CLUSTER}),
    "population": (population_flow, {"distributions": [norm(), norm()], **CLUSTER}),
    "chamber": (chamber_flow, {**CLASSES, "rotations": [np.eye(2)]}),
    "rotation": (rotation_flow, {**CLASSES, "rotations": [np.eye(2)]}),
    "general weights": (general_weight_flow, {**CLASSES, "cumulative": [[[1.0, 0.5], [0.0, 2.0]]]}),
}
NETWORK = LayeredParameters(weights=([[2.0]], [[1.0]]), biases=([-1.0], [0.0]))
DATA = {"points": [[0.0], [2.0]], "targets": [[1.0], [3.0]], "weights": [0.5, 0.5], "labels": (0, 1)}
# Where each flow begins to work.
WORK = (
    "symflow.flow.separated.trajectories.direction",
    "symflow.flow.separated.population.PopulationTrajectory",
    "symflow.flow.chamber.flows.Integrator",
    "symflow.flow.rotation.rotations.Integration",
    "symflow.flow.rotation.general.Integration",
    "symflow.flow.layered.flows.Integration",
    "symflow.flow.layered.flows.descend",
)


class WorkError(Exception):
    """The flow has begun."""


@pytest.fixture
def no_work(monkeypatch):
    def begun(*_arguments, **_options):
        raise WorkError

    for place in WORK:
        monkeypatch.setattr(place, begun)


def with_last(array, value):
    changed = np.array(array, dtype=float)
    changed.flat[-1] = value
    return changed


FAULTS = {
    "nan": lambda a: with_last(a, np.nan),
    "infinity": lambda a: with_last(a, np.inf),
    "minus infinity": lambda a: with_last(a, -np.inf),
    "huge": lambda a: with_last(a, 1e200),
    "a number": lambda _a: 3.0,
    "an axis more": lambda a: a[None],
    "a column less": lambda a: a[..., :-1],
    "a row more": lambda a: np.concatenate([a, a]),
    "empty": lambda a: np.zeros((0,) * a.ndim),
    "no list": lambda _a: [],
    "rows of two lengths": lambda _a: [[1.0, 2.0], [3.0]],
    "complex": lambda a: a + 0j,
    "text": lambda a: a.astype(str),
    "a word": lambda _a: "abc",
    "bytes": lambda a: a.astype("S8"),
    "dates": lambda a: np.full(a.shape, np.datetime64("2020-01-01")),
    "objects": lambda a: np.full(a.shape, object(), dtype=object),
    "nothing in it": lambda a: np.full(a.shape, None, dtype=object),
    "masked": lambda a: np.ma.masked_array(a, mask=a == a.flat[-1]),
    "a dictionary": lambda _a: {},
}
ARRAYS = [
    (flow, argument, fault)
    for flow, (_, good) in FLOWS.items() for argument in good if argument not in {"labels", "t_max", "distributions"}
    for fault in FAULTS
]  # fmt: skip


def refused(flow, good, argument, value):
    """The message, which names the argument (or, where two do not fit each other, the other one)."""
    with pytest.raises(SymflowError) as caught:
        flow(**{**good, argument: value})
    assert any(name in str(caught.value) for name in good), caught.value
    return str(caught.value)


@pytest.mark.parametrize("kind", FLOWS)
def test_with_good_input_the_work_begins(kind, no_work):
    flow, good = FLOWS[kind]
    with pytest.raises(WorkError):
        flow(**good)


@pytest.mark.parametrize(("kind", "argument", "fault"), ARRAYS)
def test_a_wrong_array(kind, argument, fault, no_work):
    flow, good = FLOWS[kind]
    message = refused(flow, good, argument, FAULTS[fault](np.array(good[argument], dtype=float)))
    if fault not in {"a column less", "a row more"}:
        assert argument in message


@pytest.mark.parametrize("kind", ["chamber", "rotation", "general weights"])
@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("labels", [0, 0, 0], "class 1 is empty: targets has a row for it"),
        ("labels", [1, 1, 1], "class 0 is empty"),
        ("labels", [0, 1, 2], "labels must be whole numbers from 0 to 1, the rows of targets; got 0 to 2"),
        ("labels", [0, -1, 1], "got -1 to 1"),
        ("labels", [0.0, 1.0, 1.0], "labels must be whole numbers from 0 to 1; their type is float64"),
        ("labels", [False, True, True], "their type is bool"),
        ("labels", ["a", "b", "b"], "labels must be whole numbers"),
        ("labels", [0, 1], r"labels must have shape \(3,\)"),
        ("labels", [[0, 1, 1]], r"labels must have shape \(3,\)"),
        ("labels", [[0, 1], [1]], "their lengths differ"),
        ("labels", None, r"labels must have shape \(3,\)"),
        ("targets", [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], "class 2 is empty"),
        ("targets", [[0.0], [1.0]], r"targets must have shape \(2, 2\) for points in R\^2"),
        ("weights", [1.0, 0.0, 1.0], r"weights\[1\] is 0.0; every weight must be positive"),
        ("weights", [1.0, 1.0, -2.0], r"weights\[2\] is -2.0"),
        ("weights", [1.0, 1.0, 1e-200], "weights has an entry below"),
        ("t_max", 0.0, "t_max must be a positive, finite time; got 0.0"),
        ("t_max", -1, "t_max"),
        ("t_max", np.nan, "t_max"),
        ("t_max", np.inf, "t_max"),
        ("t_max", 10**400, "t_max"),
        ("t_max", True, "t_max .*; got True"),
        ("t_max", "1", "t_max .*; got '1'"),
        ("t_max", None, "t_max"),
        ("t_max", 1j, "t_max"),
        ("t_max", [1.0], "t_max"),
        ("t_max", np.array([1.0, 2.0]), "t_max"),
    ],
)
def test_a_wrong_class_weight_or_time(kind, argument, value, message, no_work):
    flow, good = FLOWS[kind]
    with pytest.raises(SymflowError, match=message):
        flow(**{**good, argument: value})


@pytest.mark.parametrize("value", [1, np.float32(1), np.int64(1), Fraction(1, 2)])
@pytest.mark.parametrize("kind", ["chamber", "rotation", "general weights"])
def test_every_real_number_is_a_time(kind, value, no_work):
    flow, good = FLOWS[kind]
    with pytest.raises(WorkError):
        flow(**{**good, "t_max": value})


@pytest.mark.parametrize(
    ("kind", "argument", "value"),
    [
        *(("chamber", "max_events", value) for value in (-1, 1.5, True, "3", np.nan)),
        *(("chamber", "output_bias", value) for value in ("free", None, 1, ["frozen"])),
        *((kind, "rtol", value) for kind in ("rotation", "general weights") for value in (0, 1, "1e-9", None, np.nan)),
        *((kind, "rotations", value) for kind in ("chamber", "rotation")
          for value in ([2 * np.eye(2)], [[[1.0, 0.1], [0.0, 1.0]]], [np.ones((2, 2))])),
        *((kind, "rotation", value) for kind in ("separated", "population")
          for value in (2 * np.eye(2), [[1.0, 0.1], [0.0, 1.0]], np.ones((2, 2)))),
        ("general weights", "cumulative", [np.ones((2, 2))]),
        ("separated", "weights", [1.0, 0.0, 1.0]),
        ("separated", "weights", [1.0, -1.0, 1.0]),
        *(("population", "distributions", value) for value in (
            [], None, norm(), [norm()], ["a", "b"], [1, 2], [norm(), norm(np.nan, 1)], [uniform(0, -1), norm()])),
    ],
)  # fmt: skip
def test_a_wrong_option(kind, argument, value, no_work):
    flow, good = FLOWS[kind]
    with pytest.raises(SymflowError) as caught:
        flow(**{**good, argument: value})
    assert argument.rstrip("s") in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("t_max", value) for value in (0.0, -1, np.nan, np.inf, True, "1", None)),
        *(("cost", value) for value in ("", None, 1, ["input"])),
        *(("step", value) for value in (0.0, -0.1, np.nan, True, "0.1", 2.0)),
        *(("rtol", value) for value in (0, 1, "1e-9", None, np.nan)),
        *(("max_events", value) for value in (-1, 1.5, True, "3")),
        *(("network", value) for value in (None, [[1.0]], {"weights": [], "biases": []})),
        *(("data", value) for value in (None, DATA, np.zeros((2, 1)))),
    ],
)
def test_the_layered_flow(argument, value, no_work):
    good = {"network": NETWORK, "data": LabelledData(**DATA), "t_max": 1.0}
    with pytest.raises(WorkError):
        layered_flow(**good)
    with pytest.raises(SymflowError, match=argument):
        layered_flow(**{**good, argument: value})


@pytest.mark.parametrize("fault", ["nan", "infinity", "an axis more", "empty", "complex", "text", "objects", "masked"])
@pytest.mark.parametrize("argument", ["points", "targets", "weights"])
def test_data_of_the_layered_flow(argument, fault):
    with pytest.raises(SymflowError, match=argument):
        LabelledData(**{**DATA, argument: FAULTS[fault](np.array(DATA[argument]))})


@pytest.mark.parametrize("weights", [[0.5, 0.0], [0.5, -1.0], [0.5], [0.5, 0.5, 0.5]])
def test_weights_of_the_layered_flow(weights):
    with pytest.raises(SymflowError, match="weight"):
        LabelledData(**{**DATA, "weights": weights})


def test_labels_of_the_layered_flow():
    for labels in ((0,), (0, 0.5), (0, "b"), (0, None), None, 3):
        with pytest.raises(SymflowError, match="labels"):
            LabelledData(**{**DATA, "labels": labels})


def test_a_network_that_is_none():
    fine = {"stretches": ([1.0],), "rotations": ([[1.0]],), "biases": ([0.0], [0.0]), "output": ([[1.0]],)}
    for argument, value in (
        ("rotations", ([[2.0]],)), ("stretches", ([-1.0],)), ("biases", ([0.0], [np.nan])), ("output", ([[np.inf]],)),
        ("biases", ([0.0],)), ("rotations", ([[1.0, 0.0]],)),
    ):  # fmt: skip
        with pytest.raises(SymflowError):
            PolarParameters(**{**fine, argument: value})


@dataclasses.dataclass
class Asked:
    """A trajectory, its methods that take times, and whether it has an end."""

    trajectory: object
    methods: tuple[str, ...]
    ends: bool


@pytest.fixture(scope="module")
def trajectories():
    run = {kind: flow(**good) for kind, (flow, good) in FLOWS.items()}
    layered = layered_flow(NETWORK, LabelledData(**DATA), t_max=1.0)
    return {
        "separated": Asked(
            run["separated"], ("threshold", "bias", "velocity", "loss", "truncated_fraction"), ends=False
        ),
        "population": Asked(run["population"], ("threshold", "bias", "truncated_fraction"), ends=False),
        "chamber": Asked(run["chamber"], ("theta", "bias", "loss", "target_shift"), ends=True),
        "rotation": Asked(run["rotation"], ("bias", "weight", "rotation", "loss"), ends=True),
        "general weights": Asked(run["general weights"], ("bias", "weight", "loss"), ends=True),
        "layered": Asked(layered, ("parameters", "weights", "biases", "pulled_back_bias", "loss"), ends=True),
    }


@pytest.mark.parametrize("kind", [*FLOWS, "layered"])
def test_wrong_times_asked_of_a_trajectory(kind, trajectories):
    asked = trajectories[kind]
    wrong = [[-1.0], [0.5, -1e-300], [np.nan], ["1"], "a", [1j], [None], None, {}, object(), [True], [[0.1], [0.1, 1]]]
    wrong.append(np.ma.masked_array([0.5, 0.6], mask=[True, False]))
    for method in asked.methods:
        for times in wrong + [[np.inf]] * asked.ends:
            with pytest.raises(SymflowError, match="times"):
                getattr(asked.trajectory, method)(times)
