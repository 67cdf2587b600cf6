"""Malformed questions to the oracle, and its independence from the rest of the package."""

import ast
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import symflow.oracle
from symflow.errors import KindError, ShapeError, UndefinedError
from symflow.oracle import exact, floating, precise

ONE = [[1, 0], [0, 1]]
DATA = ([[1, 2]], [[0, 1]], [1])
LAYERS = {"weights": [ONE, ONE], "biases": [[1, 1], [0, 0]]}
ADAPTED = {"stretches": [[1, 2]], "rotations": [ONE], "biases": [[0, 0], [0, 0]], "output": [ONE]}


def test_the_oracle_imports_nothing_of_symflow_but_its_errors():
    for path in Path(symflow.oracle.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module]
            for name in names:
                if name.split(".")[0] == "symflow":
                    assert name == "symflow.errors" or name.startswith("symflow.oracle"), f"{path.name}: {name}"


@pytest.mark.parametrize("route", [exact, floating, precise])
@pytest.mark.parametrize(
    ("parameters", "data", "options", "error", "message"),
    [
        (LAYERS, DATA, {"cost": "mean"}, KindError, "unknown cost 'mean'"),
        (LAYERS, DATA, {"coordinates": "polar"}, KindError, "unknown coordinates 'polar'"),
        ({"weights": [ONE]}, DATA, {}, KindError, "missing: biases"),
        (LAYERS | {"beta": []}, DATA, {}, KindError, "unknown: beta"),
        (LAYERS | {"biases": [[1, 1]]}, DATA, {}, ShapeError, "as many biases as weights"),
        (LAYERS | {"biases": [[1, 1], [0]]}, DATA, {}, ShapeError, "entry 2 of biases must have shape"),
        (LAYERS | {"weights": [ONE, [[1]]]}, DATA, {}, ShapeError, "weight of layer 2"),
        (LAYERS, ([[1]], [[0, 1]], [1]), {}, ShapeError, "points must have shape"),
        (LAYERS, ([[1, 2]], [[0]], [1]), {}, ShapeError, "targets must have shape"),
        (LAYERS, ([[1, 2]], [[0, 1]], [1, 1]), {}, ShapeError, "data weights must have shape"),
        (LAYERS, ([[1, 2]], [[0, 1]], [0]), {}, KindError, "positive"),
        (LAYERS, ([[1, "a"]], [[0, 1]], [1]), {}, KindError, r"points, at \(0, 1\)"),
        (ADAPTED | {"rotations": [[[1, 1], [0, 1]]]}, DATA, {"coordinates": "adapted"}, KindError, "not orthogonal"),
        (ADAPTED | {"output": []}, DATA, {"coordinates": "adapted"}, ShapeError, "adapted coordinates with 1"),
        (
            {"weights": [[[1, 1]]], "biases": [[0]]},
            ([[1, 2]], [[0]], [1]),
            {"cost": "input"},
            ShapeError,
            "cost='standard'",
        ),
        (
            {"weights": [[[1, 1]]], "biases": [[0]]},
            ([[1, 2]], [[0]], [1]),
            {"cost": "standard", "coordinates": "cumulative"},
            ShapeError,
            "square",
        ),
        (LAYERS | {"weights": [[[1, 2], [2, 4]], ONE]}, DATA, {}, UndefinedError, "singular"),
        (
            LAYERS | {"weights": [[[1, 2], [2, 4]], ONE]},
            DATA,
            {"coordinates": "cumulative-bias"},
            UndefinedError,
            "singular",
        ),
    ],
)
def test_malformed_questions_are_refused(route, parameters, data, options, error, message):
    with pytest.raises(error, match=message):
        route.gradients(parameters, *data, **options)


def test_the_exact_oracle_refuses_floats():
    with pytest.raises(KindError, match=r"entry 1 of biases.*Fractions, not float 0\.1"):
        exact.gradients(LAYERS | {"biases": [[0.1, 1], [0, 0]]}, *DATA)


@pytest.mark.parametrize("route", [floating, precise])
def test_not_a_number_is_refused(route):
    with pytest.raises(KindError, match="not finite"):
        route.gradients(LAYERS | {"biases": [[np.nan, 1], [0, 0]]}, *DATA)


def test_numbers_of_every_exact_kind_are_read():
    import flint

    mixed = {"weights": [[[Fraction(1, 2)]]], "biases": [[flint.fmpq(1, 2)]]}
    asked = mixed, [[np.int64(1)]], [[0]], [1]
    assert exact.cost(*asked) == 2
    assert floating.cost(*asked) == 2.0
    assert precise.cost(*asked) == 2
