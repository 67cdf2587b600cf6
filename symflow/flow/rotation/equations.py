"""Theory B2, B4, B8 and D2 as numbers: states forward, residuals backward, and the gradients of the walls.

Data are rows in homogeneous coordinates (x, c): a datum of mass ω is √ω (x, 1), and everything on the way is linear in
(x, c) while the activation patterns stand. So any rows with the same second moments have the same gradients, which is
what ``grouping`` uses. With W = R and W^{-1} = Rᵀ the same lines serve rotations and general weights.
The velocities and the gradients of the walls are the proved ones of ``symflow.flow.equations``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.equations.batched_biases import B2_layer, B2_pulled
from symflow.flow.equations.batched_turns import B4_layer
from symflow.flow.equations.batched_walls import D2_wall_bias, D2_wall_pulled, D2_wall_turn, D2_wall_weight
from symflow.flow.equations.batched_weights import B8_layer
from symflow.flow.rotation.problem import Floats

Places = NDArray[np.intp]
Group = Literal["rotations", "weights", "weights at fixed biases"]
KINDS: dict[Group, int] = {"rotations": 0, "weights": 1, "weights at fixed biases": 2}  # for compiled functions


class Rows(NamedTuple):
    """n data: points √ω x (n, Q), scales c = √ω (n,), targets √ω ỹ (n, Q), masks (L, n, Q) with entries 0 and 1."""

    points: Floats
    scales: Floats
    targets: Floats
    masks: Floats


class Parameters(NamedTuple):
    """Biases β (L, Q), weights W (L, Q, Q) and their inverses (L, Q, Q)."""

    biases: Floats
    weights: Floats
    inverses: Floats


def preactivations(rows: Rows, at: Parameters) -> tuple[Floats, Floats]:
    """u_ℓ = W_ℓ (z_{ℓ-1} + c β_ℓ) as (L, n, Q), and z_L (n, Q), with the masks of the rows in place of ReLU (A3)."""
    state = rows.points
    found = np.empty_like(rows.masks)
    for layer, bias in enumerate(at.biases):
        shift = rows.scales[:, None] * bias
        found[layer] = (state + shift) @ at.weights[layer].T
        state = (rows.masks[layer] * found[layer]) @ at.inverses[layer].T - shift
    return found, state


def half_square(rows: Rows, at: Parameters) -> float:
    """The cost C = ½⟨|z_L − ỹ|²⟩ with the masks of the rows."""
    residual = preactivations(rows, at)[1] - rows.targets
    return 0.5 * float(np.vdot(residual, residual))


def descent(rows: Rows, at: Parameters, group: Group) -> tuple[Floats, Floats]:
    """Minus the gradient of C, and v_ℓ = W_ℓ^{-T} p_ℓ (L, n, Q).

    The first is one vector: the L·Q entries of β̇ (B2; zero where biases are fixed), then the L·Q·Q of Ω_ℓ (B4) or
    Ẇ_ℓ (B8).
    """
    u, state = preactivations(rows, at)
    L, _, Q = u.shape
    residual = state - rows.targets
    velocity = np.empty(L * Q * (1 + Q))
    turns = velocity[L * Q :].reshape(L, Q, Q)
    pulled = np.empty_like(u)
    for layer in range(L - 1, -1, -1):
        velocity[layer * Q : (layer + 1) * Q], turns[layer], pulled[layer], residual = _descend(
            rows, slice(None), layer, u, residual, at, group
        )
    if group == "weights at fixed biases":
        velocity[: L * Q] = 0.0
    return velocity, pulled


def wall_gradients(rows: Rows, layers: Places, components: Places, at: Parameters, group: Group) -> Floats:
    """Gradients (n, L·Q·(1 + Q)) of the preactivation at (layers[i], components[i]) of row i, in the metric of descent.

    D2 for the layer of the wall; below it the wall has the gradient of a cost with the residual p = Wᵀe of that layer.
    """
    u, _ = preactivations(rows, at)
    L, n, Q = u.shape
    units = np.eye(Q)
    found = np.zeros((n, L * Q * (1 + Q)))
    for row, (top, component) in enumerate(zip(layers.tolist(), components.tolist(), strict=True)):
        shifts, turns = found[row, : L * Q].reshape(L, Q), found[row, L * Q :].reshape(L, Q, Q)
        e, W = units[component], at.weights[top]
        shifts[top] = D2_wall_bias(c=rows.scales[row], W=W, e=e)
        turns[top] = (
            D2_wall_turn(e=e, u=u[top, row])
            if group == "rotations"
            else D2_wall_weight(e=e, u=u[top, row], inverse_of_W=at.inverses[top])
        )
        residual = D2_wall_pulled(W=W, e=e)[None]
        only = slice(row, row + 1)
        for layer in range(top - 1, -1, -1):
            found_here = _descend(rows, only, layer, u, residual, at, group)
            shifts[layer], turns[layer] = -found_here.shift, -found_here.turn
            residual = found_here.residual
        if group == "weights at fixed biases":
            shifts[:] = 0.0
    return found


class _Layer(NamedTuple):
    """What rows contribute at one layer: minus the gradients by its bias and weight; v, and the residual before it."""

    shift: Floats
    turn: Floats
    pulled: Floats
    residual: Floats


def _descend(rows: Rows, which: slice, layer: int, u: Floats, residual: Floats, at: Parameters, group: Group) -> _Layer:
    W, back, masks = at.weights[layer], at.inverses[layer], rows.masks[layer, which]
    v = residual @ back
    shift = B2_layer(W=W, c=rows.scales[which], v_hat=v, H=masks)
    if group == "rotations":
        turn = B4_layer(u=u[layer, which], H=masks, v=v)
    else:
        turn = B8_layer(p=v, H=masks, a=u[layer, which], inverse_of_W=back)
    return _Layer(shift, turn, v, B2_pulled(W=W, H=masks.T, v=v.T).T)
