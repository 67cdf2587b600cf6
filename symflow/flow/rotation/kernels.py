"""The inner loops, row by row, for numba: the lines of ``equations``, ``charts`` and ``sliding`` without temporaries.

With few rows NumPy spends its time on calls, not on numbers. These functions are used where numba is installed; where
it is not, the NumPy lines give the same numbers to rounding, and the tests hold one against the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import COMPILED, compiled
from symflow.flow.chamber.stepping import gram, solve_small
from symflow.flow.equations import rotation_biases, rotation_turns, rotation_weights
from symflow.flow.rotation.equations import Parameters, Places, Rows
from symflow.flow.rotation.problem import Floats

USED = COMPILED  # interpreted, these functions would be slower than NumPy
LARGEST_CONDITION = 1e12

bias_velocity, residual_before = compiled(rotation_biases.B2_layer), compiled(rotation_biases.B2_pulled)
rotation_velocity, weight_velocity = compiled(rotation_turns.B4_layer), compiled(rotation_weights.B8_layer)


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
def pull_back_row(
    rows: Rows, i: int, layer: int, at: Parameters, u: Floats, sign: float, kind: int, residual: Floats, v: Floats,
    shifts: Floats, turns: Floats,
) -> None:  # fmt: skip
    """Pull the residual of row i back through a layer, and add its share to the unfinished gradients.

    A wall has the gradient of one row, for which the proved equations of ``descend`` would be called layer by layer;
    here their products are taken apart, and the tests hold the two against each other.
    """
    Q = residual.size
    for k in range(Q):
        v[k] = 0.0
        for m in range(Q):
            v[k] += residual[m] * at.inverses[layer, m, k]
    for a in range(Q):
        mask = rows.masks[layer, i, a]
        shifts[layer, a] += sign * rows.scales[i] * (v[a] - mask * v[a])
        for b in range(Q):
            kept, active = rows.masks[layer, i, b] * v[b], rows.masks[layer, i, b] * u[layer, i, b]
            if kind == 0:
                turns[layer, a, b] += sign * (u[layer, i, a] * kept + v[a] * active)
            else:
                turns[layer, a, b] += sign * (v[a] * active - mask * v[a] * u[layer, i, b])
    for k in range(Q):
        residual[k] = 0.0
        for m in range(Q):
            residual[k] += rows.masks[layer, i, m] * v[m] * at.weights[layer, m, k]


@compiled
def finish(at: Parameters, kind: int, shifts: Floats, turns: Floats, out: Floats) -> None:
    """From the sums over rows to the gradients by β and by the weights."""
    L, Q = shifts.shape
    for layer in range(L):
        for a in range(Q):
            total = 0.0
            for m in range(Q):
                total += shifts[layer, m] * at.weights[layer, m, a]
            out[layer * Q + a] = 0.0 if kind == 2 else total
            for b in range(Q):
                place = L * Q + (layer * Q + a) * Q + b
                if kind == 0:
                    out[place] = 0.5 * (turns[layer, a, b] - turns[layer, b, a])
                else:
                    total = 0.0
                    for m in range(Q):
                        total += turns[layer, a, m] * at.inverses[layer, b, m]
                    out[place] = total


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
        masks, v = rows.masks[layer], pulled[layer]
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
    if kind == 2:
        velocity[: L * Q] = 0.0


@compiled
def fill_normals(rows: Rows, layers: Places, components: Places, at: Parameters, kind: int, normals: Floats) -> None:
    """Fill in the gradients (n, D) of the preactivation at (layers[i], components[i]) of row i."""
    n = layers.size
    L, Q = at.biases.shape
    u, state = np.empty((L, n, Q)), np.empty((n, Q))
    forward(rows, at, u, state)
    shifts, turns, residual, v = np.empty((L, Q)), np.empty((L, Q, Q)), np.empty(Q), np.empty(Q)
    for i in range(n):
        top, k = layers[i], components[i]
        shifts[:] = 0.0
        turns[:] = 0.0
        shifts[top, k] = rows.scales[i]
        for m in range(Q):
            turns[top, k, m] = u[top, i, m]
            residual[m] = at.weights[top, k, m]
        for layer in range(top - 1, -1, -1):
            pull_back_row(rows, i, layer, at, u, -1.0, kind, residual, v, shifts, turns)
        finish(at, kind, shifts, turns, normals[i])


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
