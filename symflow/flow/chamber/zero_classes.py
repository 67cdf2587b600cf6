"""The data at walls, those with the same pattern and the same zeros together: the compiled ``resolving.data_classes``.

A sliding atom may hold a large part of all data; what a choice does to it depends on its moments only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import compiled
from symflow.network.arrays import Array

MOST_CLASSES = 12


class Classes(NamedTuple):
    """C classes, and the class of each of the Z data at walls."""

    zero: Array  # (C, L, Q) 1 where the preactivation is zero
    pattern: Array  # (C, L, Q) 0 or 1; 0 where the preactivation is zero
    weight: Array  # (C,)
    moment: Array  # (C, Q) Σ w x
    target: Array  # (C, Q) Σ w y
    leaf: Array  # (C,) the last node so far
    data: Array  # (Z,)
    number: Array  # (Z,) class of each


@compiled
def zero_masks(points: Points, found: Array, count: int) -> Array:
    """(N,) which preactivations are zero, as bits layer·Q + k: those that slide, and those that were found."""
    depth, N, width = points.active.shape
    masks = np.zeros(N, dtype=np.int64)
    for layer in range(depth):
        for i in range(N):
            for k in range(width):
                if points.sliding[layer, i, k] != NONE:
                    masks[i] |= 1 << (layer * width + k)
    for place in range(count):
        masks[found[place, 1]] |= 1 << (found[place, 0] * width + found[place, 2])
    return masks


@compiled
def classes_of(points: Points, found: Array, count: int) -> Classes:
    """The classes; without data if there are more than MOST_CLASSES."""
    depth, N, width = points.active.shape
    masks = zero_masks(points, found, count)
    total = 0
    for i in range(N):
        total += 1 if masks[i] != 0 else 0
    data, number = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    keys = np.empty((MOST_CLASSES, 2), dtype=np.int64)
    leaf = np.empty(MOST_CLASSES, dtype=np.int64)
    weight, moment = np.zeros(MOST_CLASSES), np.zeros((MOST_CLASSES, width))
    target = np.zeros((MOST_CLASSES, width))
    used, place = 0, 0
    for i in range(N):
        if masks[i] == 0:
            continue
        pattern = 0
        for layer in range(depth):
            for k in range(width):
                pattern |= points.active[layer, i, k] << (layer * width + k)
        pattern &= ~masks[i]
        group = 0
        while group < used and (
            keys[group, 0] != masks[i] or keys[group, 1] != pattern or leaf[group] != points.node[depth, i]
        ):
            group += 1
        if group == MOST_CLASSES:
            return Classes(
                np.zeros((0, depth, width), dtype=np.int64), np.zeros((0, depth, width), dtype=np.int64), weight,
                moment, target, leaf, data[:0], number[:0],
            )  # fmt: skip
        if group == used:
            keys[group, 0], keys[group, 1], leaf[group] = masks[i], pattern, points.node[depth, i]
            used += 1
        data[place], number[place] = i, group
        place += 1
        weight[group] += points.w[i]
        for column in range(width):
            moment[group, column] += points.w[i] * points.x[i, column]
            target[group, column] += points.w[i] * points.y[i, column]
    zero = np.empty((used, depth, width), dtype=np.int64)
    patterns = np.empty((used, depth, width), dtype=np.int64)
    for group in range(used):
        for layer in range(depth):
            for k in range(width):
                zero[group, layer, k] = (keys[group, 0] >> (layer * width + k)) & 1
                patterns[group, layer, k] = (keys[group, 1] >> (layer * width + k)) & 1
    return Classes(zero, patterns, weight, moment, target, leaf, data, number)
