"""Changes between the coordinate systems of a network; bijections for invertible weights (theory A6).

    (W_ℓ, b_ℓ)  ↔  (W^(ℓ), b^(ℓ))  ↔  (W^(ℓ), β_ℓ)  ↔  (W_*ℓ, R̃_ℓ, R_ℓ, β_ℓ)

Every function takes any of the four systems. All but ``polar_form`` are exact on Fractions.
"""

from __future__ import annotations

import numpy as np

from symflow.errors import UnsupportedError
from symflow.network.arrays import Array, inverse
from symflow.network.parameters import (
    AnyParameters,
    CumulativeParameters,
    LayeredParameters,
    PolarParameters,
    PulledBackParameters,
)


def to_cumulative(parameters: AnyParameters) -> CumulativeParameters:
    """W^(ℓ) = W_ℓ W^(ℓ-1), b^(ℓ) = W_ℓ b^(ℓ-1) + b_ℓ; from β: b^(ℓ) = W^(ℓ) β_ℓ. Any widths.

    >>> layers = LayeredParameters(weights=([[2.0]], [[3.0]]), biases=([1.0], [5.0]))
    >>> [float(bias[0]) for bias in to_cumulative(layers).biases]
    [1.0, 8.0]
    """
    if isinstance(parameters, CumulativeParameters):
        return parameters
    if isinstance(parameters, LayeredParameters):
        weights, biases = [parameters.weights[0]], [parameters.biases[0]]
        for weight, bias in zip(parameters.weights[1:], parameters.biases[1:], strict=True):
            weights.append(weight @ weights[-1])
            biases.append(weight @ biases[-1] + bias)
        return CumulativeParameters(tuple(weights), tuple(biases))
    pulled_back = to_pulled_back(parameters)
    products = (weight @ beta for weight, beta in zip(pulled_back.weights, pulled_back.biases, strict=True))
    return CumulativeParameters(pulled_back.weights, tuple(products))


def to_layers(parameters: AnyParameters) -> LayeredParameters:
    """W_ℓ = W^(ℓ) (W^(ℓ-1))^{-1}, b_ℓ = b^(ℓ) − W_ℓ b^(ℓ-1).

    Raises ShapeError (weights not square) and UndefinedError (singular weight).

    >>> layers = LayeredParameters(weights=([[2.0]], [[3.0]]), biases=([1.0], [5.0]))
    >>> [float(bias[0]) for bias in to_layers(to_pulled_back(layers)).biases]
    [1.0, 5.0]
    """
    if isinstance(parameters, LayeredParameters):
        return parameters
    cumulative = to_cumulative(parameters)
    weights, biases = [cumulative.weights[0]], [cumulative.biases[0]]
    for layer in range(1, cumulative.depth + 1):
        below = inverse(cumulative.weights[layer - 1], f"cumulative weight {layer}")
        weights.append(cumulative.weights[layer] @ below)
        biases.append(cumulative.biases[layer] - weights[-1] @ cumulative.biases[layer - 1])
    return LayeredParameters(tuple(weights), tuple(biases))


def to_pulled_back(parameters: AnyParameters) -> PulledBackParameters:
    """β_ℓ = (W^(ℓ))^{-1} b^(ℓ); from polar form W^(ℓ) = R̃ᵀ W_* R̃ R.

    Raises ShapeError (weights not square) and UndefinedError (singular weight).
    """
    if isinstance(parameters, PulledBackParameters):
        return parameters
    if isinstance(parameters, PolarParameters):
        hidden = zip(parameters.frames, parameters.stretches, parameters.rotations, strict=True)
        weights = tuple(frame.T @ (stretch[:, None] * frame) @ rotation for frame, stretch, rotation in hidden)
        return PulledBackParameters((*weights, *parameters.output), parameters.biases)
    cumulative = to_cumulative(parameters)
    betas = [
        inverse(weight, f"cumulative weight {layer}") @ bias
        for layer, (weight, bias) in enumerate(zip(cumulative.weights, cumulative.biases, strict=True), start=1)
    ]
    return PulledBackParameters(cumulative.weights, tuple(betas))


def polar_form(parameters: AnyParameters) -> PolarParameters:
    """W^(ℓ) = R̃ᵀ W_* R̃ R by singular values: W = U s Vᵀ gives R̃ = Uᵀ, W_* = s, R = U Vᵀ. Floats only.

    Raises UnsupportedError on Fractions (singular values are irrational), UndefinedError on a singular weight.

    >>> W = np.array([[0.0, -2.0], [1.0, 0.0]])
    >>> network = polar_form(PulledBackParameters((W, np.eye(2)), (np.zeros(2), np.zeros(2))))
    >>> np.allclose(to_pulled_back(network).weights[0], W)
    True
    """
    if isinstance(parameters, PolarParameters):
        return parameters
    if parameters.exact:
        raise UnsupportedError("the polar form of rational weights is irrational; call to_floats() first")
    pulled_back = to_pulled_back(parameters)
    stretches: list[Array] = []
    rotations: list[Array] = []
    frames: list[Array] = []
    for layer, weight in enumerate(pulled_back.weights[:-1], start=1):
        inverse(weight, f"cumulative weight {layer}")  # for its error on a singular weight
        left, singular_values, right = np.linalg.svd(weight)
        stretches.append(singular_values)
        rotations.append(left @ right)
        frames.append(left.T)
    return PolarParameters(
        tuple(stretches), tuple(rotations), pulled_back.biases, pulled_back.weights[-1:], tuple(frames)
    )
