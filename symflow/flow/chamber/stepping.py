"""One segment: the exact linear flow from a state, free or on sliding walls, and the first event that ends it.

θ' = -Π(Hθ - c), Π the orthogonal projection onto the sliding walls (Π = 1 without any): symmetric eigendecomposition of
ΠHΠ, θ(t) = θ0 + V (v φ(λ, t)) with v = VᵀΠ(c - Hθ0) (theory D1, D2).
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import compiled, lean
from symflow.flow.chamber.exponentials import EPS, first_root, growth, leave_zero
from symflow.flow.chamber.prefixes import Nodes
from symflow.network.arrays import Array

FLAT = 64 * EPS  # eigenvalues below this share of the largest are roundoff where the velocity has no component either


@lean
def eliminate(A: Array, X: Array, m: int, columns: int) -> None:
    """Replace X by the solution of A Y = X, by elimination with pivots; A is used up. Of both the first m rows count.

    For a few rows, where a library call costs more.
    """
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


@compiled
def solve_small(matrix: Array, right: Array) -> Array:
    """X with matrix X = right."""
    X = right.copy()
    eliminate(matrix.copy(), X, right.shape[0], right.shape[1])
    return X


@lean
def fill_gram(rows: Array, m: int, result: Array) -> None:
    """Fill in g gᵀ for the first m rows g."""
    for first in range(m):
        for second in range(m):
            total = 0.0
            for column in range(rows.shape[1]):
                total += rows[first, column] * rows[second, column]
            result[first, second] = total


@compiled
def gram(rows: Array) -> Array:
    """g gᵀ for rows g."""
    m = rows.shape[0]
    result = np.empty((m, m))
    fill_gram(rows, m, result)
    return result


@lean
def fill_projection(walls: Array, m: int, normals: Array, onto: Array, multipliers: Array) -> None:
    """Fill in Π and M of ``projection`` for the first m walls; ``normals`` is room for an (m, m) matrix."""
    n = onto.shape[0]
    fill_gram(walls, m, normals)
    for wall in range(m):
        for column in range(n):
            multipliers[wall, column] = walls[wall, column]
    eliminate(normals, multipliers, m, n)
    for row in range(n):
        for column in range(n):
            total = 1.0 if row == column else 0.0
            for wall in range(m):
                total -= walls[wall, row] * multipliers[wall, column]
            onto[row, column] = total


@compiled
def projection(walls: Array) -> tuple[Array, Array]:
    """(Π, M): projection onto the common kernel of the rows g of ``walls``, and M = (ggᵀ)^{-1} g."""
    m, n = walls.shape
    onto, multipliers = np.empty((n, n)), np.empty((m, n))
    fill_projection(walls, m, np.empty((m, m)), onto, multipliers)
    return onto, multipliers


@lean
def restrict(
    H: Array, c: Array, theta: Array, onto: Array, sliding: int, hessian: Array, velocity: Array, half: Array
) -> float:
    """Fill in ΠHΠ and Π(c - Hθ); returns the largest sum of absolute summands of c - Hθ, for roundoff.

    ``half`` (n, n) is room for half of the work.
    """
    n = theta.size
    size = 0.0
    for row in range(n):
        term, total = abs(c[row]), c[row]
        for column in range(n):
            part = H[row, column] * theta[column]
            total -= part
            term += abs(part)
        velocity[row] = total
        size = max(size, term)
    if sliding == 0:
        for row in range(n):
            for column in range(n):
                hessian[row, column] = H[row, column]
        return size
    for row in range(n):
        half[0, row] = velocity[row]
    for row in range(n):
        velocity[row] = 0.0
        for column in range(n):
            velocity[row] += onto[row, column] * half[0, column]
    _squeeze(H, onto, hessian, half)
    return size


@lean
def _squeeze(H: Array, onto: Array, whole: Array, half: Array) -> None:
    """Fill in ΠHΠ, symmetric to the last bit."""
    n = H.shape[0]
    for row in range(n):
        for column in range(n):
            total = 0.0
            for inner in range(n):
                total += onto[row, inner] * H[inner, column]
            half[row, column] = total
    for row in range(n):
        for column in range(row + 1):
            total = 0.0
            for inner in range(n):
                total += half[row, inner] * onto[inner, column]
            whole[row, column] = total
            whole[column, row] = total


@compiled
def fill_modes(hessian: Array, velocity: Array, size: float, rates: Array, V: Array, v: Array) -> None:
    """Fill in λ, V, v of the flow above; v is zero exactly where nothing but roundoff is left.

    Of modes with one rate only one counts; columns of V with v = 0 are then not orthogonal to it.
    """
    n = velocity.size
    values, vectors = np.linalg.eigh(hessian)
    largest = max(values[n - 1], 0.0)
    for k in range(n):
        rates[k], v[k] = values[k], 0.0
        for row in range(n):
            V[row, k] = vectors[row, k]
            v[k] += V[row, k] * velocity[row]
        if rates[k] <= FLAT * largest:
            if abs(v[k]) <= 32 * EPS * size:
                v[k] = 0.0
            rates[k] = max(rates[k], 0.0)
        elif abs(v[k]) <= EPS * size * 1e-3:
            v[k] = 0.0
    _join_equal(rates, V, v)


@lean
def _join_equal(rates: Array, V: Array, v: Array) -> None:
    """Of all modes with one rate keep one, along their common velocity; the others get v = 0.

    Two modes of one rate can cancel in a function that ends a slide, which then decays like a single exponential that
    never comes to zero. As a sum of two large ones it has bounds that are worth nothing.
    """
    n, first = v.size, 0
    while first < n:
        last = first
        while last + 1 < n and rates[last + 1] - rates[first] <= FLAT * rates[n - 1]:
            last += 1
        length = 0.0
        for k in range(first, last + 1):
            length += v[k] * v[k]
        if last > first and length > 0.0:
            length = np.sqrt(length)
            for row in range(n):
                total = 0.0
                for k in range(first, last + 1):
                    total += V[row, k] * v[k]
                V[row, first] = total / length
            for k in range(first + 1, last + 1):
                v[k] = 0.0
            v[first] = length
        first = last + 1


@compiled
def modes_of_rows(hessians: Array, velocities: Array, sizes: Array) -> tuple[Array, Array, Array]:
    """The modes of many segments, (E, n), (E, n, n) and (E, n)."""
    rates, V, v = np.empty_like(velocities), np.empty_like(hessians), np.empty_like(velocities)
    for row in range(sizes.size):
        fill_modes(hessians[row], velocities[row], sizes[row], rates[row], V[row], v[row])
    return rates, V, v


@lean
def state_at(theta: Array, rates: Array, V: Array, v: Array, time: float, arrived: Array) -> None:
    """Fill in θ(t)."""
    for row in range(v.size):
        arrived[row] = theta[row]
    for k in range(v.size):
        if v[k] != 0.0:
            length = v[k] * growth(rates[k], time)
            for row in range(v.size):
                arrived[row] += V[row, k] * length


@lean
def velocity_at(rates: Array, V: Array, v: Array, time: float, velocity: Array) -> None:
    """Fill in θ'(t)."""
    velocity[:] = 0.0
    for k in range(v.size):
        if v[k] != 0.0:
            speed = v[k] * np.exp(-rates[k] * time)
            for row in range(v.size):
                velocity[row] += V[row, k] * speed


@lean
def reach_until(rates: Array, v: Array, time: float, reach: Array) -> None:
    """How far every component of θ travels up to a time."""
    for j in range(v.size):
        reach[j] = abs(v[j]) * growth(rates[j], time) if v[j] != 0.0 else 0.0


@lean
def slopes_of(row: Array, sign: float, V: Array, v: Array, reach: Array, slopes: Array) -> float:
    """Fill in the slopes of sign · row · θ along the flow; returns how far it can move within the reach."""
    travel = 0.0
    for j in range(v.size):
        slopes[j] = 0.0
        if v[j] != 0.0:
            inner = 0.0
            for column in range(v.size):
                inner += row[column] * V[column, j]
            slopes[j] = sign * inner * v[j]
            travel += abs(inner) * reach[j]
    return travel


@lean
def root_before(start: float, slopes: Array, rates: Array, leaving: bool, end: float, tolerance: float) -> float:
    """The first root before ``end`` of a function that is positive, or leaves zero; inf for none, nan for a doubt."""
    if not leaving:
        return first_root(start, slopes, rates, 0.0, end)
    begin = leave_zero(slopes, rates, tolerance)
    if np.isnan(begin):
        return np.nan
    return first_root(0.0, slopes, rates, begin, end)


@lean
def first_exit(
    exits: Array, values: Array, at_zero: Array, rates: Array, V: Array, v: Array, end: float, tolerance: float,
    reach: Array, slopes: Array,
) -> float:  # fmt: skip
    """The first root before ``end`` of the functions values + exits · (θ - θ0); inf for none, nan for a doubt."""
    best, found = end, False
    reach_until(rates, v, best, reach)
    for k in range(exits.shape[0]):
        travel = slopes_of(exits[k], 1.0, V, v, reach, slopes)
        if values[k] > travel and at_zero[k] == 0:
            continue
        root = root_before(values[k], slopes, rates, at_zero[k] == 1, best, tolerance)
        if np.isnan(root):
            return np.nan
        if root < best:
            best, found = root, True
            reach_until(rates, v, best, reach)
    return best if found else np.inf


@lean
def first_wall(
    nodes: Nodes, points: Points, used: int, fresh: Array, theta: Array, rates: Array, V: Array, v: Array, end: float,
    tolerance: float, reach: Array, slopes: Array,
) -> float:  # fmt: skip
    """The first time before ``end`` at which a datum next to a wall of its group reaches it; inf, nan as above.

    ``fresh`` marks data at walls that they have just left: those start at zero.
    """
    depth, n = points.active.shape[0], theta.size
    best, found = end, False
    reach_until(rates, v, best, reach)
    for node in range(used):
        layer = nodes.level[node]
        if layer == depth or points.members[node] == 0:
            continue
        for k in range(points.x.shape[1]):
            if points.above[node, k] == NONE and points.below[node, k] == NONE:
                continue
            travel = slopes_of(nodes.rows[node, k], 1.0, V, v, reach, slopes)
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
                slopes_of(nodes.rows[node, k], sign, V, v, reach, slopes)
                root = root_before(start, slopes, rates, leaving, best, tolerance)
                if np.isnan(root):
                    return np.nan
                if root < best:
                    best, found = root, True
                    reach_until(rates, v, best, reach)
    return best if found else np.inf


@lean
def next_event(
    nodes: Nodes, points: Points, used: int, fresh: Array, theta: Array, rates: Array, V: Array, v: Array,
    exits: Array, values: Array, at_zero: Array, end: float, tolerance: float, reach: Array, slopes: Array,
) -> float:  # fmt: skip
    """Time of the first event before ``end``, a wall or an exit; inf if there is none, nan if it is in doubt.

    ``reach`` and ``slopes`` (n,) are room.
    """
    leaving = first_exit(exits, values, at_zero, rates, V, v, end, tolerance, reach, slopes)
    if np.isnan(leaving):
        return np.nan
    wall = first_wall(nodes, points, used, fresh, theta, rates, V, v, min(end, leaving), tolerance, reach, slopes)
    if np.isnan(wall):
        return np.nan
    return min(leaving, wall)
