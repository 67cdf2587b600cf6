"""The inner loops, row by row, for numba: the lines of ``equations``, ``charts`` and ``sliding`` without temporaries.

With few rows NumPy spends its time on calls, not on numbers. These functions are used where numba is installed; where
it is not, the NumPy lines give the same numbers to rounding, and the tests hold one against the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import COMPILED, compiled
from symflow.flow.chamber.stepping import gram, solve_small
from symflow.flow.equations import rotation_biases, rotation_turns, rotation_walls, rotation_weights
from symflow.flow.rotation.equations import Parameters, Places, Rows
from symflow.flow.rotation.problem import Floats

USED = COMPILED  # interpreted, these functions would be slower than NumPy
LARGEST_CONDITION = 1e12

bias_velocity, residual_before = compiled(rotation_biases.B2_layer), compiled(rotation_biases.B2_pulled)
rotation_velocity, weight_velocity = compiled(rotation_turns.B4_layer), compiled(rotation_weights.B8_layer)
wall_bias, wall_pulled = compiled(rotation_walls.D2_wall_bias), compiled(rotation_walls.D2_wall_pulled)
wall_turn, wall_weight = compiled(rotation_walls.D2_wall_turn), compiled(rotation_walls.D2_wall_weight)


class Guides(NamedTuple):
    """The walls slid on: a row for each, its place, and the rows that slide there, ``nodes[starts[a]:starts[a+1]]``."""

    rows: Rows
    layers: Places
    components: Places
    nodes: Places
    starts: Places


@compiled
def forward(rows: Rows, at: Parameters, u: Floats, state: Floats) -> None:
    """Fill in u_ℓ (L, n, Q) and z_L (n, Q)."""
    L, n, Q = u.shape
    for i in range(n):
        scale = rows.scales[i]
        for k in range(Q):
            state[i, k] = rows.points[i, k]
        for layer in range(L):
            for k in range(Q):
                total = 0.0
                for m in range(Q):
                    total += at.weights[layer, k, m] * (state[i, m] + scale * at.biases[layer, m])
                u[layer, i, k] = total
            for k in range(Q):
                total = -scale * at.biases[layer, k]
                for m in range(Q):
                    total += at.inverses[layer, k, m] * rows.masks[layer, i, m] * u[layer, i, m]
                state[i, k] = total


@compiled
def pull_back(
    rows: Rows, layer: int, at: Parameters, u: Floats, kind: int, residual: Floats, v: Floats, velocity: Floats
) -> None:
    """Pull the residual (n, Q) of rows back through a layer, and fill in v (n, Q) and the layer's part of velocity."""
    L, n, Q = u.shape
    masks = rows.masks[layer]
    for i in range(n):
        for k in range(Q):
            v[i, k] = 0.0
            for m in range(Q):
                v[i, k] += residual[i, m] * at.inverses[layer, m, k]
    bias_velocity(at.weights[layer], rows.scales, v, masks, velocity[layer * Q : (layer + 1) * Q])
    start = L * Q + layer * Q * Q
    change = velocity[start : start + Q * Q].reshape(Q, Q)
    if kind == 0:
        rotation_velocity(u[layer], masks, v, change)
    else:
        weight_velocity(v, masks, u[layer], at.inverses[layer], change)
    for i in range(n):
        residual_before(at.weights[layer], masks[i], v[i], residual[i])


@compiled
def descend(rows: Rows, at: Parameters, kind: int, velocity: Floats, pulled: Floats) -> None:
    """Fill in minus the gradient of the cost, and v (L, n, Q)."""
    L, n, Q = pulled.shape
    u, residual = np.empty((L, n, Q)), np.empty((n, Q))
    forward(rows, at, u, residual)
    for i in range(n):
        for k in range(Q):
            residual[i, k] -= rows.targets[i, k]
    for layer in range(L - 1, -1, -1):
        pull_back(rows, layer, at, u, kind, residual, pulled[layer], velocity)
    if kind == 2:
        velocity[: L * Q] = 0.0


@compiled
def fill_normals(rows: Rows, layers: Places, components: Places, at: Parameters, kind: int, normals: Floats) -> None:
    """Fill in the gradients (n, D) of the preactivation at (layers[i], components[i]) of row i."""
    n = layers.size
    L, Q = at.biases.shape
    u, state = np.empty((L, n, Q)), np.empty((n, Q))
    forward(rows, at, u, state)
    unit, residual, v = np.zeros(Q), np.empty((1, Q)), np.empty((1, Q))
    masks, before = np.empty((L, 1, Q)), np.empty((L, 1, Q))  # of one row: as parts of all, one more layout to compile
    for i in range(n):
        top, normal = layers[i], normals[i]
        unit[components[i]] = 1.0
        normal[:] = 0.0
        for layer in range(L):
            for k in range(Q):
                masks[layer, 0, k], before[layer, 0, k] = rows.masks[layer, i, k], u[layer, i, k]
        alone = Rows(rows.points[i : i + 1], rows.scales[i : i + 1], rows.targets[i : i + 1], masks)
        wall_pulled(at.weights[top], unit, residual[0])
        for layer in range(top - 1, -1, -1):
            pull_back(alone, layer, at, before, kind, residual, v, normal)
        for place in range(normal.size):  # those are velocities, minus gradients
            normal[place] = 0.0 - normal[place]
        wall_bias(rows.scales[i], at.weights[top], unit, normal[top * Q : (top + 1) * Q])
        start = L * Q + top * Q * Q
        lever = normal[start : start + Q * Q].reshape(Q, Q)
        if kind == 0:
            wall_turn(unit, u[top, i], lever)
        else:
            wall_weight(unit, u[top, i], at.inverses[top], lever)
        if kind == 2:
            normal[: L * Q] = 0.0
        unit[components[i]] = 0.0


@compiled
def slide_along(guides: Guides, at: Parameters, kind: int, velocity: Floats) -> Floats:
    """Project the velocity on the walls' tangent space; returns the multipliers."""
    m = guides.layers.size
    normals = np.empty((m, velocity.size))
    fill_normals(guides.rows, guides.layers, guides.components, at, kind, normals)
    right = np.zeros((m, 1))
    for wall in range(m):
        for place in range(velocity.size):
            right[wall, 0] -= normals[wall, place] * velocity[place]
    share = solve_small(gram(normals), right)[:, 0]
    for wall in range(m):
        for place in range(velocity.size):
            velocity[place] += share[wall] * normals[wall, place]
    return share


@compiled
def locate(base: Parameters, norms: Floats, kind: int, place: Floats, at: Parameters) -> bool:
    """Fill in the point of the chart with these coordinates; False where a weight is as good as singular."""
    L, Q = base.biases.shape
    left, right = np.empty((Q, Q)), np.empty((Q, Q))
    for layer in range(L):
        for a in range(Q):
            at.biases[layer, a] = place[layer * Q + a]
            for b in range(Q):
                sigma, one = place[L * Q + (layer * Q + a) * Q + b], 1.0 if a == b else 0.0
                if kind == 0:
                    left[a, b], right[a, b] = one - 0.5 * sigma, one + 0.5 * sigma
                else:
                    left[a, b], right[a, b] = base.weights[layer, a, b] + sigma, one
        if kind != 0:
            for a in range(Q):
                stretch = norms[layer, a] / np.sqrt((left[a] ** 2).sum())
                for b in range(Q):
                    left[a, b] *= stretch
        solved = solve_small(left, right)
        largest, spread = 0.0, 0.0
        for a in range(Q):
            for b in range(Q):
                if kind == 0:
                    total = 0.0
                    for m in range(Q):
                        total += solved[a, m] * base.weights[layer, m, b]
                    at.weights[layer, a, b] = total
                    at.inverses[layer, b, a] = total
                else:
                    at.weights[layer, a, b] = left[a, b]
                    at.inverses[layer, a, b] = solved[a, b]
                    largest, spread = max(largest, abs(left[a, b])), max(spread, abs(solved[a, b]))
        if not largest * spread < LARGEST_CONDITION:
            return False
    return True


@compiled
def in_chart(base: Parameters, norms: Floats, kind: int, place: Floats, velocity: Floats, slope: Floats) -> None:
    """Fill in the velocity of the coordinates, and |θ̇|² after it."""
    L, Q = base.biases.shape
    slope[velocity.size] = 0.0
    for entry in range(velocity.size):
        slope[entry] = velocity[entry]
        slope[velocity.size] += velocity[entry] * velocity[entry]
    half, omega, inner = np.empty((Q, Q)), np.empty((Q, Q)), np.empty((Q, Q))
    for layer in range(L):
        start = L * Q + layer * Q * Q
        for a in range(Q):
            for b in range(Q):
                half[a, b] = 0.5 * place[start + a * Q + b]
                omega[a, b] = velocity[start + a * Q + b]
        if kind == 0:
            for a in range(Q):
                for b in range(Q):
                    total = omega[a, b]
                    for m in range(Q):
                        total += omega[a, m] * half[m, b]
                    inner[a, b] = total
            for a in range(Q):
                for b in range(Q):
                    total = inner[a, b]
                    for m in range(Q):
                        total -= half[a, m] * inner[m, b]
                    slope[start + a * Q + b] = total
        else:
            for a in range(Q):
                square = 0.0
                for b in range(Q):
                    square += (base.weights[layer, a, b] + 2.0 * half[a, b]) ** 2
                for b in range(Q):
                    slope[start + a * Q + b] *= np.sqrt(square) / norms[layer, a]


@compiled
def run_stages(
    first: int, last: int, size: float, start: Floats, slopes: Floats, couplings: Floats, base: Parameters,
    norms: Floats, kind: int, rows: Rows, guides: Guides, place: Floats, velocity: Floats,
) -> bool:  # fmt: skip
    """Stages first..last-1 of a step into ``slopes``; the last place and its velocity. False: a weight is singular."""
    at = Parameters(np.empty_like(base.biases), np.empty_like(base.weights), np.empty_like(base.weights))
    pulled = np.empty_like(rows.masks)
    for stage in range(first, last):
        for entry in range(start.size):
            total = 0.0
            for earlier in range(stage):
                if couplings[stage, earlier] != 0.0:
                    total += couplings[stage, earlier] * slopes[earlier, entry]
            place[entry] = start[entry] + size * total
        if not locate(base, norms, kind, place, at):
            return False
        descend(rows, at, kind, velocity, pulled)
        if guides.layers.size:
            slide_along(guides, at, kind, velocity)
        in_chart(base, norms, kind, place, velocity, slopes[stage])
    return True


@compiled
def fill_margins(rows: Rows, guides: Guides, at: Parameters, kind: int, margins: Floats) -> None:
    """Fill in s·h and s·(1 − h) per wall (2, m): the multipliers, and minus the jumps, the latest layers first."""
    L, n, Q = rows.masks.shape
    m = guides.layers.size
    velocity, pulled = np.empty(L * Q * (1 + Q)), np.empty((L, n, Q))
    descend(rows, at, kind, velocity, pulled)
    share = slide_along(guides, at, kind, velocity)
    masks = rows.masks.copy()
    stale = False
    for layer in range(L - 1, -1, -1):
        for wall in range(m):
            if guides.layers[wall] != layer:
                continue
            if stale:
                descend(Rows(rows.points, rows.scales, rows.targets, masks), at, kind, velocity, pulled)
                stale = False
            strength = 0.0
            for place in range(guides.starts[wall], guides.starts[wall + 1]):
                i = guides.nodes[place]
                strength += rows.scales[i] * pulled[layer, i, guides.components[wall]]
            margins[0, wall] = -share[wall]
            margins[1, wall] = strength + share[wall]
        for wall in range(m):
            if guides.layers[wall] == layer:
                strength = margins[0, wall] + margins[1, wall]
                for place in range(guides.starts[wall], guides.starts[wall + 1]):
                    masks[layer, guides.nodes[place], guides.components[wall]] = (
                        margins[0, wall] / strength if strength != 0.0 else 0.0
                    )
                stale = True


@compiled
def fill_along(
    fractions: Floats, start: Floats, polynomial: Floats, base: Parameters, norms: Floats, kind: int, found: Parameters
) -> bool:
    """Fill in the points of a step at fractions (F,) of it: β (F, L, Q), W and W^{-1} (F, L, Q, Q)."""
    place = np.empty_like(start)
    for number in range(fractions.size):
        fraction = fractions[number]
        for entry in range(start.size):
            value = 0.0
            for power in range(6, -1, -1):
                value = (value + polynomial[power, entry]) * (fraction if power % 2 == 0 else 1.0 - fraction)
            place[entry] = start[entry] + value
        at = Parameters(found.biases[number], found.weights[number], found.inverses[number])
        if not locate(base, norms, kind, place, at):
            return False
    return True


@compiled
def sample_rows(rows: Rows, points: Parameters, u: Floats) -> None:
    """Fill in u (F, L, n, Q) of the rows at F points."""
    state = np.empty(rows.points.shape)
    for number in range(u.shape[0]):
        at = Parameters(points.biases[number], points.weights[number], points.inverses[number])
        forward(rows, at, u[number], state)


@compiled
def sample_margins(rows: Rows, guides: Guides, points: Parameters, kind: int, margins: Floats) -> None:
    """Fill in the margins (F, 2, m) at F points."""
    for number in range(margins.shape[0]):
        at = Parameters(points.biases[number], points.weights[number], points.inverses[number])
        fill_margins(rows, guides, at, kind, margins[number])
