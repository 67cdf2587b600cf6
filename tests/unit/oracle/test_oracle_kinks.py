"""On a wall: refused by default; with relu'(0) = 0 the derivative from the truncated side."""

from fractions import Fraction

import mpmath
import pytest

from symflow.errors import UndefinedError
from symflow.oracle import exact, floating, precise

STEP = Fraction(1, 8)
# One neuron: x = 2, W_1 = 1, b_1 = -2 puts the preactivation exactly on 0.
DATA = ([[2]], [[3]], [1])


def layers(bias):
    return {"weights": [[[1]], [[1]]], "biases": [[bias], [1]]}


@pytest.mark.parametrize("route", [exact, floating, precise])
def test_a_datum_on_a_kink_is_refused_with_its_place(route):
    points, targets, weights = [[5], [2]], [[3], [3]], [1, 1]
    with pytest.raises(UndefinedError, match="datum 1 sits on the kink of relu: component 0 of layer 1"):
        route.gradients(layers(-2), points, targets, weights)


@pytest.mark.parametrize("route", [exact, floating, precise])
def test_the_declared_convention_is_the_slope_of_the_truncated_side(route):
    on_wall = route.gradients(layers(-2), *DATA, on_kink="zero")["biases"][0][0]
    truncated = (exact.cost(layers(-2), *DATA) - exact.cost(layers(-2 - STEP), *DATA)) / STEP
    assert on_wall == truncated == 0
    assert exact.gradients(layers(-2 - STEP), *DATA)["biases"][0][0] == truncated


def test_the_two_sides_of_the_wall_have_different_slopes():
    # Behind the wall C = ½b² is quadratic: two one-sided differences extrapolate to its slope on the wall.
    near, far = ((exact.cost(layers(-2 + h), *DATA) - exact.cost(layers(-2), *DATA)) / h for h in (STEP, 2 * STEP))
    active = 2 * near - far
    assert active == -2
    inside = exact.gradients(layers(-2 + STEP), *DATA)["biases"][0][0]
    assert inside == active + STEP


@pytest.mark.parametrize("route", [exact, floating, precise])
def test_the_cost_itself_is_defined_on_the_wall(route):
    assert route.cost(layers(-2), *DATA) == 2


def test_next_to_the_wall_nothing_is_refused():
    with mpmath.workdps(40):
        near = precise.gradients(layers(mpmath.mpf(-2) + mpmath.mpf(10) ** -30), *DATA, digits=40)
    assert abs(near["biases"][0][0] + 2) < 1e-25
