"""Iris, wine and handwritten digits as labelled data in R^Q: standardised floats, or exact rationals.

The numbers are read from the files that scikit-learn installs, without importing scikit-learn: its import costs more
than a second, and the files hold the decimals as they were printed, which floats do not; from those the rationals are
made.
"""

from __future__ import annotations

import csv
import gzip
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symflow.errors import ShapeError, SymflowError, UnsupportedError
from symflow.network import LabelledData, class_weights, one_hot

Name = Literal["iris", "wine", "digits"]
FILES = {"iris": "iris.csv", "wine": "wine_data.csv", "digits": "digits.csv.gz"}
DIGITS = 5  # the classes 0 to 4 of the handwritten digits
SIDE = 8  # pixels of a row


class MissingDataError(SymflowError, FileNotFoundError):
    """A bundled data set cannot be found on this machine."""


def load(name: Name, *, Q: int | None = None, N: int | None = None, exact: bool = False) -> LabelledData:
    """A real data set whose points and targets both live in R^Q, with class weights ω = 1/N_j.

    ``iris`` has 150 points, 4 features and 3 classes; ``wine`` 178 points, 13 features and 3 classes;
    ``digits`` are the 901 pictures of the digits 0 to 4, with the ink in each of their 8 rows as features. The first Q
    features are taken (all by default) and class j has the target e_j in R^Q, so Q lies between the number of classes
    and the number of features. ``N`` takes that many points, evenly spaced through the file, which is sorted by
    class: every class keeps its share.

    Floats are standardised over the points taken: mean 0, standard deviation 1 in each feature. With ``exact`` the
    printed decimals become Fractions and are moved and scaled by the mean and the deviation rounded to two
    significant digits: of order one, and with short denominators.

    Raises UnsupportedError (unknown name), ShapeError (Q or N out of range), MissingDataError (no scikit-learn).

    >>> load("iris").points.shape, load("wine", Q=5, N=30).targets.shape
    ((150, 4), (30, 5))
    >>> load("iris", N=6, exact=True).points[0, 0]
    Fraction(-2, 3)
    """
    if name not in FILES:
        raise UnsupportedError(f"unknown data set {name!r}; choose one of {', '.join(map(repr, sorted(FILES)))}")
    features, labels = _read(name)
    available, size = len(features[0]), len(features)
    classes = len(set(labels))
    dimension = available if Q is None else Q
    if not classes <= dimension <= available:
        raise ShapeError(f"{name} has {available} features and {classes} classes: Q must lie between; got {dimension}")
    count = size if N is None else N
    if not classes <= count <= size:
        raise ShapeError(f"{name} has {size} points and {classes} classes: N must lie between; got {count}")
    chosen = [round(index) for index in np.linspace(0, size - 1, count)]
    decimals = np.array([features[index][:dimension] for index in chosen], dtype=object)
    kept = [labels[index] for index in chosen]
    return LabelledData(
        points=_rationally_scaled(decimals) if exact else _standardised(decimals.astype(np.float64)),
        targets=one_hot(kept, dimension, exact=exact),
        weights=class_weights(kept, exact=exact),
        labels=tuple(kept),
    )


def _standardised(points: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = points.std(axis=0)
    # A feature that is constant over a small subset stays 0.
    return np.asarray((points - points.mean(axis=0)) / np.where(deviations > 0, deviations, 1.0))


def _rationally_scaled(points: NDArray[Any]) -> NDArray[Any]:
    floats = points.astype(np.float64)
    centres = [Fraction(f"{mean:.2g}") for mean in floats.mean(axis=0)]
    scales = [Fraction(f"{deviation:.2g}") or Fraction(1) for deviation in floats.std(axis=0)]
    return np.array(
        [[(x - c) / s for x, c, s in zip(row, centres, scales, strict=True)] for row in points], dtype=object
    )


def _read(name: str) -> tuple[list[list[Fraction]], list[int]]:
    """All features as printed, and the labels, which stand in the last column; sorted by class."""
    if name == "digits":
        return _read_digits()
    with _path(name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]  # the first line is a header
    return [[Fraction(entry) for entry in row[:-1]] for row in rows], [int(row[-1]) for row in rows]


def _read_digits() -> tuple[list[list[Fraction]], list[int]]:
    with gzip.open(_path("digits"), "rt", newline="", encoding="utf-8") as file:
        pictures = [[int(float(entry)) for entry in row] for row in csv.reader(file)]
    chosen = sorted((row for row in pictures if row[-1] < DIGITS), key=lambda row: row[-1])
    features = [[Fraction(sum(row[k : k + SIDE])) for k in range(0, SIDE * SIDE, SIDE)] for row in chosen]
    return features, [row[-1] for row in chosen]


def _path(name: str) -> Path:
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise MissingDataError(
            f"the {name} data come with scikit-learn, which is not installed here: pip install scikit-learn"
        )
    path = Path(package.submodule_search_locations[0]) / "datasets" / "data" / FILES[name]
    if not path.is_file():
        raise MissingDataError(
            f"scikit-learn is installed but {path} is missing; reinstall it: pip install --force-reinstall scikit-learn"
        )
    return path
