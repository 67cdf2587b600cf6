"""Activations and losses: the routes agree with each other, with differences of costs, with values known by hand."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from symflow.errors import KindError, UnsupportedError
from symflow.network import draw_inside_chamber, to_layers, to_pulled_back
from symflow.oracle import exact, floating, precise
from symflow.oracle.choices import RELU, SWISH, TANH, Activation, leaky_relu, polynomial

ACTIVATIONS = (RELU, leaky_relu(Fraction(1, 5)), polynomial(Fraction(1, 3), 1, Fraction(-1, 4)), TANH, SWISH)
LOSSES = (("square", "input"), ("quartic", "input"), ("pseudo-huber", "standard"), ("cross-entropy", "standard"))
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda activation: activation.name)
every_loss = pytest.mark.parametrize(("loss", "cost"), LOSSES)


def question(to=to_layers, L=2):
    network, data = draw_inside_chamber(np.random.default_rng(5), 2, L, 3, 0.02, exact=True, adapted=False)
    parameters = to(network)
    return (parameters.as_mapping(), data.points, data.targets, data.weights), parameters.coordinates


@every_activation
@every_loss
@pytest.mark.parametrize("to", [to_layers, to_pulled_back])
def test_routes_agree(activation, loss, cost, to):
    asked, coordinates = question(to)
    options = {"coordinates": coordinates, "cost": cost, "activation": activation, "loss": loss}
    floats, fine = floating.gradients(*asked, **options), precise.gradients(*asked, **options)
    rational = activation.rational and loss in ("square", "quartic")
    truth = exact.gradients(*asked, **options) if rational else fine
    for name, arrays in truth.items():
        for array, rounded, digits in zip(arrays, floats[name], fine[name], strict=True):
            assert np.allclose(array.astype(float), rounded, rtol=1e-11, atol=1e-11)
            assert array.any()
            for one, other in zip(array.flat, digits.flat, strict=True):
                with mpmath.workdps(60):
                    assert abs(other - one) <= mpmath.mpf(10) ** -44 * (1 + abs(other))


@every_activation
@every_loss
def test_gradients_agree_with_differences_of_costs(activation, loss, cost):
    (groups, *data), coordinates = question()
    options = {"coordinates": coordinates, "cost": cost, "activation": activation, "loss": loss}
    step = Fraction(1, 10**15)

    def moved(sign):
        first = groups["weights"][0].copy()
        first[0, 1] += sign * step
        return precise.cost({**groups, "weights": (first, *groups["weights"][1:])}, *data, digits=60, **options)

    gradient = precise.gradients(groups, *data, digits=60, **options)["weights"][0][0, 1]
    with mpmath.workdps(60):
        difference = (moved(1) - moved(-1)) / (2 * mpmath.mpf(step.numerator) / step.denominator)
        assert abs(difference - gradient) < mpmath.mpf(10) ** -25 * (1 + abs(gradient))


@pytest.mark.parametrize(
    ("activation", "value"),
    [
        (leaky_relu(Fraction(1, 5)), -0.4), (polynomial(1, 2, 3), 9.0), (TANH, math.tanh(-2)),
        (SWISH, -2 / (1 + math.exp(2))), (RELU, 0.0),
    ],
)  # fmt: skip
def test_values_known_by_hand(activation, value):
    """One neuron at u = -2; the standard square loss of its value against 0."""
    network = {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}
    for route in (floating, precise):
        found = route.cost(network, [[-2]], [[0]], [1], cost="standard", activation=activation)
        assert float(found) == pytest.approx(value**2 / 2, rel=1e-14)


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        ("square", 4.5), ("quartic", 81 / 4), ("pseudo-huber", math.sqrt(10) - 1),
        ("cross-entropy", math.log(math.exp(3))),
    ],
)  # fmt: skip
def test_losses_known_by_hand(loss, value):
    """The output 3 against the target 0, by the affine network of one layer."""
    for route in (floating, precise):
        found = route.cost({"weights": [[[3]]], "biases": [[0]]}, [[1]], [[0]], [1], cost="standard", loss=loss)
        assert float(found) == pytest.approx(value, rel=1e-14)


def test_cross_entropy_of_large_outputs_does_not_overflow():
    found = floating.cost({"weights": [[[2000.0]]], "biases": [[0]]}, [[1]], [[1]], [1], cost="standard", loss="square")
    assert found == pytest.approx(1999.0**2 / 2)
    entropy = floating.cost(
        {"weights": [[[2000.0]]], "biases": [[0]]}, [[1]], [[1]], [1], cost="standard", loss="cross-entropy"
    )
    assert entropy == pytest.approx(0)


def test_the_exact_route_refuses_what_leaves_the_rationals():
    asked, coordinates = question()
    with pytest.raises(UnsupportedError, match="tanh has no rational values"):
        exact.gradients(*asked, coordinates=coordinates, activation=TANH)
    with pytest.raises(UnsupportedError, match="pseudo-huber has no rational values"):
        exact.gradients(*asked, coordinates=coordinates, loss="pseudo-huber")


def test_wrong_choices():
    asked, coordinates = question()
    with pytest.raises(KindError, match="unknown activation 'sine'"):
        Activation("sine")
    with pytest.raises(KindError, match="does not go with 2 numbers"):
        Activation("leaky relu", (Fraction(1), Fraction(2)))
    with pytest.raises(KindError, match="unknown loss 'cubic'"):
        exact.cost(*asked, coordinates=coordinates, loss="cubic")
    with pytest.raises(KindError, match="take cost='standard'"):
        floating.cost(*asked, coordinates=coordinates, loss="cross-entropy")
