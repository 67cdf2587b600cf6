"""How far a datum can come on a path of the parameters of a given length, and for how long it therefore meets no wall.

The length is that of the metric of the flow (theory B4, B8), in which the dissipation bounds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.problem import Floats

INSIDE = 0.5  # of the path on which a weight certainly keeps its inverse


class Reach(Protocol):
    """A bound of displacements from given parameters on, whatever the patterns do on the way."""

    def displacement(self, sizes: Floats, path: float | Floats) -> Floats:
        """How far u_ℓ of each datum can move on a path of length s, or s (n,): (L, n) from sizes |u_ℓ| (L, n).

        A convex function E of s with E(0) = 0; inf where the path is too long to say.
        """
        ...

    def about(self, layer: int, distance: Floats) -> Floats:
        """A path (n,) on which u_ℓ moves by about a distance (n,)."""
        ...


class RotationReach:
    """Of biases and rotations, where |Ω|/√2 is the largest angular speed.

    E_ℓ = E_{ℓ-1} + s + (|u_ℓ| + E_{ℓ-1} + s) s/√2, because dz_ℓ = P dz_{ℓ-1} − P^⊥ dβ + dP (z + β), |dP| <= |Ω|/√2, and
    a component of Ωu is at most |Ω||u|/√2.
    """

    def displacement(self, sizes: Floats, path: float | Floats) -> Floats:
        """E (L, n)."""
        moved = np.zeros(sizes.shape[1])
        result = np.empty_like(sizes)
        for layer, size in enumerate(sizes):
            moved = moved + path + (size + moved + path) * path / np.sqrt(2.0)
            result[layer] = moved
        return result

    def about(self, layer: int, distance: Floats) -> Floats:  # noqa: ARG002  # the same for all layers
        """The distance itself: E(s) >= s."""
        return distance


@dataclass(frozen=True)
class GeneralReach:
    """Of biases and weights W in the Euclidean metric, from ``norms`` |W_ℓ| and ``inverses`` κ_ℓ = |W_ℓ^{-1}| (L,).

    On a path of length s: |W| <= w = |W| + s and |W^{-1}| <= k = κ/(1 - κs), so that u = W y, y = z_{ℓ-1} + β moves by
    at most E_ℓ = (κ|u_ℓ| + D_{ℓ-1} + s) s + w (D_{ℓ-1} + s), from du = dW y + W dy, and z_ℓ by at most
    D_ℓ = k² (|u_ℓ| + E_ℓ) s + k E_ℓ + s, from dz = -W^{-1} dW W^{-1} H u + W^{-1} H du - dβ.
    """

    norms: Floats
    inverses: Floats

    def displacement(self, sizes: Floats, path: float | Floats) -> Floats:
        """E (L, n)."""
        before = np.zeros(sizes.shape[1])
        result = np.empty_like(sizes)
        for layer, (size, norm, inverse) in enumerate(zip(sizes, self.norms, self.inverses, strict=True)):
            kept = 1.0 - inverse * path
            back = np.where(kept > 0.0, inverse / np.where(kept > 0.0, kept, 1.0), np.inf)
            entering = before + path
            moved = (inverse * size + entering) * path + (norm + path) * entering
            before = back * back * (size + moved) * path + back * moved + path
            result[layer] = np.where(kept > 0.0, moved, np.inf)
        return result

    def about(self, layer: int, distance: Floats) -> Floats:
        """As if only the bias moved, and no farther than all weights certainly keep their inverses."""
        return np.asarray(np.minimum(distance / self.norms[layer], INSIDE / self.inverses.max()))


def general_reach(at: Parameters) -> GeneralReach:
    """From these parameters on."""
    norms, inverses = (np.linalg.norm(matrices, 2, axis=(1, 2)) for matrices in (at.weights, at.inverses))
    return GeneralReach(norms * (1.0 + 1e-12), inverses * (1.0 + 1e-12))


def free_path(values: Sequence[Floats] | Floats, reach: Reach, slack: float = 0.0, rounds: int = 0) -> Floats:
    """A length (n,) of path on which a datum comes to no wall nearer than ``slack``; values u_ℓ (n, M_ℓ).

    A wall at the distance m is met when the displacement E(s) has grown to m. E is convex and E(0) = 0, so that
    E(s) <= m for s = t m/E(t), if that is at most t, for any t; else E(s) >= m. ``rounds`` of bisection between the
    two, in logarithms, come next to the longest such path. 0 where it is not a number.
    """
    sizes = np.array([np.linalg.norm(u, axis=1) for u in values])
    free = np.full(sizes.shape[1], np.inf)
    for layer, u in enumerate(values):
        distance = np.maximum(np.abs(u).min(axis=1) - slack, 0.0)
        middle = reach.about(layer, distance)
        low, high = np.zeros_like(middle), np.full_like(middle, np.inf)
        for again in range(1 + rounds):
            if again:
                middle = np.sqrt(low) * np.sqrt(high)
            moved = reach.displacement(sizes, middle)[layer]
            share = np.divide(distance, moved, out=np.zeros_like(moved), where=moved > 0)
            low = np.fmax(low, middle * np.minimum(share, 1.0))
            high = np.fmin(high, middle * np.maximum(share, 1.0))
        free = np.minimum(free, low)
    return free
