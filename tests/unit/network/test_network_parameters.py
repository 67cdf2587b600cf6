"""Validation: every malformed network or data set is refused with the place of the mistake."""

from fractions import Fraction

import numpy as np
import pytest

from symflow.errors import KindError, ShapeError, UndefinedError
from symflow.network import (
    LabelledData,
    LayeredParameters,
    PolarParameters,
    PulledBackParameters,
    class_weights,
    one_hot,
    standard_cost,
    to_layers,
    to_pulled_back,
    trajectory,
)

ONE = [[1.0, 0.0], [0.0, 1.0]]
SHEAR = [[1.0, 1.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("weights", "biases", "error", "message"),
    [
        (([[1.0, float("nan")], [0.0, 1.0]],), ([0.0, 0.0],), KindError, r"W_1 has the entry nan at \(0, 1\)"),
        ((ONE,), ([0.0, float("inf")],), KindError, "b_1 has the entry inf"),
        ((ONE, [[1.0]]), ([0.0, 0.0], [0.0]), ShapeError, "W_2 must have shape"),
        ((ONE,), ([0.0],), ShapeError, "b_1 must have shape"),
        ((ONE,), ([[0.0, 0.0]],), ShapeError, "b_1 needs 1 axes"),
        ((ONE, ONE), ([0.0, 0.0],), ShapeError, "as many biases as weights"),
        ((), (), ShapeError, "at least one"),
        (([[1.0], [1.0, 2.0]],), ([0.0, 0.0],), ShapeError, "different lengths"),
        (([["a"]],), ([0.0],), KindError, "real numbers"),
        (([[Fraction(1), 0.5], [0, 1]],), ([0, 0],), KindError, "mixes exact numbers with float"),
        (([[Fraction(1)]],), ([0.5],), KindError, "mixes exact and float"),
    ],
)
def test_malformed_layers_are_refused(weights, biases, error, message):
    with pytest.raises(error, match=message):
        LayeredParameters(weights, biases)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"rotations": (SHEAR,)}, KindError, "entry 1 of rotations is not orthogonal"),
        ({"frames": (SHEAR,)}, KindError, "entry 1 of frames is not orthogonal"),
        ({"stretches": ([1.0, 0.0],)}, KindError, "must be positive"),
        ({"stretches": ([1.0],)}, ShapeError, "entry 1 of stretches"),
        ({"biases": ([0.0, 0.0],)}, ShapeError, "needs 2 biases"),
        ({"output": (ONE, ONE)}, ShapeError, "needs 1 output"),
    ],
)
def test_malformed_polar_parameters_are_refused(changed, error, message):
    good = {"stretches": ([1.0, 2.0],), "rotations": (ONE,), "biases": ([0.0, 0.0],) * 2, "output": (ONE,)}
    PolarParameters(**good)
    with pytest.raises(error, match=message):
        PolarParameters(**(good | changed))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"points": [[np.nan, 0.0]]}, KindError, "points has the entry nan"),
        ({"targets": [[0.0], [0.0]]}, ShapeError, "targets must have shape"),
        ({"weights": [0.0]}, KindError, "must be positive"),
        ({"labels": (0, 1)}, ShapeError, "need 1 labels"),
    ],
)
def test_malformed_data_are_refused(changed, error, message):
    good = {"points": [[1.0, 0.0]], "targets": [[0.0]], "weights": [1.0], "labels": (0,)}
    LabelledData(**good)
    with pytest.raises(error, match=message):
        LabelledData(**(good | changed))


@pytest.mark.parametrize("singular", [[[1.0, 1.0], [1.0, 1.0 + 1e-15]], [[Fraction(1), 2], [2, 4]]])
def test_a_singular_weight_is_named(singular):
    zero = [0 * singular[0][0]] * 2
    with pytest.raises(UndefinedError, match="cumulative weight 1 is singular"):
        to_pulled_back(LayeredParameters((singular,), (zero,)))
    with pytest.raises(UndefinedError, match="cumulative weight 1 is singular"):
        to_layers(PulledBackParameters((singular, singular), (zero, zero)))


def test_weights_that_are_not_square_have_no_pulled_back_biases():
    with pytest.raises(ShapeError, match="no inverse"):
        to_pulled_back(LayeredParameters(([[1.0, 2.0]],), ([0.0],)))


def test_exact_network_with_float_points_is_refused():
    network = LayeredParameters(([[Fraction(1)]],), ([Fraction(0)],))
    with pytest.raises(KindError, match="network is exact and the points are float"):
        trajectory(network, [[0.5]])


def test_targets_of_the_wrong_width_are_refused():
    network = LayeredParameters(([[1.0], [2.0]],), ([0.0, 0.0],))
    with pytest.raises(ShapeError, match="targets must have shape"):
        standard_cost(network, LabelledData([[1.0]], [[1.0]], [1.0], (0,)))


def test_class_weights_sum_to_one_over_each_class():
    labels = [0, 2, 2, 0, 2]
    weights = class_weights(labels, exact=True)
    assert sum(w for w, label in zip(weights, labels, strict=True) if label == 2) == 1
    assert sum(weights) == 2


def test_one_hot_needs_labels_in_range():
    assert one_hot([2], 3, exact=True).tolist() == [[0, 0, 1]]
    with pytest.raises(ShapeError, match=r"labels 0\.\.1"):
        one_hot([2], 2)


def test_conversion_between_arithmetics_keeps_the_numbers():
    network = LayeredParameters(([[0.1]],), ([0.5],))
    exact = network.to_fractions()
    assert exact.exact and exact.weights[0][0, 0] == Fraction(0.1)
    assert exact.to_floats().weights[0][0, 0] == 0.1


def test_arrays_cannot_be_changed_behind_the_validation():
    network = LayeredParameters(([[0.1]],), ([0.5],))
    with pytest.raises(ValueError, match="read-only"):
        network.weights[0][0, 0] = np.nan
