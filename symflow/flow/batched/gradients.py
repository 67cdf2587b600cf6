"""Closed-form gradients of many networks at once (theory B2, B4, B8), with NumPy or, where it is installed, numba.

Between the layers nothing returns to input space: with u_ℓ = W_ℓ(z_{ℓ-1} + β_ℓ) and v_ℓ = W_ℓ^{-T} p_ℓ,

    u_{ℓ+1} = M_{ℓ+1} σ(u_ℓ) + W_{ℓ+1}(β_{ℓ+1} − β_ℓ),    v_ℓ = M_{ℓ+1}ᵀ H_{ℓ+1} v_{ℓ+1},    M_{ℓ+1} = W_{ℓ+1} W_ℓ^{-1}

so that a gradient costs what backpropagation through the original layers does, and the compiled loop less than that.
The sums are written by hand, for speed; tests compare them with the proved right sides of B2, B4 and B8, to 1e-13.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from symflow.flow.batched.inputs import Floats, ManyNetworks, inverses, read_networks, require_rotations, transposed
from symflow.flow.batched.kernels import COMPILED, Layers, fill_sums

CACHED = 2**15  # numbers of an array over networks and data that stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class BatchedGradients:
    """Gradients of B networks: by β_ℓ (B, L, Q), and by R_ℓ (the Lie gradient, antisymmetric) or W^(ℓ) (B, L, Q, Q)."""

    biases: Floats
    weights: Floats


def batched_gradients(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    rotations: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> BatchedGradients:
    """The gradient of C = ½ Σ_i ω_i |z_L(x_i) − ỹ_{j(i)}|² by all biases and rotations of each of B networks.

        ∂C/∂β_ℓ = −⟨(1 − P_ℓ)ᵀ p_ℓ⟩,     grad_{R_ℓ} C = −½⟨[u vᵀ + v uᵀ, H_ℓ]⟩,     u = R_ℓ(z_{ℓ-1} + β_ℓ), v = R_ℓ p_ℓ

    (theory B2, B4), with z_ℓ = R_ℓᵀ ReLU(R_ℓ(z_{ℓ-1} + β_ℓ)) − β_ℓ. The second is the antisymmetric A with
    d/dt C(e^{tX}R)|_0 = ⟨A, X⟩ for antisymmetric X: the gradient flow is Ṙ = −A R.

    Args:
        points: x, (N, Q), or (B, N, Q) where each network has its own.
        labels: j(i), (N,), integers 0..K-1.
        targets: ỹ, (K, Q) or (B, K, Q).
        biases: β_1..β_L, (B, L, Q).
        rotations: R_1..R_L orthogonal, (B, L, Q, Q), or (L, Q, Q) where all networks share them.
        weights: ω_i > 0, (N,); 1/N_j for a datum of class j unless given.

    Raises ShapeError and KindError: input that does not fit, a rotation that is not orthogonal.

    A datum on a wall counts as truncated. Two networks of one layer on a line; the second truncates the datum −1:

    >>> found = batched_gradients([[-1.0], [3.0]], [0, 1], [[2.0], [1.0]], [[[2.0]], [[0.5]]], [[[1.0]]])
    >>> found.biases.ravel().tolist(), found.weights.ravel().tolist()
    ([0.0, 2.5], [0.0, 0.0])
    """
    networks = read_networks(points, labels, targets, biases, rotations, weights, "rotations")
    require_rotations(networks.weights)
    return gradients_of(networks, transposed(networks.weights), rotating=True)


def batched_weight_gradients(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    cumulative: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> BatchedGradients:
    """``batched_gradients`` for cumulative weights W^(ℓ) that need not be orthogonal, at fixed β (theory B2, B8).

        ∂C/∂W^(ℓ) = ⟨[a qᵀ, H_ℓ]ᵀ⟩ (W^(ℓ))^{-T},     a = W^(ℓ)(z_{ℓ-1} + β_ℓ),     q = (W^(ℓ))^{-T} p_ℓ

    The Euclidean gradient; each of its rows is orthogonal to that row of W^(ℓ). ``cumulative`` W^(1)..W^(L) are
    (B, L, Q, Q), or (L, Q, Q) where all networks share them; the rest as for ``batched_gradients``.

    Raises ShapeError, KindError, and UndefinedError where a weight is singular.

    >>> W = [[[2.0, 1.0], [0.0, 1.0]]]
    >>> found = batched_weight_gradients([[1.0, -2.0]], [0], [[1.0, 1.0]], [[[0.5, 0.5]]], W)
    >>> found.biases.tolist(), found.weights.tolist()
    ([[[0.0, 1.125]]], [[[[-0.28125, 0.5625], [0.84375, 0.0]]]])
    """
    networks = read_networks(points, labels, targets, biases, cumulative, weights, "cumulative weights")
    return gradients_of(networks, inverses(networks.weights, "cumulative weight"), rotating=False)


def gradients_of(networks: ManyNetworks, back: Floats, *, rotating: bool) -> BatchedGradients:
    """The gradients of checked networks; ``back`` (1 or B, L, Q, Q) are the inverses of their weights."""
    layers = layers_of(networks, back, rotating=rotating)
    B, L, Q = networks.biases.shape
    shifts, turns = np.empty((B, L, Q)), np.empty((B, L, Q, Q))
    fill = fill_sums if COMPILED else sum_up
    fill(layers, rotating, shifts, turns)
    np.subtract(0.0, turns, out=turns)  # no −0
    by_bias = 0.0 - (shifts[:, :, np.newaxis] @ networks.weights)[:, :, 0]
    return BatchedGradients(by_bias, turns if rotating else turns @ transposed(back))


def layers_of(networks: ManyNetworks, back: Floats, *, rotating: bool) -> Layers:
    """The networks as layers M_ℓ with shifts, and their targets seen from the last one."""
    W, beta = networks.weights, networks.biases
    B, L, Q = beta.shape
    links, steps = np.empty((B, L, Q, Q)), beta.copy()
    links[:, 0], links[:, 1:] = W[:, 0], W[:, 1:] @ back[:, :-1]
    steps[:, 1:] -= beta[:, :-1]
    goals = (networks.targets + beta[:, -1:]) @ back[:, -1]
    return Layers(
        np.ascontiguousarray(transposed(networks.points)),
        links,
        np.ascontiguousarray((W @ steps[..., np.newaxis])[..., 0]),
        np.empty((0, Q, Q)) if rotating else np.ascontiguousarray(np.broadcast_to(
            transposed(back[:, -1]) @ back[:, -1], (B, Q, Q)
        )),
        np.ascontiguousarray(goals),
        networks.labels,
        networks.masses,
    )  # fmt: skip


def sum_up(layers: Layers, rotating: bool, shifts: Floats, turns: Floats) -> None:
    """``kernels.fill_sums`` in NumPy: as many networks at once as stay in the cache."""
    B, L, Q = shifts.shape
    size = max(1, CACHED // (Q * layers.masses.size))
    for first in range(0, B, size):
        part = slice(first, first + size)
        columns = layers.columns if len(layers.columns) == 1 else layers.columns[part]
        pushed, active = [], columns
        for layer in range(L):
            u = layers.links[part, layer] @ active + layers.shifts[part, layer, :, np.newaxis]
            active = np.maximum(u, 0.0)
            pushed.append((u, active))
        seen = layers.metric[part] @ active if layers.metric.size else active
        v = (seen - transposed(layers.goals[part])[:, :, layers.labels]) * layers.masses
        for layer in range(L - 1, -1, -1):
            u, active = pushed[layer]
            kept = np.where(u > 0.0, v, 0.0)
            shifts[part, layer] = (v - kept).sum(axis=2)
            turn = v @ transposed(active) - kept @ transposed(u)
            turns[part, layer] = (turn - transposed(turn)) / 2 if rotating else turn
            if layer:
                v = transposed(layers.links[part, layer]) @ kept
