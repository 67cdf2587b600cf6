"""The layered cost as a program over any matrices that know ``+ - @``; ``exact`` and ``precise`` differentiate it.

Data are columns here (M × N). The change of variables is part of the program, so that differentiating it gives the
gradient in every coordinate system by the chain rule alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from symflow.oracle.problem import Coordinates, Cost

Matrix = Any  # a value of the route's own kind: a node of a tape, or an array of such nodes


class Arithmetic(Protocol):
    """The operations that differ between the routes."""

    def inverse(self, matrix: Matrix, what: str) -> Matrix:
        """Inverse of a square matrix; UndefinedError when singular."""

    def diagonal(self, vector: Matrix) -> Matrix:
        """Diagonal matrix of a column."""

    def transpose(self, matrix: Matrix) -> Matrix:
        """Transpose."""

    def activate(self, preactivation: Matrix, layer: int) -> Matrix:
        """The activation entry by entry, relu'(0) = 0; UndefinedError at 0 where kinks are refused."""


def layers_from(
    groups: Mapping[str, Sequence[Matrix]], coordinates: Coordinates, arithmetic: Arithmetic
) -> tuple[list[Matrix], list[Matrix]]:
    """(W_ℓ), (b_ℓ) from any coordinates: W_ℓ = W^(ℓ) (W^(ℓ-1))^{-1}, b_ℓ = b^(ℓ) − W_ℓ b^(ℓ-1)."""
    if coordinates == "layers":
        return list(groups["weights"]), list(groups["biases"])
    if coordinates == "adapted":
        cumulative = [
            arithmetic.transpose(frame) @ arithmetic.diagonal(stretch) @ frame @ rotation
            for frame, stretch, rotation in zip(groups["frames"], groups["stretches"], groups["rotations"], strict=True)
        ]
        cumulative.append(groups["output"][0])
    else:
        cumulative = list(groups["weights"])
    biases = list(groups["biases"])
    if coordinates != "cumulative":
        biases = [weight @ beta for weight, beta in zip(cumulative, biases, strict=True)]
    weights, shifts = [cumulative[0]], [biases[0]]
    for layer in range(1, len(cumulative)):
        below = arithmetic.inverse(cumulative[layer - 1], f"the cumulative weight of layer {layer}")
        weights.append(cumulative[layer] @ below)
        shifts.append(biases[layer] - weights[-1] @ biases[layer - 1])
    return weights, shifts


def layer_outputs(weights: list[Matrix], biases: list[Matrix], points: Matrix, arithmetic: Arithmetic) -> list[Matrix]:
    """x^(0)..x^(L+1): x^(ℓ) = f(W_ℓ x^(ℓ-1) + b_ℓ), the last one affine."""
    outputs = [points]
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        affine = weight @ outputs[-1] + bias
        outputs.append(affine if layer == len(weights) else arithmetic.activate(affine, layer))
    return outputs


def residual(
    weights: list[Matrix], biases: list[Matrix], points: Matrix, targets: Matrix, cost: Cost, arithmetic: Arithmetic
) -> Matrix:
    """x^(L+1) − y, for the input-layer cost multiplied by the inverse of W_{L+1} ⋯ W_1."""
    error = layer_outputs(weights, biases, points, arithmetic)[-1] - targets
    if cost == "standard":
        return error
    product = weights[0]
    for weight in weights[1:]:
        product = weight @ product
    return arithmetic.inverse(product, "the product of all weights") @ error
