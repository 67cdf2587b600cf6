"""A quick no for slides, compiled: the shares are bounded by a larger set, and a direction separates.

Needed wherever data slide in two layers at once, or on walls with dependent normals: most such choices are impossible
whatever the shares, and are put aside here. Clarke's inclusion lies in the sum over all data of the hulls of their own
gradients, each taken over every pattern that its zero preactivations allow. Frank-Wolfe steps minimise the distance of
that larger set from what would keep the flow on the walls; a direction in which all of it is ahead is a proof.
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.prefixes import Nodes, child_of
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
    basis = np.empty((min(m, n), n))
    rank = 0
    for place in range(m):
        rest = rows[place].copy()
        for _ in range(2):
            for other in range(rank):
                rest -= np.dot(rest, basis[other]) * basis[other]
        length = np.dot(rest, rest)
        if length > SPANNED and rank < basis.shape[0]:
            basis[rank] = rest / np.sqrt(length)
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
    first = np.zeros(basis.shape[0])
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
        moved = nodes.A[node] @ classes.moment[group] + classes.weight[group] * (nodes.B[node] @ theta)
        corners[number] = basis @ (nodes.B[node].T @ (moved - classes.target[group]))
        if number == 0:
            first = corners[0].copy()
        corners[number] -= first
    return 1 << zeros


@compiled
def cannot_slide(
    nodes: Nodes, classes: Classes, slides: Array, pattern: Array, rows: Array, force: Array, theta: Array
) -> bool:
    """True if no shares at all keep the flow on the sliding walls with these normals; False is no answer.

    ``slides`` (C, L, Q) marks the zeros that slide, ``pattern`` has them truncated, ``force`` is theirs.
    """
    basis = orthonormal(rows)
    wanted = basis @ force
    groups = slides.shape[0]
    corners = np.zeros((groups, 1 << MOST_ZEROS, basis.shape[0]))
    counts = np.zeros(groups, dtype=np.int64)
    point, size = np.zeros(basis.shape[0]), np.max(np.abs(wanted))
    for group in range(groups):
        if slides[group].sum() == 0:
            continue
        count = write_corners(nodes, classes, group, pattern[group], slides[group], theta, basis, corners[group])
        if count == 0:
            return False
        counts[group] = count
        size += np.max(np.abs(corners[group, :count]))
        for number in range(count):
            point += corners[group, number] / count
    nearest = np.zeros(basis.shape[0])
    for _ in range(STEPS):
        away = point - wanted
        nearest[:] = 0.0
        for group in range(groups):
            if counts[group] > 0:
                nearest += corners[group, np.argmin(corners[group, : counts[group]] @ away)]
        if np.dot(away, nearest - wanted) > MARGIN * size * np.max(np.abs(away)):
            return True
        step = nearest - point
        length = np.dot(step, step)
        if length <= (MARGIN * size) ** 2:
            return False
        point += min(1.0, max(0.0, -np.dot(away, step) / length)) * step
    return False
