"""The effective equations in (W^(ℓ), β_ℓ), for arbitrary invertible weights (theory B2, B7, B8, B9).

With a_ℓ = W^(ℓ)(z_{ℓ-1} + β_ℓ), q_ℓ = (W^(ℓ))^{-T} p_ℓ and p_{ℓ-1} = P_ℓᵀp_ℓ:

    ∂C/∂β_ℓ = −⟨(1 − P_ℓ)ᵀ p_ℓ⟩,     ∂C/∂W^(ℓ) = ⟨[a_ℓ q_ℓᵀ, H_ℓ]ᵀ⟩ (W^(ℓ))^{-T},     ℓ ≤ L.

The output layer is that of B7 with p_L = z_L − ỹ for the input-layer cost, of B9 with p_L = W^(L+1)ᵀe for the
standard cost. Nothing here is backpropagation through layers: tests compare the two. The gradients are the proved
right-hand sides of ``symflow.flow.equations``, written from the derivations of these statements.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from symflow.flow.equations import batched_standard_output as standard
from symflow.flow.equations.batched_biases import B2_layer
from symflow.flow.equations.batched_output import B7_bias, B7_weight
from symflow.flow.equations.batched_weights import B8_layer
from symflow.flow.layered.systems import Floats, System, flat, inverted


@dataclass(slots=True)
class _Forward:
    """Preactivations and inverses of the hidden layers, and z_0..z_L."""

    values: list[Floats] = field(default_factory=list)
    inverses: list[Floats] = field(default_factory=list)
    states: list[Floats] = field(default_factory=list)


class EffectiveSystem(System):
    """Gradient flow in the Euclidean metric of (W^(ℓ), β_ℓ); all widths are Q."""

    def shapes(self) -> list[tuple[int, int]]:
        """Q × Q for every layer."""
        return [(self.widths[0], self.widths[0])] * (self.depth + 1)

    def velocity(self, theta: Floats, masks: Floats) -> Floats:
        """Minus the gradient, with these masks as H_ℓ."""
        weights, biases = self.split(theta)
        h = self.layers_of(masks)
        seen = self._forward(weights, biases, h)
        p, by_output_weight, by_output_bias = self._output(weights[-1], biases[-1], seen.states[-1])
        by_weight, by_bias = [by_output_weight], [by_output_bias]
        ones = np.ones(len(self.points))
        for layer in range(self.depth - 1, -1, -1):
            q = p @ seen.inverses[layer]
            by_bias.insert(0, -B2_layer(W=weights[layer], c=ones, v_hat=q, H=h[layer]))
            by_weight.insert(0, -B8_layer(p=q, H=h[layer], a=seen.values[layer], inverse_of_W=seen.inverses[layer]))
            p = (h[layer] * q) @ weights[layer]
        return -self.join(by_weight, by_bias)

    def _output(self, weight: Floats, bias: Floats, last: Floats) -> tuple[Floats, Floats, Floats]:
        """ω p_L and the gradients by W^(L+1) and β_{L+1}."""
        omega, z, y, weights = self.masses[:, None], last, self.targets, self.masses
        if self.cost_name == "standard":
            p = omega * ((z + bias) @ weight.T - y) @ weight
            by_weight = standard.B9_output(V=weight, z=z, c=bias, y=y, weights=weights)
            return p, by_weight, standard.B9_output_bias(V=weight, z=z, c=bias, y=y, weights=weights)
        back = inverted(weight, f"the cumulative weight {self.depth + 1}")
        p = omega * (z + bias - y @ back.T)
        by_weight = B7_weight(inverse_of_W=back, z=z, y=y, beta=bias, weights=weights)
        return p, by_weight, B7_bias(z=z, inverse_of_W=back, y=y, beta=bias, weights=weights)

    def preactivations(self, theta: Floats, masks: Floats | None = None) -> Floats:
        """W^(ℓ)(z_{ℓ-1} + β_ℓ) at all hidden layers."""
        h = None if masks is None else self.layers_of(masks)
        return flat(self._forward(*self.split(theta), h).values)

    def rates(self, theta: Floats, masks: Floats, velocity: Floats) -> Floats:
        """ȧ = Ẇ(z + β) + W(ż + β̇), and ż_ℓ = W^{-1}(Hȧ − ẆW^{-1}Ha) − β̇."""
        weights, biases = self.split(theta)
        turned, moved = self.split(velocity)
        h = self.layers_of(masks)
        seen = self._forward(weights, biases, h)
        change, found = np.zeros_like(self.points), []
        for layer in range(self.depth):
            back = seen.inverses[layer]
            found.append(
                (seen.states[layer] + biases[layer]) @ turned[layer].T + (change + moved[layer]) @ weights[layer].T
            )
            pulled = (h[layer] * seen.values[layer]) @ back.T
            change = (h[layer] * found[-1] - pulled @ turned[layer].T) @ back.T - moved[layer]
        return flat(found)

    def cost(self, theta: Floats) -> float:
        """C = ½⟨|z_L − ỹ|²⟩ or C_std = ½⟨|W^(L+1)(z_L − ỹ)|²⟩, with ReLU itself."""
        weights, biases = self.split(theta)
        last = self._forward(weights, biases, None).states[-1] + biases[-1]
        if self.cost_name == "standard":
            return self.half_average(last @ weights[-1].T - self.targets)
        back = inverted(weights[-1], f"the cumulative weight {self.depth + 1}")
        return self.half_average(last - self.targets @ back.T)

    def _forward(self, weights: list[Floats], biases: list[Floats], masks: list[Floats] | None) -> _Forward:
        seen = _Forward(states=[self.points])
        for layer in range(self.depth):
            weight, beta = weights[layer], biases[layer]
            seen.inverses.append(inverted(weight, f"the cumulative weight {layer + 1}"))
            a = (seen.states[-1] + beta) @ weight.T
            seen.values.append(a)
            kept = np.maximum(a, 0.0) if masks is None else masks[layer] * a
            seen.states.append(kept @ seen.inverses[layer].T - beta)
        return seen
