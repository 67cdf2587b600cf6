"""How far the layers can move before a datum may meet a wall: patterns and free paths for ``nearest``.

A path is as long as the vector of all parameters that flow is displaced, in the Euclidean metric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.layered.systems import inverted
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.reach import GeneralReach, free_path, general_reach
from symflow.flow.streaming.prefix_maps import preactivations, product

Floats = NDArray[np.float64]
Seen = tuple[NDArray[np.bool_], Floats]
ROUNDED = 1.0 + 1e-12  # of norms, against rounding
ROUNDS = 6  # for free paths: where weights are small these are far from what the first layer says


@dataclass(frozen=True)
class LayersReach:
    """Of a_ℓ = W_ℓ x^(ℓ-1) + b_ℓ, from ``norms`` |W_ℓ| (L,) and ``lengths`` |x^(0)| (n,) of the data.

    Where (W, b) are displaced by s, with the patterns as they are,

        |Δa_ℓ| <= E_ℓ = |W_ℓ| E_{ℓ-1} + s sqrt((|a_{ℓ-1}| + E_{ℓ-1})² + 1),     E_0 = 0, a_0 = x^(0),

    from Δa_ℓ = W_ℓ Δx + ΔW_ℓ (x + Δx) + Δb_ℓ and |Δx^(ℓ)| <= |Δa_ℓ|, |x^(ℓ)| <= |a_ℓ|. E is convex in s.
    """

    norms: Floats
    lengths: Floats

    def displacement(self, sizes: Floats, path: float | Floats) -> Floats:
        """E (L, n) from sizes |a_ℓ| (L, n)."""
        moved, below = np.zeros(sizes.shape[1]), self.lengths
        result = np.empty_like(sizes)
        for layer, norm in enumerate(self.norms):
            moved = norm * moved + path * np.sqrt((below + moved) ** 2 + 1.0)
            result[layer] = moved
            below = sizes[layer]
        return result

    def about(self, layer: int, distance: Floats) -> Floats:  # noqa: ARG002  # it is found by bisection
        """As if there were the first layer only."""
        return np.asarray(distance / np.sqrt(self.lengths**2 + 1.0))


@dataclass(frozen=True, eq=False)
class LayersLook:
    """Of the original layers, hidden ones: W_ℓ (M_ℓ, M_{ℓ-1}), b_ℓ (M_ℓ,) and |W_ℓ|; patterns (n, M_1 + … + M_L)."""

    weights: list[Floats]
    biases: list[Floats]
    norms: Floats

    def __call__(self, points: Floats) -> Seen:
        """Patterns and free paths."""
        state, values = points, []
        for weight, bias in zip(self.weights, self.biases, strict=True):
            values.append(product(state, weight.T) + bias)
            state = np.maximum(values[-1], 0.0)
        return _seen(values, LayersReach(self.norms, np.linalg.norm(points, axis=1) * ROUNDED))


def layers_look(weights: list[Floats], biases: list[Floats]) -> LayersLook:
    """From these layers on."""
    norms = np.array([np.linalg.norm(weight, 2) for weight in weights])
    return LayersLook(weights, biases, norms * ROUNDED)


@dataclass(frozen=True, eq=False)
class PulledBackLook:
    """Of the effective equations, hidden layers; patterns (n, LQ)."""

    at: Parameters
    reach: GeneralReach

    def __call__(self, points: Floats) -> Seen:
        """Patterns and free paths."""
        *values, _ = preactivations(points, *self.at)
        return _seen(values, self.reach)


def pulled_back_look(weights: list[Floats], biases: list[Floats]) -> PulledBackLook:
    """From W^(ℓ) (Q, Q) and β_ℓ (Q,) on. Raises UndefinedError where a weight is singular."""
    inverses = [inverted(weight, f"the cumulative weight {i}") for i, weight in enumerate(weights, 1)]
    at = Parameters(np.array(biases), np.array(weights), np.array(inverses))
    return PulledBackLook(at, general_reach(at))


def _seen(values: list[Floats], reach: LayersReach | GeneralReach) -> Seen:
    with np.errstate(over="ignore", invalid="ignore"):  # a path that is too long is shortened
        free = free_path(values, reach, rounds=ROUNDS)
    return np.concatenate([a > 0.0 for a in values], axis=1), free
