"""The bundled data sets equal scikit-learn's, and their exact version is made of the printed decimals."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from symflow.confirm import datasets
from symflow.confirm.datasets import MissingDataError, load
from symflow.errors import ShapeError, UnsupportedError


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_same_numbers_as_scikit_learn(name):
    import sklearn.datasets

    theirs = getattr(sklearn.datasets, f"load_{name}")()
    features, labels = datasets._read(name)
    assert (np.array(features, dtype=float) == theirs.data).all()
    assert labels == theirs.target.tolist()
    standardised = (theirs.data - theirs.data.mean(axis=0)) / theirs.data.std(axis=0)
    assert np.allclose(load(name).points, standardised, rtol=0, atol=1e-12)


def test_targets_are_one_hot_in_the_dimension_of_the_points():
    data = load("wine", Q=5)
    assert data.points.shape == data.targets.shape == (178, 5)
    assert (data.targets.argmax(axis=1) == data.labels).all()
    assert (data.targets.sum(axis=1) == 1).all()
    assert np.allclose(data.points, load("wine").points[:, :5], rtol=0, atol=1e-12)


def test_class_weights_are_those_of_the_points_taken():
    data = load("iris", N=31, exact=True)
    for label in range(3):
        assert sum(w for w, k in zip(data.weights, data.labels, strict=True) if k == label) == 1


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_exact_points_are_rational_of_order_one_with_short_denominators(name):
    data = load(name, N=20, exact=True)
    assert data.exact and all(isinstance(entry, Fraction) for entry in data.points.flat)
    assert np.abs(data.points).max() < 5
    assert max(entry.denominator for entry in data.points.flat) < 10**5
    assert set(data.labels) == {0, 1, 2}
    # An affine image of the decimals: differences in one feature have the ratios of the printed ones.
    features, _ = datasets._read(name)
    column = [row[0] for row in features]
    last = len(column) - 1
    middle = round(np.linspace(0, last, 20)[7])
    ratio = (column[middle] - column[0]) / (column[last] - column[0])
    assert (data.points[7, 0] - data.points[0, 0]) / (data.points[19, 0] - data.points[0, 0]) == ratio


def test_out_of_range_requests_are_refused():
    with pytest.raises(UnsupportedError, match="unknown data set 'faces'"):
        load("faces")
    with pytest.raises(ShapeError, match="4 features and 3 classes"):
        load("iris", Q=2)
    with pytest.raises(ShapeError, match="150 points"):
        load("iris", N=151)


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match="pip install scikit-learn"):
        load("iris")


def test_loading_does_not_import_scikit_learn():
    code = "import sys; from symflow.confirm.datasets import load; load('iris'); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    pictures, labels = datasets.load_digits(return_X_y=True)
    ink = pictures.reshape(-1, 8, 8).sum(axis=2)[labels < 5]
    data = load("digits")
    assert data.points.shape == (901, 8) and sorted(data.labels) == list(data.labels)
    standardised = (ink - ink.mean(axis=0)) / ink.std(axis=0)
    assert np.allclose(np.sort(data.points, axis=0), np.sort(standardised, axis=0))
    exact = load("digits", Q=6, N=20, exact=True)
    assert exact.points.shape == (20, 6) and len(set(exact.labels)) == 5
