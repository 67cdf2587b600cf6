"""The layers of the network itself: x^(ℓ) = σ(W_ℓ x^(ℓ-1) + b_ℓ), differentiated by backpropagation.

Standard cost, with e = x^(L+1) − y and δ_{L+1} = e, δ_ℓ = h_ℓ ∘ W_{ℓ+1}ᵀδ_{ℓ+1}:

    ∂C_std/∂W_ℓ = ⟨δ_ℓ x^(ℓ-1)ᵀ⟩,     ∂C_std/∂b_ℓ = ⟨δ_ℓ⟩

(B10.weight and B10.layer-bias of ``symflow.flow.equations``, written from their derivation).

Input-layer cost, with V = (W_{L+1}⋯W_1)^{-1} and r = Ve: the same with δ_{L+1} = Vᵀr, and because V moves
∂C/∂W_ℓ has the further term (W_{L+1}⋯W_{ℓ+1})ᵀ G (W_{ℓ-1}⋯W_1)ᵀ with G = −Vᵀ⟨r rᵀ⟩.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from symflow.flow.equations.batched_layers import B10_layer_bias, B10_weight
from symflow.flow.layered.systems import Floats, System, flat, inverted


class OriginalSystem(System):
    """Gradient flow in (W_ℓ, b_ℓ); any widths with the standard cost, one width with the input-layer cost."""

    def shapes(self) -> list[tuple[int, int]]:
        """M_ℓ × M_{ℓ-1}."""
        return list(zip(self.widths[1:], self.widths[:-1], strict=True))

    def velocity(self, theta: Floats, masks: Floats) -> Floats:
        """Minus the gradient, with these masks in place of the step function."""
        weights, biases = self.split(theta)
        h = self.layers_of(masks)
        states = [self.points]
        for layer in range(self.depth):
            states.append(h[layer] * (states[-1] @ weights[layer].T + biases[layer]))
        error = states[-1] @ weights[-1].T + biases[-1] - self.targets
        extra: list[Floats] | None = None
        if self.cost_name == "input":
            back = inverted(_product(weights), f"the cumulative weight {self.depth + 1}")
            pulled = error @ back.T
            delta = self.masses[:, None] * (pulled @ back)
            extra = _through_the_product(weights, -back.T @ ((self.masses[:, None] * pulled).T @ pulled))
        else:
            delta = self.masses[:, None] * error
        by_weight: list[Floats] = []
        by_bias: list[Floats] = []
        for layer in range(self.depth, -1, -1):
            by_weight.insert(0, B10_weight(delta=delta, x=states[layer]))
            by_bias.insert(0, B10_layer_bias(delta=delta))
            if layer:
                delta = h[layer - 1] * (delta @ weights[layer])
        if extra is not None:
            by_weight = [one + other for one, other in zip(by_weight, extra, strict=True)]
        return -self.join(by_weight, by_bias)

    def preactivations(self, theta: Floats, masks: Floats | None = None) -> Floats:
        """W_ℓ x^(ℓ-1) + b_ℓ at all hidden layers."""
        weights, biases = self.split(theta)
        h = None if masks is None else self.layers_of(masks)
        state, found = self.points, []
        for layer in range(self.depth):
            found.append(state @ weights[layer].T + biases[layer])
            state = np.maximum(found[-1], 0.0) if h is None else h[layer] * found[-1]
        return flat(found)

    def rates(self, theta: Floats, masks: Floats, velocity: Floats) -> Floats:
        """ȧ_ℓ = Ẇ_ℓ x^(ℓ-1) + W_ℓ ẋ^(ℓ-1) + ḃ_ℓ, ẋ^(ℓ) = h_ℓ ∘ ȧ_ℓ."""
        weights, biases = self.split(theta)
        turned, moved = self.split(velocity)
        h = self.layers_of(masks)
        state, change, found = self.points, np.zeros_like(self.points), []
        for layer in range(self.depth):
            found.append(state @ turned[layer].T + change @ weights[layer].T + moved[layer])
            state = h[layer] * (state @ weights[layer].T + biases[layer])
            change = h[layer] * found[-1]
        return flat(found)

    def cost(self, theta: Floats) -> float:
        """C_std, or C = ½⟨|Ve|²⟩, with ReLU itself."""
        weights, biases = self.split(theta)
        state = self.points
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            state = np.maximum(state @ weight.T + bias, 0.0)
        error = state @ weights[-1].T + biases[-1] - self.targets
        if self.cost_name == "input":
            error = error @ inverted(_product(weights), f"the cumulative weight {self.depth + 1}").T
        return self.half_average(error)


def _product(weights: list[Floats]) -> Floats:
    """W_{L+1} ⋯ W_1."""
    return reduce(lambda below, weight: weight @ below, weights)


def _through_the_product(weights: list[Floats], gradient: Floats) -> list[Floats]:
    """∂/∂W_ℓ of what depends on W_{L+1}⋯W_1 alone and has this gradient by it."""
    below = [np.eye(weights[0].shape[1])]
    for weight in weights[:-1]:
        below.append(weight @ below[-1])
    result: list[Floats] = []
    above = gradient
    for weight, under in zip(reversed(weights), reversed(below), strict=True):
        result.insert(0, above @ under.T)
        above = weight.T @ above
    return result
