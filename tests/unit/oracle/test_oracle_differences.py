"""Gradients against differences of exact cost values, which use no differentiation at all.

In a chamber the standard cost is quadratic in each single entry of W_ℓ and b_ℓ, and both costs are quadratic in each
entry of a bias in any coordinates: there the central difference is the derivative, exactly. Where an inverse of a
varied matrix enters, the cost is rational and the central difference errs by O(h²), with h as small as one likes.
"""

from fractions import Fraction

import numpy as np
import pytest

from symflow.network import draw_inside_chamber, to_cumulative, to_layers, to_pulled_back
from symflow.oracle import exact

SYSTEMS = {
    "layers": to_layers,
    "cumulative": to_cumulative,
    "cumulative-bias": to_pulled_back,
    "adapted": lambda network: network,
}
STEP = Fraction(1, 10**4)
TINY = Fraction(1, 10**30)


def drawn(Q=2, L=2, N=8):
    return draw_inside_chamber(np.random.default_rng(11), Q, L, N, Fraction(1, 20), exact=True, adapted=False)


def moved(groups, name, layer, change):
    """The groups with one array replaced."""
    return groups | {name: tuple(change(a) if k == layer else a for k, a in enumerate(groups[name]))}


def central_difference(groups, name, layer, place, step, data, **options):
    def at(signed):
        def change(array):
            copy = array.copy()
            copy[place] += signed
            return copy

        return exact.cost(moved(groups, name, layer, change), data.points, data.targets, data.weights, **options)

    return (at(step) - at(-step)) / (2 * step)


@pytest.mark.parametrize(
    ("coordinates", "cost", "name"),
    [("layers", "standard", "weights")]
    + [(system, cost, "biases") for system in SYSTEMS for cost in ("input", "standard")],
)
def test_polynomial_directions_agree_exactly(coordinates, cost, name):
    network, data = drawn()
    groups = SYSTEMS[coordinates](network).as_mapping()
    options = {"cost": cost, "coordinates": coordinates}
    gradient = exact.gradients(groups, data.points, data.targets, data.weights, **options)
    for layer, array in enumerate(groups[name]):
        for place in np.ndindex(array.shape):
            difference = central_difference(groups, name, layer, place, STEP, data, **options)
            assert difference == gradient[name][layer][place]


@pytest.mark.parametrize(
    ("coordinates", "name"),
    [
        ("layers", "weights"),
        ("cumulative", "weights"),
        ("cumulative-bias", "weights"),
        ("adapted", "stretches"),
        ("adapted", "output"),
    ],
)
@pytest.mark.parametrize("cost", ["input", "standard"])
def test_rational_directions_agree_to_the_square_of_the_step(coordinates, cost, name):
    network, data = drawn()
    groups = SYSTEMS[coordinates](network).as_mapping()
    options = {"cost": cost, "coordinates": coordinates}
    gradient = exact.gradients(groups, data.points, data.targets, data.weights, **options)
    for layer, array in enumerate(groups[name]):
        for place in np.ndindex(array.shape):
            difference = central_difference(groups, name, layer, place, TINY, data, **options)
            assert abs(difference - gradient[name][layer][place]) < Fraction(1, 10**50)


def cayley(generator, time):
    """(1 − tA/2)^{-1}(1 + tA/2), orthogonal, equal to exp(tA) up to third order; Q = 2."""
    half = generator[0, 1] * time / 2
    square = half * half
    return np.array([[1 - square, 2 * half], [-2 * half, 1 - square]], dtype=object) / (1 + square)


@pytest.mark.parametrize("name", ["rotations", "frames"])
@pytest.mark.parametrize("cost", ["input", "standard"])
def test_lie_gradients_agree_with_differences_along_rotations(cost, name):
    network, data = drawn()
    groups = network.as_mapping()
    options = {"cost": cost, "coordinates": "adapted"}
    gradient = exact.gradients(groups, data.points, data.targets, data.weights, **options)[name]
    generator = np.array([[0, 1], [-1, 0]], dtype=object)
    for layer, omega in enumerate(gradient):
        assert (omega == -omega.T).all()
        ends = [
            exact.cost(
                moved(groups, name, layer, lambda R, sign=sign: cayley(generator, sign * TINY) @ R),
                data.points,
                data.targets,
                data.weights,
                **options,
            )
            for sign in (1, -1)
        ]
        difference = (ends[0] - ends[1]) / (2 * TINY)
        assert difference != 0
        assert abs(difference - (omega * generator).sum()) < Fraction(1, 10**50)
