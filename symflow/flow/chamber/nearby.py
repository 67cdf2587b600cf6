"""Events that come soon: the flow as a Taylor polynomial, the next wall by bounds that nothing can break.

Where data are many, events follow each other so closely that an eigendecomposition for each would be most of the work.
In a chamber, and along walls, θ' = v - G(θ - θ0) with G symmetric and positive semidefinite, so that

    θ(t) = θ0 + Σ_k t^{k+1}/(k+1)! (-G)^k v,   |θ'(t)| <= |v|,   |θ''(t)| <= |Gv|,

the bounds because |e^{-Gt}| <= 1. Up to t = ½/|G| the first ORDER terms are the sum to the last bit: what is left out
is below 2^{-ORDER}/(ORDER + 1)! < 1e-16 of |v| t. For a wall f = f0 + g·(θ - θ0), f0 > 0, the bounds say

    f(t) >= f0 - |g||v| t,   f(t) >= f0 + (g·v) t - ½|g||Gv| t²,   and from any t on the same:

the first spares a wall every look until the state has come a long enough way (``safe``), the second one gives a time
before which there is no root, and steps that cannot pass one. What does not come soon is left to ``stepping``.
"""

from __future__ import annotations

import math

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import lean
from symflow.flow.chamber.exponentials import EPS, STEPS, earliest
from symflow.flow.chamber.prefixes import Nodes
from symflow.flow.chamber.short_vectors import inner_product, length_of
from symflow.network.arrays import Array

ORDER = 14
NEARBY = 0.5  # |G| t up to which the polynomial is exact
CLEAR_START = 1e-6  # share of the speed at which a wall that has just been met is left clearly
KEPT = 1.0 - 1e-9  # of a distance counts, for what roundoff adds to ways


@lean
def expand(hessian: Array, velocity: Array, terms: Array) -> None:
    """Fill in the ``terms`` (ORDER, n): θ(t) = θ0 + Σ_k terms[k] t^{k+1}."""
    n = velocity.size
    for row in range(n):
        terms[0, row] = velocity[row]
    for k in range(1, terms.shape[0]):
        for row in range(n):
            total = 0.0
            for column in range(n):
                total -= hessian[row, column] * terms[k - 1, column]
            terms[k, row] = total / (k + 1)


@lean
def size_of(hessian: Array) -> float:
    """A bound of |G|, the root of the sum of squares."""
    total = 0.0
    for row in range(hessian.shape[0]):
        for column in range(hessian.shape[1]):
            total += hessian[row, column] * hessian[row, column]
    return math.sqrt(total)


@lean
def advanced(theta: Array, terms: Array, time: float, arrived: Array) -> None:
    """Fill in θ(t)."""
    for row in range(theta.size):
        total = 0.0
        for k in range(terms.shape[0] - 1, -1, -1):
            total = (total + terms[k, row]) * time
        arrived[row] = theta[row] + total


@lean
def velocity_then(terms: Array, time: float, velocity: Array) -> None:
    """Fill in θ'(t)."""
    for row in range(velocity.size):
        total = 0.0
        for k in range(terms.shape[0] - 1, -1, -1):
            total = total * time + (k + 1) * terms[k, row]
        velocity[row] = total


@lean
def root_nearby(
    start: float, sign: float, row: Array, terms: Array, bend: float, begin: float, end: float, powers: Array
) -> float:
    """The first root in [begin, end) of start + sign·g·(θ(t) - θ0), where none lies before ``begin``.

    inf if there is none, nan if the steps do not end. ``powers`` (ORDER,) is room for the coefficients.
    """
    order = terms.shape[0]
    for k in range(order):
        powers[k] = sign * inner_product(row, terms[k])
    size = abs(start) + abs(powers[0]) * end
    time = begin
    for _ in range(STEPS):
        f, slope = 0.0, 0.0
        for k in range(order - 1, -1, -1):
            f = (f + powers[k]) * time
            slope = slope * time + (k + 1) * powers[k]
        f += start
        if f <= 4.0 * EPS * size:
            return time
        step = earliest(f, slope, bend)
        if time + step >= end:
            return np.inf
        if time + step == time:
            return time
        time += step
    return np.nan


@lean
def exit_nearby(
    exits: Array, values: Array, at_zero: Array, velocity: Array, terms: Array, turn: float, end: float, powers: Array
) -> float:
    """The first root before ``end`` of the functions values + exits · (θ - θ0); ``end`` if none, nan for a doubt."""
    for k in range(exits.shape[0]):
        if at_zero[k] == 1 or values[k] <= 0.0:
            return np.nan
        slope, bend = inner_product(exits[k], velocity), length_of(exits[k]) * turn
        begin = earliest(values[k], slope, bend)
        if begin >= end:
            continue
        root = root_nearby(values[k], 1.0, exits[k], terms, bend, begin, end, powers)
        if np.isnan(root):
            return np.nan
        end = min(end, root)
    return end


@lean
def wall_nearby(
    nodes: Nodes, points: Points, used: int, fresh: Array, theta: Array, velocity: Array, terms: Array, speed: float,
    turn: float, way: float, margin: float, end: float, powers: Array,
) -> float:  # fmt: skip
    """The first time before ``end`` at which a datum next to a wall of its group reaches it; ``end``, nan as above.

    ``way`` is how far the state has come so far, ``speed`` |v| and ``turn`` |Gv|.
    """
    depth, width = points.active.shape[0], points.active.shape[2]
    for node in range(used):
        layer = nodes.level[node]
        if layer == depth or points.members[node] == 0:
            continue
        for k in range(width):
            if points.safe[node, k] > way + speed * end:
                continue
            row, length = nodes.rows[node, k], nodes.lengths[node, k]
            base, slope = inner_product(row, theta), inner_product(row, velocity)
            bend, nearest = length * turn, np.inf
            for side in range(2):
                head = points.above[node, k] if side == 0 else points.below[node, k]
                if head == NONE:
                    continue
                sign = 1.0 if side == 0 else -1.0
                start = sign * (base + points.s[layer, head, k])
                if fresh[layer, head, k] == 1:
                    # It starts from zero: f >= (g·v) t - ½ bend t² is positive for the first half of that bound.
                    if sign * slope <= CLEAR_START * length * speed:
                        return np.nan
                    start, begin = 0.0, (sign * slope / bend if bend > 0.0 else np.inf)
                elif start <= 0.0:
                    return np.nan
                else:
                    begin = earliest(start, sign * slope, bend)
                nearest = min(nearest, start)
                if begin >= end:
                    continue
                root = root_nearby(start, sign, row, terms, bend, begin, end, powers)
                if np.isnan(root):
                    return np.nan
                end = min(end, root)
            points.safe[node, k] = way + (KEPT * nearest - margin) / length
    return end
