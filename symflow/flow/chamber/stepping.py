"""One segment: the exact linear flow from a state, free or on sliding walls, and the first event that ends it.

θ' = -Π(Hθ - c), Π the orthogonal projection onto the sliding walls (Π = 1 without any): symmetric eigendecomposition of
ΠHΠ, θ(t) = θ0 + V (v φ(λ, t)) with v = VᵀΠ(c - Hθ0) (theory D1, D2).
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.exponentials import EPS, first_root, growth, leave_zero
from symflow.flow.chamber.prefixes import Nodes
from symflow.network.arrays import Array

FLAT = 64 * EPS  # eigenvalues below this share of the largest are roundoff where the velocity has no component either


@compiled
def solve_small(matrix: Array, right: Array) -> Array:
    """X with matrix X = right, by elimination with pivots: for a few rows, where a library call costs more."""
    m, columns = right.shape
    A, X = matrix.copy(), right.copy()
    for step in range(m):
        pivot = step
        for row in range(step + 1, m):
            if abs(A[row, step]) > abs(A[pivot, step]):
                pivot = row
        for column in range(m):
            A[step, column], A[pivot, column] = A[pivot, column], A[step, column]
        for column in range(columns):
            X[step, column], X[pivot, column] = X[pivot, column], X[step, column]
        for row in range(m):
            if row != step:
                factor = A[row, step] / A[step, step]
                for column in range(step, m):
                    A[row, column] -= factor * A[step, column]
                for column in range(columns):
                    X[row, column] -= factor * X[step, column]
    for row in range(m):
        for column in range(columns):
            X[row, column] /= A[row, row]
    return X


@compiled
def gram(rows: Array) -> Array:
    """g gᵀ for rows g."""
    m, n = rows.shape
    result = np.zeros((m, m))
    for first in range(m):
        for second in range(m):
            for column in range(n):
                result[first, second] += rows[first, column] * rows[second, column]
    return result


@compiled
def projection(walls: Array) -> tuple[Array, Array]:
    """(Π, M): projection onto the common kernel of the rows g of ``walls``, and M = (ggᵀ)^{-1} g."""
    m, n = walls.shape
    multipliers = solve_small(gram(walls), walls)
    onto = np.eye(n)
    for row in range(n):
        for column in range(n):
            for wall in range(m):
                onto[row, column] -= walls[wall, row] * multipliers[wall, column]
    return onto, multipliers


@compiled
def linear_flow(H: Array, c: Array, theta: Array, onto: Array, sliding: int) -> tuple[Array, Array, Array]:
    """(λ, V, v) of the flow above; v is zero exactly where nothing but roundoff is left."""
    n = theta.size
    force = np.empty(n)
    size = 0.0
    for row in range(n):
        term, total = abs(c[row]), c[row]
        for column in range(n):
            part = H[row, column] * theta[column]
            total -= part
            term += abs(part)
        force[row] = total
        size = max(size, term)
    if sliding > 0:
        rates, V = np.linalg.eigh(_squeezed(H, onto))
        free = np.zeros(n)
        for row in range(n):
            for column in range(n):
                free[row] += onto[row, column] * force[column]
        force = free
    else:
        rates, V = np.linalg.eigh(H)
    v = np.zeros(n)
    largest = max(rates[n - 1], 0.0)
    for k in range(n):
        for row in range(n):
            v[k] += V[row, k] * force[row]
        if rates[k] <= FLAT * largest:
            if abs(v[k]) <= 32 * EPS * size:
                v[k] = 0.0
            rates[k] = max(rates[k], 0.0)
        elif abs(v[k]) <= EPS * size * 1e-3:
            v[k] = 0.0
    return rates, V, v


@compiled
def _squeezed(H: Array, onto: Array) -> Array:
    """ΠHΠ, symmetric to the last bit."""
    n = H.shape[0]
    half = np.zeros((n, n))
    whole = np.zeros((n, n))
    for row in range(n):
        for inner in range(n):
            for column in range(n):
                half[row, column] += onto[row, inner] * H[inner, column]
    for row in range(n):
        for column in range(row + 1):
            total = 0.0
            for inner in range(n):
                total += half[row, inner] * onto[inner, column]
            whole[row, column] = total
            whole[column, row] = total
    return whole


@compiled
def state_at(theta: Array, rates: Array, V: Array, v: Array, time: float) -> Array:
    """θ(t)."""
    result = theta.copy()
    for k in range(v.size):
        if v[k] != 0.0:
            length = v[k] * growth(rates[k], time)
            for row in range(v.size):
                result[row] += V[row, k] * length
    return result


@compiled
def reach_until(rates: Array, v: Array, time: float, reach: Array) -> None:
    """How far every component of θ travels up to a time."""
    for j in range(v.size):
        reach[j] = abs(v[j]) * growth(rates[j], time) if v[j] != 0.0 else 0.0


@compiled
def slopes_of(row: Array, V: Array, v: Array, reach: Array, slopes: Array) -> float:
    """Fill in the slopes of row · θ along the flow; returns how far it can move within the reach."""
    travel = 0.0
    for j in range(v.size):
        slopes[j] = 0.0
        if v[j] != 0.0:
            inner = 0.0
            for column in range(v.size):
                inner += row[column] * V[column, j]
            slopes[j] = inner * v[j]
            travel += abs(inner) * reach[j]
    return travel


@compiled
def root_before(start: float, slopes: Array, rates: Array, leaving: bool, end: float, tolerance: float) -> float:
    """The first root before ``end`` of a function that is positive, or leaves zero; inf for none, nan for a doubt."""
    if not leaving:
        return first_root(start, slopes, rates, 0.0, end)
    begin = leave_zero(slopes, rates, tolerance)
    if np.isnan(begin):
        return np.nan
    return first_root(0.0, slopes, rates, begin, end)


@compiled
def first_exit(
    exits: Array, values: Array, at_zero: Array, rates: Array, V: Array, v: Array, end: float, tolerance: float
) -> float:
    """The first root before ``end`` of the functions values + exits · (θ - θ0); inf for none, nan for a doubt."""
    reach, slopes = np.empty(v.size), np.empty(v.size)
    best, found = end, False
    reach_until(rates, v, best, reach)
    for k in range(exits.shape[0]):
        travel = slopes_of(exits[k], V, v, reach, slopes)
        if values[k] > travel and at_zero[k] == 0:
            continue
        root = root_before(values[k], slopes, rates, at_zero[k] == 1, best, tolerance)
        if np.isnan(root):
            return np.nan
        if root < best:
            best, found = root, True
            reach_until(rates, v, best, reach)
    return best if found else np.inf


@compiled
def first_wall(
    nodes: Nodes, points: Points, used: int, fresh: Array, theta: Array, rates: Array, V: Array, v: Array, end: float,
    tolerance: float,
) -> float:  # fmt: skip
    """The first time before ``end`` at which a datum next to a wall of its group reaches it; inf, nan as above.

    ``fresh`` marks data at walls that they have just left: those start at zero.
    """
    depth, n = points.active.shape[0], theta.size
    reach, slopes = np.empty(n), np.empty(n)
    best, found = end, False
    reach_until(rates, v, best, reach)
    for node in range(used):
        layer = nodes.level[node]
        if layer == depth or points.members[node] == 0:
            continue
        for k in range(points.x.shape[1]):
            if points.above[node, k] == NONE and points.below[node, k] == NONE:
                continue
            travel = slopes_of(nodes.rows[node, k], V, v, reach, slopes)
            base = 0.0
            for column in range(n):
                base += nodes.rows[node, k, column] * theta[column]
            for side in range(2):
                head = points.above[node, k] if side == 0 else points.below[node, k]
                if head == NONE:
                    continue
                sign = 1.0 if side == 0 else -1.0
                start = sign * (base + points.s[layer, head, k])
                leaving = fresh[layer, head, k] == 1
                if start > travel and not leaving:
                    continue
                root = root_before(start, sign * slopes, rates, leaving, best, tolerance)
                if np.isnan(root):
                    return np.nan
                if root < best:
                    best, found = root, True
                    reach_until(rates, v, best, reach)
    return best if found else np.inf


@compiled
def next_event(
    nodes: Nodes, points: Points, used: int, fresh: Array, theta: Array, rates: Array, V: Array, v: Array,
    exits: Array, values: Array, at_zero: Array, end: float, tolerance: float,
) -> float:  # fmt: skip
    """Time of the first event before ``end``, a wall or an exit; inf if there is none, nan if it is in doubt."""
    leaving = first_exit(exits, values, at_zero, rates, V, v, end, tolerance)
    if np.isnan(leaving):
        return np.nan
    wall = first_wall(nodes, points, used, fresh, theta, rates, V, v, min(end, leaving), tolerance)
    if np.isnan(wall):
        return np.nan
    return min(leaving, wall)
