"""A quick no for slides, compiled: the shares are bounded by a larger set, and a direction separates.

Needed wherever data slide in two layers at once, or on walls with dependent normals: most such choices are impossible
whatever the shares, and are put aside here. Clarke's inclusion lies in the sum over all data of the hulls of their own
gradients, each taken over every pattern that its zero preactivations allow. Frank-Wolfe steps minimise the distance of
that larger set from what would keep the flow on the walls; a direction in which all of it is ahead is a proof.
"""

from __future__ import annotations

import math

import numpy as np

from symflow.flow.chamber.compiling import compiled, lean
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.short_vectors import fill_product, inner_product, largest_of
from symflow.flow.chamber.zero_classes import Classes
from symflow.network.arrays import Array

STEPS = 300
MARGIN = 1e-9  # share of the sizes by which a direction must separate
MOST_ZEROS = 6  # of one datum: 2^6 patterns
SPANNED = 1e-16  # squared distance of a normal from the span of others at which it adds nothing


@compiled
def orthonormal(rows: Array) -> Array:
    """(r, n) orthonormal rows in the span of the given ones."""
    m, n = rows.shape
    basis, rest = np.empty((min(m, n), n)), np.empty(n)
    rank = 0
    for place in range(m):
        for column in range(n):
            rest[column] = rows[place, column]
        for _ in range(2):
            for other in range(rank):
                share = inner_product(rest, basis[other])
                for column in range(n):
                    rest[column] -= share * basis[other, column]
        length = inner_product(rest, rest)
        if length > SPANNED and rank < basis.shape[0]:
            for column in range(n):
                basis[rank, column] = rest[column] / math.sqrt(length)
            rank += 1
    return basis[:rank]


@compiled
def write_corners(
    nodes: Nodes, classes: Classes, group: int, pattern: Array, free: Array, theta: Array, basis: Array, corners: Array
) -> int:
    """Gradients of a class over all patterns of its ``free`` entries, against that of none of them active; how many.

    In the coordinates of the basis; 0 without room for the patterns.
    """
    depth, width = pattern.shape
    zeros = 0
    for layer in range(depth):
        for k in range(width):
            zeros += free[layer, k]
    if zeros > MOST_ZEROS:
        return 0
    residual, gradient = np.empty(width), np.empty(theta.size)
    for number in range(1 << zeros):
        rest, node = number, 0
        for layer in range(depth):
            code = 0
            for k in range(width):
                if free[layer, k] == 1:
                    code |= (rest & 1) << k
                    rest >>= 1
                else:
                    code |= pattern[layer, k] << k
            node = child_of(nodes, node, code)
            if node < 0:
                return 0
        A, B = nodes.A[node], nodes.B[node]
        for k in range(width):
            moved = inner_product(A[k], classes.moment[group]) + classes.weight[group] * inner_product(B[k], theta)
            residual[k] = moved - classes.target[group, k]
        gradient[:] = 0.0
        for k in range(width):
            for row in range(theta.size):
                gradient[row] += B[k, row] * residual[k]
        fill_product(basis, gradient, 1.0, corners[number])
    for number in range((1 << zeros) - 1, -1, -1):
        for row in range(basis.shape[0]):
            corners[number, row] -= corners[0, row]
    return 1 << zeros


@lean
def least_along(corners: Array, count: int, away: Array) -> int:
    """Which of the corners is least in a direction."""
    best, least = 0, np.inf
    for number in range(count):
        along = inner_product(corners[number], away)
        if along < least:
            best, least = number, along
    return best


@compiled
def cannot_slide(
    nodes: Nodes, classes: Classes, slides: Array, pattern: Array, rows: Array, force: Array, theta: Array
) -> bool:
    """True if no shares at all keep the flow on the sliding walls with these normals; False is no answer.

    ``slides`` (C, L, Q) marks the zeros that slide, ``pattern`` has them truncated, ``force`` is theirs.
    """
    basis = orthonormal(rows)
    groups, rank = slides.shape[0], basis.shape[0]
    corners, counts = np.zeros((groups, 1 << MOST_ZEROS, rank)), np.zeros(groups, dtype=np.int64)
    wanted, point, away, step = np.empty(rank), np.zeros(rank), np.empty(rank), np.empty(rank)
    fill_product(basis, force, 1.0, wanted)
    size = largest_of(wanted)
    for group in range(groups):
        if not slides[group].any():
            continue
        count = write_corners(nodes, classes, group, pattern[group], slides[group], theta, basis, corners[group])
        if count == 0:
            return False
        counts[group] = count
        largest = 0.0
        for number in range(count):
            largest = max(largest, largest_of(corners[group, number]))
            for row in range(rank):
                point[row] += corners[group, number, row] / count
        size += largest
    for _ in range(STEPS):
        for row in range(rank):
            away[row], step[row] = point[row] - wanted[row], 0.0
        for group in range(groups):
            if counts[group] > 0:
                best = least_along(corners[group], counts[group], away)
                for row in range(rank):
                    step[row] += corners[group, best, row]  # the nearest point of the sum of the hulls
        if inner_product(away, step) - inner_product(away, wanted) > MARGIN * size * largest_of(away):
            return True
        for row in range(rank):
            step[row] -= point[row]
        length = inner_product(step, step)
        if length <= (MARGIN * size) ** 2:
            return False
        share = min(1.0, max(0.0, -inner_product(away, step) / length))
        for row in range(rank):
            point[row] += share * step[row]
    return False
