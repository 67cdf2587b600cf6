"""What a flow starts from, read off the command line: data, classes, targets, rotations, biases."""

from __future__ import annotations

import math
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symflow.confirm.datasets import FILES, load
from symflow.errors import ClaimError, KindError
from symflow.flow.given import read_real
from symflow.flow.records import Data, Floats
from symflow.network import draw_orthogonal
from symflow.network.arrays import require_orthogonal
from symflow.network.data_files import NamedClasses, named_classes, read_data_file, read_matrices

ROTATIONS = ("towards", "identity", "random")


@dataclass(frozen=True, eq=False)
class Start:
    """Data with K classes in R^Q; rotations (L, Q, Q) and biases (L, Q) at time 0; the names of the classes."""

    data: Data
    rotations: Floats
    biases: Floats
    names: tuple[str, ...]


def read_start(options: Namespace) -> Start:
    """Everything that a flow starts from. Raises ClaimError, which says what to change."""
    chosen = read_data(options)
    data = Data(chosen.points, chosen.labels, _masses(options.weights, chosen), _targets(options.target, chosen))
    given = None if options.rotation in ROTATIONS else read_matrices(options.rotation, chosen.points.shape[1])
    depth = options.layers or (len(chosen.names) if given is None else len(given))
    if options.flow == "separated" and depth != len(chosen.names):
        raise ClaimError(
            f"{depth} layers: in a separated flow every class has one layer, and there are {len(chosen.names)} "
            "classes; choose them with --classes, or use the chamber flow"
        )
    if given is not None and depth != len(given):
        raise ClaimError(f"--rotation {options.rotation} has {len(given)} matrices, and there are {depth} layers")
    random = np.random.default_rng(options.seed)
    if given is None:
        given = np.array([_rotation(options.rotation, data, layer, random) for layer in range(depth)])
    elif options.flow != "general":
        for layer, matrix in enumerate(given, 1):
            _require_rotation(matrix, f"--rotation {options.rotation}: matrix {layer}", options.flow)
    return Start(data, given, _biases(options.bias, data, depth, random), chosen.names)


def _require_rotation(matrix: Floats, name: str, flow: str) -> None:
    try:
        require_orthogonal(matrix, "R")
    except KindError:
        defect = float(np.abs(matrix @ matrix.T - np.eye(len(matrix))).max())
        raise ClaimError(
            f"{name} is not orthogonal, R·Rᵀ is {defect:.1e} away from 1; the {flow} flow needs rotations, "
            "the general flow takes any invertible weights"
        ) from None


def _masses(weights: str, chosen: NamedClasses) -> Floats:
    """1/N_j for a datum of a class of N_j, the paper's choice, or 1/N."""
    count = len(chosen.points)
    if weights == "equal":
        return np.full(count, 1.0 / count)
    return np.asarray(1.0 / np.bincount(chosen.labels)[chosen.labels])


def read_data(options: Namespace) -> NamedClasses:
    """The data named by ``--data``, with the classes and features that are wanted."""
    found = _load(options.data, options.labels)
    read_real(found.points, f"--data {options.data}", 2)  # squares of what is larger are no floats
    if options.classes is not None:
        found = found.only([name.strip() for name in options.classes.split(",")])
    if options.features is not None:
        found = found.columns(_whole_numbers(options.features))
    return found


def _load(name: str, labels: str) -> NamedClasses:
    if name in FILES:
        data = load(name)  # type: ignore[arg-type]  # one of the names
        return named_classes(data.points, data.labels)
    if not name:
        raise ClaimError("--data is empty; give a file .csv or .npz, or one of " + ", ".join(sorted(FILES)))
    path = Path(name)
    if not path.suffix and not path.exists():
        known = ", ".join(sorted(FILES))
        raise ClaimError(f"--data {name}: neither a file nor a data set that is known; these are {known}")
    return read_data_file(path, "none" if labels == "none" else "last")


def _targets(text: str | None, chosen: NamedClasses) -> Floats:
    """ỹ_j, one row a class: one-hot unless given."""
    classes, width = len(chosen.names), chosen.points.shape[1]
    if text is not None:
        return _table(text, "--target", classes, width, "class")
    if classes > width:
        raise ClaimError(
            f"{classes} classes in R^{width} have no one-hot targets; give --target, or fewer classes with --classes"
        )
    return np.eye(width)[:classes]


def _rotation(text: str, data: Data, layer: int, random: np.random.Generator) -> Floats:
    width = data.points.shape[1]
    if text == "random":
        return np.asarray(draw_orthogonal(random, width))
    if text == "identity" or width == 1:
        return np.eye(width)
    own = data.labels == layer % len(data.targets)
    if own.all():
        return np.eye(width)
    return turning(data.points[~own].mean(axis=0) - data.points[own].mean(axis=0))


def turning(direction: Floats) -> Floats:
    """A reflection that takes the direction (Q,) to that of (1, …, 1), the axis of the positive cone.

    >>> turning(np.array([3.0, 4.0])) @ np.array([3.0, 4.0]) / 5
    array([0.70710678, 0.70710678])
    """
    width = len(direction)
    length = float(np.linalg.norm(direction))
    axis = np.full(width, 1 / math.sqrt(width))
    if length == 0:
        return np.eye(width)
    normal = direction / length - axis
    squared = float(normal @ normal)
    return np.eye(width) if squared < 1e-30 else np.eye(width) - 2 * np.outer(normal, normal) / squared


def _biases(text: str, data: Data, depth: int, random: np.random.Generator) -> Floats:
    """β_ℓ: minus the mean of the layer's class, so that the cone has its apex there, unless said otherwise."""
    width = data.points.shape[1]
    if text == "mean":
        means = [data.points[data.labels == label].mean(axis=0) for label in range(len(data.targets))]
        return np.array([-means[layer % len(means)] for layer in range(depth)])
    if text == "random":
        return np.asarray(random.normal(size=(depth, width)))
    return _table(text, "--bias", depth, width, "layer")


def _table(text: str, option: str, rows: int, width: int, what: str) -> Floats:
    """Numbers such as "1,0;0,1": rows separated by semicolons."""
    parsed = []
    for number, row in enumerate(text.split(";"), 1):
        cells = row.split(",")
        if len(cells) != width:
            raise ClaimError(f"{option}: row {number} has {len(cells)} numbers, and the data have {width} features")
        parsed.append([_real(cell, option) for cell in cells])
    if len(parsed) != rows:
        raise ClaimError(f"{option}: {len(parsed)} rows, and one is needed for each {what}, {rows}; separate them by ;")
    return read_real(parsed, option, 2)


def _real(cell: str, option: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ClaimError(f"{option}: {cell.strip()!r} is no finite number; write rows such as 1,0;0,1")
    return value


def _whole_numbers(text: str) -> list[int]:
    cells = [cell.strip() for cell in text.split(",")]
    wrong = [cell for cell in cells if not (cell.isascii() and cell.isdigit())]
    if wrong:
        raise ClaimError(f"--features: {wrong[0]!r} is no column; they are counted from 0, such as 0,2")
    return [int(cell) for cell in cells]
