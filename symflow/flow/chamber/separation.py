"""A quick no: slides that are impossible whatever the shares, shown by a direction that separates.

Clarke's inclusion lies in the sum over all data of the convex hulls of their own gradients, each taken over every
pattern that its zero preactivations allow. If no element of that larger set leaves the state on the sliding walls, then
neither does any of the inclusion. The distance to the set is minimised by Frank-Wolfe steps; a direction d in which
every element is ahead of the wanted one is a proof.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.walls import Choice, DataClass, walls_of
from symflow.network.arrays import Array

STEPS = 300
MARGIN = 1e-9  # share of the sizes by which a direction must separate


def impossible(table: PrefixTable, classes: list[DataClass], choice: Choice, H: Array, c: Array, theta: Array) -> bool:
    """True if no shares at all keep the flow on the sliding walls of the choice; False is no answer."""
    rows = np.array([wall.row for wall in choice.slides])
    _, values, basis = np.linalg.svd(rows, full_matrices=False)
    basis = basis[values > 1e-9 * values[0]]
    wanted = basis @ (c - H @ theta)  # Σ over classes of (gradient - truncated gradient), in the span of the normals
    hulls = []
    for index, group in enumerate(classes):
        zeros = sorted({zero for wall in choice.slides for zero in walls_of(table, classes, choice, index, wall)})
        if zeros:
            hulls.append(_corners(table, group, choice, index, zeros, theta) @ basis.T)
    size = float(np.abs(wanted).max() + sum(np.abs(hull).max() for hull in hulls))
    point = np.sum([hull.mean(axis=0) for hull in hulls], axis=0)
    for _ in range(STEPS):
        away = point - wanted
        nearest = np.sum([hull[np.argmin(hull @ away)] for hull in hulls], axis=0)
        if float(away @ (nearest - wanted)) > MARGIN * size * float(np.abs(away).max()):
            return True
        step = nearest - point
        length = float(step @ step)
        if length <= (MARGIN * size) ** 2:
            return False
        point = point + min(1.0, max(0.0, -float(away @ step) / length)) * step
    return False


def _corners(
    table: PrefixTable, group: DataClass, choice: Choice, index: int, zeros: list[tuple[int, int]], theta: Array
) -> Array:
    """Gradients of one class over all patterns of its sliding zeros, against that of all of them truncated."""
    corners = []
    for bits in product((0, 1), repeat=len(zeros)):
        pattern = choice.patterns[index].copy()
        for place, bit in zip(zeros, bits, strict=True):
            pattern[place] = bit
        leaf = table.path(pattern)[-1]
        A, B = table.nodes.A[leaf], table.nodes.B[leaf]
        corners.append(B.T @ (A @ group.moment + group.weight * (B @ theta) - group.target))
    result: Array = np.array(corners) - corners[0]
    return result
