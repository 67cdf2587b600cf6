"""The three routes of the oracle agree with each other in all coordinates and for both costs."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from symflow.network import (
    draw_inside_chamber,
    input_layer_cost,
    layer_states,
    standard_cost,
    to_cumulative,
    to_layers,
    to_pulled_back,
)
from symflow.oracle import exact, floating, precise

SYSTEMS = {
    "layers": to_layers,
    "cumulative": to_cumulative,
    "cumulative-bias": to_pulled_back,
    "adapted": lambda network: network,
}


def value(real):
    """The rational number that an mpf is, without rounding."""
    sign, mantissa, exponent, _ = real._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def question(seed, Q, L, N, coordinates, adapted=False):
    network, data = draw_inside_chamber(
        np.random.default_rng(seed), Q, L, N, Fraction(1, 50), exact=True, adapted=adapted
    )
    return SYSTEMS[coordinates](network).as_mapping(), data.points, data.targets, data.weights


@pytest.mark.parametrize("cost", ["input", "standard"])
@pytest.mark.parametrize("coordinates", list(SYSTEMS))
@pytest.mark.parametrize(("Q", "L", "N"), [(2, 1, 3), (3, 2, 4), (2, 3, 2), (2, 0, 2)])
def test_exact_floating_and_precise_agree(Q, L, N, coordinates, cost):
    asked = question(L, Q, L, N, coordinates)
    options = {"cost": cost, "coordinates": coordinates}
    truth = exact.gradients(*asked, **options)
    rounded = floating.gradients(*asked, **options)
    fine = precise.gradients(*asked, **options, digits=50)
    assert truth.keys() == rounded.keys() == fine.keys() == asked[0].keys()
    for name, arrays in truth.items():
        for array, floats, reals, parameter in zip(arrays, rounded[name], fine[name], asked[0][name], strict=True):
            assert array.shape == floats.shape == reals.shape == parameter.shape
            scale = 1 + np.abs(array).max()
            assert np.abs(array.astype(float) - floats).max() <= 1e-10 * float(scale)
            for entry, real in zip(array.flat, reals.flat, strict=True):
                assert abs(entry - value(real)) <= Fraction(1, 10**40) * scale
    assert any(array.any() for arrays in truth.values() for array in arrays)
    assert float(exact.cost(*asked, **options)) == pytest.approx(floating.cost(*asked, **options), rel=1e-12)
    assert float(precise.cost(*asked, **options)) == pytest.approx(float(exact.cost(*asked, **options)), rel=1e-14)


def test_precise_routes_reach_the_digits_asked_for():
    asked = question(1, 2, 1, 2, "adapted")
    truth = exact.gradients(*asked, coordinates="adapted")["biases"][0][0]
    errors = []
    for digits in (20, 100):
        computed = precise.gradients(*asked, coordinates="adapted", digits=digits)["biases"][0][0]
        errors.append(abs(value(computed) - truth))
    assert errors[0] < Fraction(1, 10**17) and errors[1] < Fraction(1, 10**97)


@pytest.mark.parametrize("coordinates", list(SYSTEMS))
def test_costs_equal_those_of_the_network_package(coordinates):
    network, data = draw_inside_chamber(np.random.default_rng(6), 3, 2, 4, 0.02, exact=True, adapted=False)
    asked = SYSTEMS[coordinates](network).as_mapping(), data.points, data.targets, data.weights
    assert exact.cost(*asked, cost="input", coordinates=coordinates) == input_layer_cost(network, data)
    assert exact.cost(*asked, cost="standard", coordinates=coordinates) == standard_cost(network, data)


def test_states_equal_those_of_the_network_package():
    network, data = draw_inside_chamber(np.random.default_rng(7), 3, 3, 4, 0.02, exact=True)
    layers = to_layers(network)
    for mine, theirs in zip(
        exact.states(layers.as_mapping(), data.points), layer_states(layers, data.points), strict=True
    ):
        assert (mine == theirs).all()


def test_layers_of_any_widths():
    rng = np.random.default_rng(0)
    widths = (3, 4, 2, 5)

    def numbers(*shape):
        return rng.integers(-8, 9, shape).astype(object) * Fraction(1, 4)

    layers = {
        "weights": [numbers(after, before) for before, after in pairwise(widths)],
        "biases": [numbers(after) for after in widths[1:]],
    }
    asked = layers, numbers(6, 3) + Fraction(1, 7), numbers(6, 5), [1] * 6
    truth = exact.gradients(*asked, cost="standard")
    floats = floating.gradients(*asked, cost="standard")
    for name, arrays in truth.items():
        for array, other in zip(arrays, floats[name], strict=True):
            assert np.allclose(array.astype(float), other, rtol=1e-12, atol=1e-10)
