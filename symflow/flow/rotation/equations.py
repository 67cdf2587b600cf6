"""Theory B2, B4 and B8 as numbers: states forward, residuals backward, and the gradients of the walls.

Data are rows in homogeneous coordinates (x, c): a datum of mass ω is √ω (x, 1), and everything on the way is linear in
(x, c) while the activation patterns stand. So any rows with the same second moments have the same gradients, which is
what ``grouping`` uses. With W = R and W^{-1} = Rᵀ the same lines serve rotations and general weights.
The velocities are the proved ones of ``symflow.flow.equations``; those of the walls are taken apart row by row here,
and tests compare the two.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.equations.batched_biases import B2_layer
from symflow.flow.equations.batched_turns import B4_layer
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
        masks, v = rows.masks[layer], residual @ at.inverses[layer]
        pulled[layer] = v
        velocity[layer * Q : (layer + 1) * Q] = B2_layer(W=at.weights[layer], c=rows.scales, v_hat=v, H=masks)
        if group == "rotations":
            turns[layer] = B4_layer(u=u[layer], H=masks, v=v)
        else:
            turns[layer] = B8_layer(p=v, H=masks, a=u[layer], inverse_of_W=at.inverses[layer])
        residual = (masks * v) @ at.weights[layer]
    if group == "weights at fixed biases":
        velocity[: L * Q] = 0.0
    return velocity, pulled


def wall_gradients(rows: Rows, layers: Places, components: Places, at: Parameters, group: Group) -> Floats:
    """Gradients (n, L·Q·(1 + Q)) of the preactivation at (layers[i], components[i]) of row i, in the metric of descent.

    From d u = Ω u + W (d z_{ℓ-1} + d β_ℓ), and from the layers below by the same pull-back as for the cost.
    """
    u, _ = preactivations(rows, at)
    (L, n, Q), every = u.shape, np.arange(len(components))
    shifts, turns = np.zeros((n, L, Q)), np.zeros((n, L, Q, Q))
    residual = np.zeros((n, Q))
    for layer in range(int(layers.max()), -1, -1):
        here, above = layers == layer, layers > layer
        if above.any():
            v = residual @ at.inverses[layer]
            kept = rows.masks[layer] * v
            active = rows.masks[layer] * u[layer]
            shifts[:, layer] = -(rows.scales[:, None] * (v - kept)) @ at.weights[layer]
            turns[:, layer] = -_turn(u[layer], v, kept, active, at.inverses[layer], group)
            residual = kept @ at.weights[layer]
        if here.any():
            unit = np.zeros((n, Q))
            unit[every[here], components[here]] = 1.0
            row = unit @ at.weights[layer]
            shifts[here, layer] = (rows.scales[:, None] * row)[here]
            turns[here, layer] = _lever(unit, u[layer], at.inverses[layer], group)[here]
            residual = np.where(here[:, None], row, residual)
    if group == "weights at fixed biases":
        shifts[:] = 0.0
    return np.concatenate([shifts.reshape(n, -1), turns.reshape(n, -1)], axis=1)


def _turn(u: Floats, v: Floats, kept: Floats, active: Floats, inverse: Floats, group: Group) -> Floats:
    """Row by row what ``descent`` sums over the rows."""
    if group == "rotations":
        half = 0.5 * (u[:, :, None] * kept[:, None, :] + v[:, :, None] * active[:, None, :])
        return np.asarray(half - half.transpose(0, 2, 1))
    return np.asarray((v[:, :, None] * active[:, None, :] - kept[:, :, None] * u[:, None, :]) @ inverse.T)


def _lever(unit: Floats, u: Floats, inverse: Floats, group: Group) -> Floats:
    """Gradient of e·u by the weights of its own layer."""
    outer = unit[:, :, None] * u[:, None, :]
    if group == "rotations":
        return np.asarray(0.5 * (outer - outer.transpose(0, 2, 1)))
    return np.asarray(outer @ inverse.T)
