"""Layered networks of any widths as plain arrays, and the oracle's gradients of their standard cost."""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from symflow.oracle import exact


def as_fractions(rng, *shape):
    """Random multiples of 1/8 in [-2, 2]."""
    numbers = [Fraction(int(k), 8) for k in rng.integers(-16, 17, size=shape).ravel()]
    return np.array(numbers, dtype=object).reshape(shape)


def as_normal(rng, *shape):
    """Random normal floats."""
    return rng.normal(size=shape)


def identity(size):
    """The identity in Fractions."""
    return np.array([[Fraction(int(i == j)) for j in range(size)] for i in range(size)], dtype=object)


def draw_layers(rng, widths, N, numbers=as_fractions):
    """A layered network of the given widths, with N points and targets for it."""
    layers = {
        "weights": [numbers(rng, rows, columns) for columns, rows in pairwise(widths)],
        "biases": [numbers(rng, rows) for rows in widths[1:]],
    }
    return layers, numbers(rng, N, widths[0]), numbers(rng, N, widths[-1])


def layer_gradients(layers, points, targets, *, oracle=exact):
    """Gradients of the standard cost with data weights 1, and relu'(0) = 0."""
    return oracle.gradients(layers, points, targets, [1] * len(points), cost="standard", on_kink="zero")


def hidden_states(layers, points):
    """x^(0), ..., x^(L), by a loop over the layers."""
    found = [points]
    for W, b in list(zip(layers["weights"], layers["biases"], strict=True))[:-1]:
        u = found[-1] @ W.T + b
        found.append(np.where(u > 0, u, 0 * u))
    return found


def cumulative_parameters(layers):
    """W^(l) and b^(l) of every layer, by multiplying out."""
    weight, bias = 1 * layers["weights"][0], 1 * layers["biases"][0]
    found = [(weight, bias)]
    for W, b in zip(layers["weights"][1:], layers["biases"][1:], strict=True):
        weight, bias = W @ weight, W @ bias + b
        found.append((weight, bias))
    return found
