"""The cost in one chamber as a quadratic polynomial of the stacked biases: the data are needed once (theory C8, D1).

While no activation changes, z_L = A_p x + B_p θ for every datum of pattern p, so that

    C(θ) = ½ θᵀHθ − cᵀθ + κ,     H = Σ_p ω_p B_pᵀB_p,     c = Σ_p B_pᵀ Σ_{i in p} ω_i (ỹ_i − A_p x_i),

and a gradient is one product of a matrix with a vector, whatever the number of data is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.inputs import FlowProblem, flow_problem
from symflow.flow.streamed_arrays import is_streamed

Floats = NDArray[np.float64]
BLOCK = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class ChamberQuadratic:
    """C(θ) = ½ θᵀHθ − cᵀθ + κ in one chamber, θ the stacked biases: made by :func:`chamber_quadratic`.

    hessian H (n, n), linear c (n,), constant κ; theta θ (n,) where it was made; patterns: how many the data have.
    Methods take θ as (n,), or (…, n) for many. Whether such a θ is still in the chamber is for the caller to know.
    """

    hessian: Floats
    linear: Floats
    constant: float
    theta: Floats
    patterns: int

    def gradient(self, theta: Floats) -> Floats:
        """∂C/∂θ = Hθ − c; the flow is its negative."""
        return theta @ self.hessian - self.linear

    def cost(self, theta: Floats) -> Floats:
        """C(θ)."""
        return np.asarray(((0.5 * (theta @ self.hessian) - self.linear) * theta).sum(axis=-1) + self.constant)


def chamber_quadratic(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    weights: Any = None,
    output_bias: Literal["frozen", "moving"] = "frozen",
) -> ChamberQuadratic:
    """The cost ½ Σ_i w_i |z_L(x_i) − ỹ_{j(i)}|² as a polynomial of the biases, in the chamber of the given ones.

    Arguments as for ``chamber_flow``, memory-mapped and Dask arrays too, which are read block by block:
    points (N, Q), labels (N,), targets (K, Q), biases (L, Q), rotations (L, Q, Q),
    weights (N,), 1/N_j unless given. θ stacks β_1..β_L; with ``output_bias="moving"`` the change of β_{L+1}, which
    shifts all targets, stands behind them. A datum on a wall counts as truncated.

    Reading the data takes time and memory of order N, and for each pattern that occurs of order (LQ)²; afterwards a
    gradient takes the time of a product with H.

    Raises ShapeError and KindError: input that does not fit.

    References: theory A3, C8, D1.

    The data −1 and −4 are truncated, and sit on −β: C = ¾(β + 2)² + 1.

    >>> data = [[-1.0], [3.0], [-4.0]], [0, 1, 0], [[2.0], [1.0]]
    >>> local = chamber_quadratic(*data, [[0.5]], [[[1.0]]], weights=[0.5, 0.5, 1.0])
    >>> local.gradient(np.array([1.0])), float(local.cost(np.array([1.0])))
    (array([4.5]), 7.75)
    """
    if is_streamed(points):
        from symflow.flow.streaming import streamed_chamber_quadratic

        return streamed_chamber_quadratic(
            points, labels, targets, biases, rotations, weights=weights, output_bias=output_bias
        )
    problem = flow_problem(
        points, labels, targets, biases, rotations, t_max=1.0, weights=weights, output_bias=output_bias
    )
    active, images = linear_parts(problem.points, problem.biases, problem.rotations)
    kinds, kind_of = unique_patterns(active)
    residuals = problem.targets - images
    sums = np.zeros((len(kinds), problem.points.shape[1]))
    for column, values in zip(sums.T, residuals.T, strict=True):
        column[:] = np.bincount(kind_of, problem.weights * values, len(kinds))
    slopes = derivatives(problem, active[:, kinds])
    masses = np.bincount(kind_of, problem.weights, len(kinds))
    flat = (np.sqrt(masses)[:, np.newaxis, np.newaxis] * slopes).reshape(-1, slopes.shape[2])
    return ChamberQuadratic(
        hessian=flat.T @ flat,  # symmetric to the last bit
        linear=np.einsum("pqn,pq->n", slopes, sums),
        constant=0.5 * float(problem.weights @ (residuals * residuals).sum(axis=1)),
        theta=problem.start,
        patterns=len(kinds),
    )


def linear_parts(points: Floats, biases: Floats, rotations: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which preactivations are positive (L, N, Q), and A_p x (N, Q): the maps of these patterns without biases."""
    (L, Q), N = biases.shape, len(points)
    active, images = np.empty((L, N, Q), dtype=bool), np.empty((N, Q))
    # In blocks that stay in the cache, and are too small for BLAS to call on threads that wait for each other.
    size = max(1, BLOCK // Q**2)
    for first in range(0, N, size):
        block = slice(first, first + size)
        state = image = points[block]
        for layer, (rotation, bias) in enumerate(zip(rotations, biases, strict=True)):
            u = (state + bias) @ rotation.T
            mask = active[layer, block] = u > 0.0
            state = (u * mask) @ rotation - bias
            image = ((image @ rotation.T) * mask) @ rotation
        images[block] = image
    return active, images


def unique_patterns(active: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A datum of each pattern that occurs, and the number of the pattern of each datum (N,)."""
    bits = np.packbits(active.transpose(1, 0, 2).reshape(active.shape[1], -1), axis=1)
    words = np.zeros((len(bits), -(-bits.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : bits.shape[1]] = bits
    # One word is sorted as a number, which is many times faster than as bytes.
    width = words.shape[1]
    keys = words.view(np.uint64 if width == 8 else np.dtype((np.void, width))).reshape(-1)
    _, kinds, kind_of = np.unique(keys, return_index=True, return_inverse=True)
    return kinds, kind_of


def derivatives(problem: FlowProblem, active: NDArray[np.bool_]) -> Floats:
    """B_p (P, Q, n) of the patterns (L, P, Q): B ↦ PB − (1 − P)E_ℓ layer by layer (theory A3)."""
    L, P, Q = active.shape
    slopes = np.zeros((P, Q, problem.start.size))
    for layer, (rotation, mask) in enumerate(zip(problem.rotations, active, strict=True)):
        place = slice(layer * Q, (layer + 1) * Q)
        slopes[:, :, place] += np.eye(Q)
        slopes = rotation.T @ (mask[:, :, np.newaxis] * (rotation @ slopes))
        slopes[:, :, place] -= np.eye(Q)
    slopes[:, :, L * Q :] = np.eye(Q, problem.start.size - L * Q)
    return slopes
