"""The data of one chamber as a tree of patterns with moments at its leaves, and the gradient by way of the tree.

Data with the same first ℓ patterns have z_ℓ = Z x̂ with one matrix Z (Q, Q + 1) and x̂ = (x, 1) (theory A3); the sums
Σ p_ℓ x̂ᵀ over them, B, are pulled back through the layers like single residuals, and with M = Σ x̂x̂ᵀ and T = Σ ỹx̂ᵀ

    B = Z M − T at a leaf,     B = Σ P_childᵀ B_child above,     Σ u vᵀ = U (R B)ᵀ, U = R (Z + β (0, 1)),

so that the equations of a layer (B2, B4) are those for the columns of U and B in place of data: Q + 1 for each prefix.
All sums are weighted. Classes are summed up in T, and what patterns have in common is done once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.compiling import compiled
from symflow.flow.equations.batched_biases import B2_layer, B2_pulled
from symflow.flow.equations.batched_turns import B4_layer
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.kernels import bias_velocity, residual_before, rotation_velocity
from symflow.flow.rotation.problem import Floats

Integers = NDArray[np.int64]


class Tree(NamedTuple):
    """n prefixes of patterns, those of length ℓ from ``starts[ℓ]`` to ``starts[ℓ + 1]``, the empty one first.

    Numbers of their parents (n,), masks of their last layers (n, Q); and for the m whole patterns M (m, Q + 1, Q + 1)
    and Tᵀ (m, Q + 1, Q).
    """

    starts: Integers
    parents: Integers
    masks: Floats
    grams: Floats
    goals: Floats


def tree_of(patterns: NDArray[np.bool_], grams: Floats, goals: Floats) -> Tree:
    """The tree of different patterns (m, L, Q), with M and Tᵀ of each."""
    m, L, Q = patterns.shape
    order = np.lexsort(patterns.reshape(m, L * Q).T[::-1])
    sorted_patterns = patterns[order]
    starts, parents, masks, above = [0, 1], [np.zeros(1, np.int64)], [np.zeros((1, Q))], np.zeros(m, dtype=np.int64)
    for layer in range(L):
        head = sorted_patterns[:, : layer + 1].reshape(m, -1)
        new = np.append(True, (head[1:] != head[:-1]).any(axis=1))
        parents.append(above[new])
        masks.append(sorted_patterns[new, layer].astype(np.float64))
        above = starts[-1] + np.cumsum(new) - 1
        starts.append(starts[-1] + int(new.sum()))
    return Tree(np.array(starts), np.concatenate(parents), np.concatenate(masks), grams[order], goals[order])


def tree_descent(tree: Tree, at: Parameters) -> Floats:
    """Minus the gradient of C: the L·Q entries of β̇ (B2), then the L·Q·Q of Ω_ℓ (B4)."""
    L, Q = at.biases.shape
    levels = [slice(first, last) for first, last in zip(tree.starts[:-1], tree.starts[1:], strict=True)]
    last = np.eye(Q + 1)[Q]
    Z = np.eye(Q + 1, Q)[None]  # (prefixes, Q + 1, Q), its transpose
    entering = []
    for layer, (bias, R) in enumerate(zip(at.biases, at.weights, strict=True)):
        level = levels[layer + 1]
        shift = last[:, None] * bias
        u = ((Z + shift) @ R.T)[tree.parents[level] - tree.starts[layer]]
        entering.append(u)
        Z = (u * tree.masks[level, None]) @ at.inverses[layer].T - shift
    B = tree.grams @ Z - tree.goals
    velocity = np.empty(L * Q * (1 + Q))
    turns = velocity[L * Q :].reshape(L, Q, Q)
    for layer in range(L - 1, -1, -1):
        level, R = levels[layer + 1], at.weights[layer]
        n = len(B)
        rows = np.repeat(tree.masks[level], Q + 1, axis=0)
        v = (B @ at.inverses[layer]).reshape(-1, Q)
        velocity[layer * Q : (layer + 1) * Q] = B2_layer(W=R, c=np.tile(last, n), v_hat=v, H=rows)
        turns[layer] = B4_layer(u=entering[layer].reshape(-1, Q), H=rows, v=v)
        pulled = B2_pulled(W=R, H=rows.T, v=v.T).T.reshape(n, Q + 1, Q)
        B = np.zeros((levels[layer].stop - levels[layer].start, Q + 1, Q))
        np.add.at(B, tree.parents[level] - tree.starts[layer], pulled)
    return velocity


@compiled
def fill_tree_descent(tree: Tree, at: Parameters, velocity: Floats) -> None:
    """The same, filled in, without temporaries."""
    L, Q = at.biases.shape
    n, leaves = tree.parents.size, tree.starts[L]
    Z, U, B = np.zeros((n, Q + 1, Q)), np.empty((n, Q + 1, Q)), np.zeros((n, Q + 1, Q))
    for k in range(Q):
        Z[0, k, k] = 1.0
    for layer in range(L):
        _go_through(tree, layer, at, Z, U)
    for node in range(leaves, n):
        for j in range(Q + 1):
            for k in range(Q):
                total = 0.0 - tree.goals[node - leaves, j, k]
                for i in range(Q + 1):
                    total += tree.grams[node - leaves, j, i] * Z[node, i, k]
                B[node, j, k] = total
    most = (n - leaves) * (Q + 1)
    scales, u, v, masks = np.empty(most), np.empty((most, Q)), np.empty((most, Q)), np.empty((most, Q))
    for layer in range(L - 1, -1, -1):
        count = _pull_back(tree, layer, at, U, B, scales, u, v, masks)
        shift = velocity[layer * Q : (layer + 1) * Q]
        bias_velocity(at.weights[layer], scales[:count], v[:count], masks[:count], shift)
        place = L * Q + layer * Q * Q
        rotation_velocity(u[:count], masks[:count], v[:count], velocity[place : place + Q * Q].reshape(Q, Q))


@compiled
def _go_through(tree: Tree, layer: int, at: Parameters, Z: Floats, U: Floats) -> None:
    """Fill in U of the prefixes before a layer and Z of those that end with it; the last column is that of 1."""
    Q = at.biases.shape[1]
    for node in range(tree.starts[layer], tree.starts[layer + 1]):
        for j in range(Q + 1):
            for k in range(Q):
                total = 0.0
                for m in range(Q):
                    moved = Z[node, j, m] + at.biases[layer, m] if j == Q else Z[node, j, m]
                    total += at.weights[layer, k, m] * moved
                U[node, j, k] = total
    for node in range(tree.starts[layer + 1], tree.starts[layer + 2]):
        for j in range(Q + 1):
            for k in range(Q):
                total = 0.0 - at.biases[layer, k] if j == Q else 0.0
                for m in range(Q):
                    total += at.inverses[layer, k, m] * tree.masks[node, m] * U[tree.parents[node], j, m]
                Z[node, j, k] = total


@compiled
def _pull_back(
    tree: Tree, layer: int, at: Parameters, U: Floats, B: Floats, scales: Floats, u: Floats, v: Floats, masks: Floats
) -> int:
    """Fill in what the equations of a layer take, for how many columns is returned, and add to B of the parents."""
    Q = at.biases.shape[1]
    before, row = np.empty(Q), 0
    for node in range(tree.starts[layer + 1], tree.starts[layer + 2]):
        for j in range(Q + 1):
            scales[row] = 1.0 if j == Q else 0.0
            for k in range(Q):
                u[row, k], masks[row, k] = U[tree.parents[node], j, k], tree.masks[node, k]
                v[row, k] = 0.0
                for m in range(Q):
                    v[row, k] += B[node, j, m] * at.inverses[layer, m, k]
            residual_before(at.weights[layer], masks[row], v[row], before)
            for k in range(Q):
                B[tree.parents[node], j, k] += before[k]
            row += 1
    return row
