"""Theory A1 and A6: the coordinate systems and the bijections between them, exactly."""

from fractions import Fraction

import numpy as np
import pytest

from symflow.errors import UnsupportedError
from symflow.network import (
    CumulativeParameters,
    LayeredParameters,
    draw_network,
    polar_form,
    to_cumulative,
    to_layers,
    to_pulled_back,
)


def same(first, second):
    """Equality of all arrays, without tolerance."""
    one, other = first.as_mapping(), second.as_mapping()
    return one.keys() == other.keys() and all(
        (a == b).all() for name in one for a, b in zip(one[name], other[name], strict=True)
    )


def draw(seed, Q=3, L=3, exact=True):
    return draw_network(np.random.default_rng(seed), Q, L, exact=exact, adapted=False)


@pytest.mark.parametrize("seed", range(5))
def test_round_trips_are_exact(seed):
    pulled_back = to_pulled_back(draw(seed))
    cumulative, layers = to_cumulative(pulled_back), to_layers(pulled_back)
    assert layers.exact
    assert same(to_pulled_back(cumulative), pulled_back)
    assert same(to_pulled_back(layers), pulled_back)
    assert same(to_cumulative(layers), cumulative)
    assert same(to_layers(cumulative), layers)


def test_cumulative_parameters_are_products_and_sums_of_the_layers():
    layers = to_layers(draw(7))
    cumulative = to_cumulative(layers)
    (w1, w2, w3, w4), (b1, b2, b3, b4) = layers.weights, layers.biases
    assert (cumulative.weights[3] == w4 @ w3 @ w2 @ w1).all()
    assert (cumulative.biases[3] == w4 @ w3 @ w2 @ b1 + w4 @ w3 @ b2 + w4 @ b3 + b4).all()


def test_composition_of_the_affine_layers_is_the_cumulative_affine_map():
    layers = to_layers(draw(8))
    x = np.array([Fraction(1, 3), Fraction(-2), Fraction(5, 7)])
    state = x
    for weight, bias in zip(layers.weights, layers.biases, strict=True):
        state = weight @ state + bias
    pulled_back = to_pulled_back(layers)
    assert (state == pulled_back.weights[-1] @ (x + pulled_back.biases[-1])).all()


def test_cumulative_parameters_of_any_widths():
    layers = LayeredParameters(([[1.0, 2.0, 3.0]], [[2.0], [-1.0]]), ([1.0], [0.0, 3.0]))
    cumulative = to_cumulative(layers)
    assert cumulative.weights[1].tolist() == [[2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]]
    assert cumulative.biases[1].tolist() == [2.0, 2.0]
    assert layers.widths == (3, 1, 2)


def test_polar_weights_are_the_product_of_their_factors():
    network = draw(9)
    frame, stretch, rotation = network.frames[1], network.stretches[1], network.rotations[1]
    diagonal = np.diag(stretch.tolist()).astype(object)
    assert (to_pulled_back(network).weights[1] == frame.T @ diagonal @ frame @ rotation).all()


@pytest.mark.parametrize("seed", range(3))
def test_polar_form_gives_the_weights_back(seed):
    pulled_back = to_pulled_back(draw(seed, Q=4, exact=False))
    again = to_pulled_back(polar_form(pulled_back))
    for first, second in zip(pulled_back.weights, again.weights, strict=True):
        assert np.allclose(first, second, rtol=0, atol=1e-12)


def test_polar_form_of_rational_weights_is_refused():
    with pytest.raises(UnsupportedError, match="to_floats"):
        polar_form(to_pulled_back(draw(1)))


def test_conversions_that_change_nothing_return_their_argument():
    cumulative = CumulativeParameters(([[2.0]],), ([1.0],))
    assert to_cumulative(cumulative) is cumulative
    assert to_layers(cumulative).weights[0][0, 0] == 2.0
