"""The plain choice at one wall: cross it or slide along it, all walls that are slid on staying so.

With walls l = 1..m, the new one last, N_lj = g_l·g_j and b_j = g_j·(c - Hθ) for all of them truncated, shares h give
the normal velocities b_j - Σ_l N_jl d_l h_l. Modes are consistent if these are zero on the slides, with 0 < h < 1, and
point to the chosen side elsewhere. If all jumps d_l are positive exactly one choice is consistent, because N diag(d) is
then similar to a positive definite matrix; otherwise all 3^m are tried.
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.stepping import solve_small
from symflow.network.arrays import Array

MOST_PLAIN = 4  # walls for which all choices are tried here
NOT_PLAIN_MODE = 9


@compiled
def code_of(points: Points, layer: int, i: int) -> int:
    """The pattern of one layer of one datum as an integer."""
    code = 0
    for k in range(points.active.shape[2]):
        code |= points.active[layer, i, k] << k
    return code


@compiled
def follow(nodes: Nodes, points: Points, i: int, layer: int, k: int, entry: int, path: Array) -> int:
    """Fill ``path`` from layer + 1 on with the nodes of datum i if its entry (layer, k) were ``entry``.

    0, or NONE if there is no room for them.
    """
    depth = points.active.shape[0]
    node = points.node[layer, i]
    for later in range(layer, depth):
        code = code_of(points, later, i)
        if later == layer:
            code = (code | (1 << k)) if entry == 1 else (code & ~(1 << k))
        node = child_of(nodes, node, code)
        if node < 0:
            return NONE
        path[later + 1] = node
    return 0


@compiled
def jump_of(nodes: Nodes, points: Points, i: int, row: Array, off: int, on: int, jump: Array) -> float:
    """Add datum i to the function d = jump · θ + value of its wall; returns its part of the value."""
    n, width = row.size, points.x.shape[1]
    length = 0.0
    for column in range(n):
        length += row[column] * row[column]
    value = 0.0
    for component in range(width):
        direction = 0.0
        for column in range(n):
            direction += (nodes.B[on, component, column] - nodes.B[off, component, column]) * row[column]
        direction *= points.w[i] / length
        for column in range(n):
            jump[column] += direction * nodes.B[off, component, column]
        inner = -points.y[i, component]
        for column in range(width):
            inner += nodes.A[off, component, column] * points.x[i, column]
        value += direction * inner
    return value


@compiled
def shares_of(modes: Array, b: Array, N: Array, d: Array) -> Array:
    """μ_l = h_l d_l of all walls: 0 or d_l off the slides, and on them what keeps the flow on the walls."""
    m = modes.size
    mu = np.zeros(m)
    places = np.empty(m, dtype=np.int64)
    slides = 0
    for wall in range(m):
        if modes[wall] == 0:
            places[slides] = wall
            slides += 1
        elif modes[wall] == 1:
            mu[wall] = d[wall]
    if slides == 0:
        return mu
    matrix = np.empty((slides, slides))
    right = np.empty((slides, 1))
    for first in range(slides):
        right[first, 0] = b[places[first]]
        for wall in range(m):
            if modes[wall] != 0:
                right[first, 0] -= N[places[first], wall] * mu[wall]
        for second in range(slides):
            matrix[first, second] = N[places[first], places[second]]
    found = solve_small(matrix, right)
    for first in range(slides):
        mu[places[first]] = found[first, 0]
    return mu


@compiled
def try_modes(modes: Array, b: Array, N: Array, d: Array, tolerance: float) -> int:
    """1 if the modes (-1, 0, +1 for each wall) are consistent beyond doubt, 0 if not, 2 if roundoff decides."""
    m = modes.size
    mu = shares_of(modes, b, N, d)
    doubt = False
    for wall in range(m):
        if modes[wall] == 0:
            low, high = mu[wall], d[wall] - mu[wall]
            if abs(low) <= tolerance or abs(high) <= tolerance:
                doubt = True
            elif (low > 0.0) != (high > 0.0):
                return 0
        else:
            normal = b[wall]
            for other in range(m):
                normal -= N[wall, other] * mu[other]
            if abs(normal) <= tolerance:
                doubt = True
            elif (normal > 0.0) != (modes[wall] == 1):
                return 0
    return 2 if doubt else 1


@compiled
def only_one(b: Array, N: Array, d: Array, tolerance: float) -> bool:
    """Whether exactly one of all 3^m choices is consistent, beyond doubt."""
    m = b.size
    if m > MOST_PLAIN:
        return False
    modes = np.zeros(m, dtype=np.int64)
    consistent = 0
    for number in range(3**m):
        rest = number
        for wall in range(m):
            modes[wall] = rest % 3 - 1
            rest //= 3
        answer = try_modes(modes, b, N, d, tolerance)
        if answer == 2:
            return False
        consistent += answer
    return consistent == 1


@compiled
def choose(b: Array, N: Array, d: Array, tolerance: float, after: int) -> int:
    """Mode of the last wall, all earlier ones sliding on: ``after`` (crossed), 0, or NOT_PLAIN_MODE."""
    m = b.size
    modes = np.zeros(m, dtype=np.int64)
    modes[m - 1] = after
    crossing = try_modes(modes, b, N, d, tolerance)
    modes[m - 1] = 0
    sliding = try_modes(modes, b, N, d, tolerance)
    if crossing == 2 or sliding == 2 or crossing + sliding != 1:
        return NOT_PLAIN_MODE
    if sliding == 1 and d[m - 1] <= tolerance:
        return NOT_PLAIN_MODE
    convex = True
    for wall in range(m):
        convex = convex and d[wall] > tolerance
    if m > 1 and not convex and not only_one(b, N, d, tolerance):
        return NOT_PLAIN_MODE
    return after if crossing == 1 else 0
